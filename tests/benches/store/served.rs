//! The server on the full store: its start, its memory, its lists; and the commands on a data directory.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use anyhow::ensure;
use ca_proto::v1::{ListRequest, ListResponse};
use ca_tests::{Api, Process, Site, program, run_within};

use crate::{
    machine::{drop_page_cache, median, milliseconds, resident},
    report::{Report, Wanted},
};

const MINUTES: Duration = Duration::from_secs(600);

pub(crate) fn measure(site: &Site, report: &mut Report) -> anyhow::Result<()> {
    println!("starting on the full store");
    let mut starts = Vec::new();
    for _start in 0..3 {
        site.serve().kill();
        drop_page_cache();
        let begun = Instant::now();
        let server = site.serve();
        starts.push(begun.elapsed().as_secs_f64());
        if starts.len() == 3 {
            lists(site, &server, report)?;
        }
        // In order at the end: what stands behind the newest checkpoint would be a finding of the audit.
        if starts.len() == 3 {
            ensure!(
                server.terminate().0.success(),
                "the server did not end in order"
            );
        } else {
            server.kill();
        }
    }
    println!("starts: {starts:.2?} s");
    report.value(
        "kill -9, page cache dropped, start to ready",
        median(starts),
        "s",
        Wanted::AtMost(3.0),
    );
    let verified = command(site, &["audit", "verify"])?;
    report.value("audit verify", verified, "s", Wanted::AtMost(15.0));
    let rebuilt = command(site, &["store", "rebuild"])?;
    report.value(
        "sled rebuilt from the log",
        rebuilt,
        "s",
        Wanted::AtMost(60.0),
    );
    Ok(())
}

/// Asks for pages at the beginning and at the end, then looks at the memory.
fn lists(site: &Site, server: &Process, report: &mut Report) -> anyhow::Result<()> {
    let [ready, _peak] = resident(server.id())?;
    println!("resident when ready: {ready:.0} MB");
    let runtime = tokio::runtime::Runtime::new()?;
    let (pages, filtered) = runtime.block_on(async {
        let api = Api::connect(&site.data().join("admin"), site.ports().grpc).await?;
        let mut authority = api.authority();
        let mut pages = Vec::new();
        let mut token = String::new();
        for _page in 0..100 {
            let asked = ListRequest {
                page_size: 100,
                page_token: token,
                ..ListRequest::default()
            };
            let begun = Instant::now();
            let page: ListResponse = authority.list(asked).await?.into_inner();
            pages.push(milliseconds(begun.elapsed()));
            ensure!(
                page.certificates.len() == 100,
                "a page has 100 certificates"
            );
            token = page.next_page_token;
        }
        let begun = Instant::now();
        let asked = ListRequest {
            page_size: 100,
            name: "*-nowhere.example.net".to_owned(),
            ..ListRequest::default()
        };
        ensure!(
            authority
                .list(asked)
                .await?
                .into_inner()
                .certificates
                .is_empty()
        );
        anyhow::Ok((pages, milliseconds(begun.elapsed())))
    })?;
    println!("a pattern that matches nothing, all certificates looked at: {filtered:.0} ms");
    report.value(
        "a page of 100 of the list",
        median(pages),
        "ms",
        Wanted::AtMost(10.0),
    );
    let [steady, peak] = resident(server.id())?;
    report.value("resident, steady", steady, "MB", Wanted::AtMost(450.0));
    report.value("resident, peak", peak, "MB", Wanted::AtMost(700.0));
    Ok(())
}

/// Runs a command of the server, and returns how many seconds it took.
fn command(site: &Site, words: &[&str]) -> anyhow::Result<f64> {
    println!("ca-server {}", words.join(" "));
    let mut command = Command::new(program("ca-server"));
    command.args(words).arg("--data").arg(site.data());
    let begun = Instant::now();
    run_within(&mut command, MINUTES).ok();
    Ok(begun.elapsed().as_secs_f64())
}
