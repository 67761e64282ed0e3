//! Limits of the system: it is said what is missing, and what can go on goes on.

use std::process::Command;
use std::time::Duration;

use ca_proto::ApiError;
use ca_proto::v1::{RevokeRequest, revoke_request};
use ca_tests::{Algorithm, Api, Key, Process, Site, first_ca, program, request_id, run, until};
use ca_types::{Code, Hinted as _};
use ca_verify::CertificateList;

use crate::books::Books;
use crate::crash::make_keys_cheap;

pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// With few descriptors a server starts and works, or says what is missing.
#[test]
fn a_start_with_few_descriptors_works_or_says_what_is_missing() {
    let site = Site::new(Algorithm::P256);
    make_keys_cheap(&site);
    let (mut refused, mut started) = (0, 0);
    for limit in [12, 15, 18, 21, 24, 28, 34, 100] {
        let mut command = Command::new("prlimit");
        command.arg(format!("--nofile={limit}"));
        let serve = site.serve_command();
        command.arg(serve.get_program()).args(serve.get_args());
        match Process::start(command, &site.path("few.log")) {
            Ok(server) => {
                server.terminate();
                started += 1;
            }
            Err(log) => {
                assert!(log.contains("error: "), "{limit}: {log}");
                assert!(
                    log.contains("raise the limit of open files"),
                    "{limit}: {log}"
                );
                assert!(!log.contains("panicked"), "{limit}: {log}");
                refused += 1;
            }
        }
    }
    assert!(refused > 0 && started > 0, "{refused} and {started}");
    site.server_command(&["audit", "verify"]).ok();
}

/// A running server that gets no descriptor any more answers whom it has, and goes on by itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_descriptors_answers_whom_it_has() {
    let (site, mut server) = tokio::task::block_in_place(|| {
        let site = Site::new(Algorithm::P256);
        let server = site.serve();
        (site, server)
    });
    let api = admin(&site, site.ports().grpc).await;
    let serial = issue(&api, "before.example.net").await.expect("issued");
    let limit = |files: &str| {
        let mut command = Command::new("prlimit");
        command.args(["--pid", &server.id().to_string()]);
        run(command.arg(format!("--nofile={files}"))).ok();
    };
    limit("3:4096");
    revoke(&api, &serial).await.expect("revoked");
    match issue(&api, "during.example.net").await {
        Ok(_serial) => {}
        Err(refusal) => assert_eq!(refusal.code(), Code::ResourceExhausted, "{refusal}"),
    }
    // Somebody new waits until there is room.
    let waiting = std::net::TcpStream::connect(("127.0.0.1", site.ports().http));
    tokio::task::block_in_place(|| {
        until(PATIENCE, "the log line", || {
            server
                .log()
                .contains("connection not accepted")
                .then_some(())
        });
    });
    limit("4096:4096");
    drop(waiting);
    tokio::task::block_in_place(|| {
        until(PATIENCE, "the CRL", || {
            lists(&site.crl(&first_ca("router")), &serial).then_some(())
        });
        let books = Books::read(&site);
        assert!(books.listed.keys().eq(books.logged.keys()));
    });
    issue(&api, "after.example.net").await.expect("issued");
    assert!(server.is_running());
    tokio::task::block_in_place(|| server.terminate());
}

/// The disk of the data directory is mounted read-only: the start says so, and what only reads works.
#[test]
fn a_read_only_disk_is_named() {
    let site = Site::new(Algorithm::P256);
    site.serve().terminate();
    let read_only = |words: &[&str]| {
        let mut command = Command::new("unshare");
        command
            .args(["--mount", "sh", "-c"])
            .arg(
                "mount --bind \"$1\" \"$1\" && mount -o remount,bind,ro \"$1\" && cd / && \
                 program=$2 && shift 2 && exec \"$program\" \"$@\"",
            )
            .arg("sh")
            .arg(site.data())
            .arg(program("ca-server"))
            .args(words)
            .arg("--data")
            .arg(site.data());
        run(&mut command)
    };
    let passphrase = site.passphrase().display().to_string();
    let with_passphrase = ["--passphrase-file", passphrase.as_str()];
    for words in [&["serve"][..], &["admin", "recover"]] {
        let words = [words, &with_passphrase].concat();
        let refused = read_only(&words);
        refused.refused(2, &["ead-only", &site.data().display().to_string()]);
    }
    read_only(&["audit", "verify"]).ok();
    read_only(&["store", "verify"]).ok();
    let backup = site.path("backup.tar").display().to_string();
    read_only(&["backup", "create", "--out", &backup]).ok();
    site.serve();
}

pub(super) async fn admin(site: &Site, port: u16) -> Api {
    let admin = Api::connect(&site.data().join("admin"), port).await;
    admin.expect("the admin is let in")
}

pub(super) async fn issue(api: &Api, name: &str) -> Result<String, ApiError> {
    let request = Key::new().issue_request("router", name);
    let answer = api.authority().issue(request).await?.into_inner();
    Ok(answer.certificate.expect("a certificate").serial)
}

pub(super) async fn revoke(api: &Api, serial: &str) -> Result<(), ApiError> {
    let request = RevokeRequest {
        request_id: request_id(),
        target: Some(revoke_request::Target::Serial(serial.to_owned())),
        reason: 0,
    };
    api.authority().revoke(request).await?;
    Ok(())
}

/// Tells whether a CRL has a serial number.
pub(super) fn lists(crl: &[u8], serial: &str) -> bool {
    let crl = CertificateList::from_der(crl).expect("a CRL");
    crl.entries().any(|entry| {
        let found = ca_types::SerialNumber::from_der_octets(entry.serial);
        found.expect("a serial number").to_string() == serial
    })
}
