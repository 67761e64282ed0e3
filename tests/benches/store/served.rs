//! The server on the full store: its start, its memory, its lists; and the commands on a data directory.

use std::{process::Command, time::Instant};

use anyhow::ensure;
use ca_proto::v1::{ListRequest, ListResponse};
use ca_tests::{Api, Process, Site, program};

use crate::{
    machine::{drop_page_cache, median, milliseconds, resident, run},
    report::{Report, Wanted},
};

pub(crate) fn measure(site: &Site, report: &mut Report) -> anyhow::Result<()> {
    println!("starting on the full store");
    let mut starts = Vec::new();
    for _start in 0..3 {
        site.serve().kill();
        drop_page_cache()?;
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
    commands(site, report)
}

/// Runs what an admin runs on a data directory; the server is stopped.
fn commands(site: &Site, report: &mut Report) -> anyhow::Result<()> {
    let elsewhere = tempfile::tempdir()?;
    let place = |name: &str| elsewhere.path().join(name).display().to_string();
    let data = site.data().display().to_string();
    let crls = site.data().join("crl").display().to_string();
    let passphrase = site.passphrase().display().to_string();
    let [backup, restored, log, copy] = ["1.tar", "restored", "log.jsonl", "copy"].map(place);
    let [verified, highest] = command(&["audit", "verify", "--data", &data])?;
    report.value("audit verify", verified, "s", Wanted::AtMost(15.0));
    let [rebuilt, peak] = command(&["store", "rebuild", "--data", &data])?;
    report.value(
        "sled rebuilt from the log",
        rebuilt,
        "s",
        Wanted::AtMost(60.0),
    );
    let mut highest = highest.max(peak);
    let others: [&[&str]; 6] = [
        &["store", "verify", "--data", &data],
        &["backup", "create", "--data", &data, "--out", &backup],
        &["backup", "verify", &backup],
        &[
            "backup",
            "restore",
            &backup,
            "--data",
            &restored,
            "--published-crl",
            &crls,
            "--passphrase-file",
            &passphrase,
        ],
        &["store", "export", "--data", &data, "--out", &log],
        &["store", "import", &log, "--data", &copy],
    ];
    for words in others {
        let [_seconds, peak] = command(words)?;
        highest = highest.max(peak);
    }
    report.value(
        "resident, peak of any command",
        highest,
        "MB",
        Wanted::AtMost(700.0),
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

/// Runs a command of the server; returns its seconds and its megabytes at the peak.
fn command(words: &[&str]) -> anyhow::Result<[f64; 2]> {
    let [seconds, peak] = run(Command::new(program("ca-server")).args(words))?;
    println!(
        "{}: {seconds:.1} s, {peak:.0} MB at the peak",
        words[..2].join(" ")
    );
    Ok([seconds, peak])
}
