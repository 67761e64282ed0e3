//! The store, beside the floor of this machine: appends with a sync, and the signing path without any store.

mod fill;
mod floor;
mod load;
mod machine;
mod report;
mod served;
mod signing;

use std::process::ExitCode;

use ca_store::{LogStore, OpenOptions};
use ca_tests::{Algorithm, InitOptions, Site};
use clap::Parser;

use report::Report;
use signing::SigningPath;

/// Measures the store, and fails when a figure that is wanted is missed.
#[derive(Debug, Parser)]
struct Arguments {
    /// How many certificates the full store has.
    #[arg(long, default_value_t = 1_000_000)]
    certificates: u32,
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let mut report = Report::default();
    let [empty, full] = [(), ()].map(|()| {
        Site::init(InitOptions {
            algorithm: Algorithm::P256,
            publish_url: Some("http://pki.example.net"),
            more: &[],
        })
    });
    fill::fill(&full, arguments.certificates)?;
    served::measure(&full, &mut report)?;

    let (_, empty_store) = open(&empty)?;
    let (path, full_store) = open(&full)?;
    load::measure(path, [empty_store, full_store], &mut report)?;
    report.print(arguments.certificates);
    Ok(if report.is_met() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Opens the store of a site in this process, with the path that signs for it.
fn open(site: &Site) -> anyhow::Result<(SigningPath, LogStore)> {
    let (store, _report) = LogStore::open(&site.data(), OpenOptions::system())?;
    Ok((SigningPath::of(site, &store)?, store))
}
