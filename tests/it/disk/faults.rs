//! Calls to the system that fail in a real server: a sync on a broken disk, a write over the quota.

use std::path::PathBuf;

use ca_tests::{Algorithm, Api, Process, Site, Strace, first_ca, http, until};
use ca_types::{Code, Hinted as _};
use ca_verify::CertificateList;

use super::limits::{PATIENCE, admin, issue, lists, revoke};
use crate::books::Books;
use crate::crash::make_keys_cheap;

/// A running CA with a certificate.
struct Ground {
    site: Site,
    server: Process,
    api: Api,
    /// The serial number of the certificate.
    serial: String,
    /// Where its leaf stands.
    segment: PathBuf,
}

impl Ground {
    async fn new() -> Self {
        let (site, server) = tokio::task::block_in_place(|| {
            let site = Site::new(Algorithm::P256);
            make_keys_cheap(&site);
            let server = site.serve();
            (site, server)
        });
        let api = admin(&site, site.ports().grpc).await;
        let serial = issue(&api, "before.example.net").await.expect("issued");
        let segment = site.data().join("log/00000000000000000000.log");
        Self {
            site,
            server,
            api,
            serial,
            segment,
        }
    }
}

/// The server says that it takes no changes, and why; what is published stays, and the books can be read.
#[track_caller]
fn takes_no_changes(site: &Site, why: &str, serial: &str) -> Books {
    let ready = http(site.ports().operations, "GET", "/readyz", &[]);
    let text = String::from_utf8(ready.body).expect("it is text");
    assert_eq!(ready.status, 503, "{text}");
    for part in ["accepts no changes until a restart", why] {
        assert!(text.contains(part), "{text}");
    }
    CertificateList::from_der(&site.crl(&first_ca("router"))).expect("it stays published");
    let found = Books::read(site);
    assert!(found.listed.contains_key(serial), "reading goes on");
    found
}

/// After a failed sync nobody knows what is durable: nothing more is taken, nothing is tried again, and what is
/// published stays.
#[tokio::test(flavor = "multi_thread")]
async fn a_failed_fdatasync_ends_the_writer_for_good() {
    let Ground {
        site,
        server,
        api,
        serial,
        segment,
    } = Ground::new().await;
    let strace = tokio::task::block_in_place(|| {
        let calls = ["fdatasync:error=EIO:when=1", "pwrite64"];
        Strace::attach(&server, &[&segment], &calls, &site.path("calls"))
    });
    // The disk is well again for the second: only a restart helps.
    for name in ["during.example.net", "after.example.net"] {
        let refusal = issue(&api, name).await.expect_err("it is refused");
        assert_eq!(refusal.code(), Code::Unavailable, "{refusal}");
        let hint = refusal.hint().expect("a hint");
        assert!(hint.contains("restart the server"), "{hint}");
        let refusal = revoke(&api, &serial).await.expect_err("it is refused");
        assert_eq!(refusal.code(), Code::Unavailable, "{refusal}");
    }
    tokio::task::block_in_place(|| {
        let shown = |path| http(site.ports().operations, "GET", path, &[]);
        takes_no_changes(&site, "sync the segment", &serial);
        assert_eq!(shown("/healthz").status, 200);
        let metrics = String::from_utf8(shown("/metrics").body).expect("it is text");
        assert!(metrics.contains("\nca_store_accepting 0\n"), "{metrics}");
        assert_eq!(strace.count("pwrite64"), 1, "nothing is written behind it");
        assert_eq!(strace.count("fdatasync"), 1, "it is not tried again");
        drop(strace);
        server.terminate();
    });

    // What was acknowledged is there, and nothing that nobody sent.
    let server = tokio::task::block_in_place(|| site.serve());
    let api = admin(&site, site.ports().grpc).await;
    let found = tokio::task::block_in_place(|| Books::read(&site));
    assert!(found.listed.contains_key(&serial));
    assert!(found.listed.keys().eq(found.logged.keys()));
    let names = found.listed.values().map(|row| row.name.as_str());
    let devices: Vec<&str> = names.filter(|name| name.ends_with("example.net")).collect();
    let sent = ["before.example.net", "during.example.net"];
    assert!(
        devices.iter().all(|name| sent.contains(name)),
        "{devices:?}"
    );
    revoke(&api, &serial).await.expect("revoked");
    issue(&api, "after.example.net").await.expect("issued");
    tokio::task::block_in_place(|| {
        server.terminate();
        site.server_command(&["audit", "verify"]).ok();
    });
}

/// After an error of the device the system lets nothing more be written: the server says so, and reading goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_turns_read_only_is_named() {
    let Ground {
        site,
        server,
        api,
        serial,
        segment,
    } = Ground::new().await;
    let strace = tokio::task::block_in_place(|| {
        let calls = ["pwrite64:error=EROFS", "ftruncate:error=EROFS"];
        Strace::attach(&server, &[&segment], &calls, &site.path("calls"))
    });
    for name in ["during.example.net", "again.example.net"] {
        let refusal = issue(&api, name).await.expect_err("it is refused");
        assert_eq!(refusal.code(), Code::Unavailable, "{refusal}");
    }
    tokio::task::block_in_place(|| {
        let found = takes_no_changes(&site, "Read-only file system", &serial);
        drop(strace);
        server.terminate();
        let server = site.serve();
        assert_eq!(Books::read(&site).listed, found.listed);
        server.terminate();
        site.server_command(&["audit", "verify"]).ok();
    });
}

/// The quota of the user is used up: what takes trust away goes on in the kept room, and issuing when there is more.
#[tokio::test(flavor = "multi_thread")]
async fn a_used_up_quota_is_named_and_passes() {
    let Ground {
        site,
        server,
        api,
        serial,
        segment,
    } = Ground::new().await;
    let strace = tokio::task::block_in_place(|| {
        let reserve = site.data().join("log/reserve");
        // With the kept room given up, the log can be written; but that room cannot be taken again.
        let calls = ["pwrite64:error=EDQUOT:when=1", "fallocate:error=EDQUOT"];
        Strace::attach(&server, &[&segment, &reserve], &calls, &site.path("calls"))
    });
    for name in ["during.example.net", "again.example.net"] {
        let refusal = issue(&api, name).await.expect_err("it is refused");
        assert_eq!(refusal.code(), Code::ResourceExhausted, "{refusal}");
        let hint = refusal.hint().expect("a hint");
        assert!(hint.contains("raise the disk quota"), "{hint}");
    }
    revoke(&api, &serial).await.expect("revoked");
    tokio::task::block_in_place(|| {
        until(PATIENCE, "the CRL", || {
            lists(&site.crl(&first_ca("router")), &serial).then_some(())
        });
        let ready = http(site.ports().operations, "GET", "/readyz", &[]);
        let text = String::from_utf8(ready.body).expect("it is text");
        assert!(
            text.contains("nothing is issued for want of room"),
            "{text}"
        );
        assert!(strace.count("fallocate") > 0, "room is asked for again");
        drop(strace);
    });
    issue(&api, "after.example.net")
        .await
        .expect("it recovers by itself");
    tokio::task::block_in_place(|| {
        let ready = http(site.ports().operations, "GET", "/readyz", &[]);
        assert_eq!(ready.body, b"ready\n");
        server.terminate();
        let _server = site.serve();
        let found = Books::read(&site);
        let names = found.listed.values().map(|row| row.name.as_str());
        let devices: Vec<&str> = names.filter(|name| name.ends_with("example.net")).collect();
        assert_eq!(devices.len(), 2, "{devices:?}");
        assert!(found.listed.keys().eq(found.logged.keys()));
    });
}
