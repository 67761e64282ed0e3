//! A program in another language needs nothing but the .proto files.

use std::process::Command;

use ca_tests::{Algorithm, Key, Site, peers, repository, run};

use crate::rows::{list, word};

#[test]
fn python_issues_lists_and_revokes() {
    let (site, _server) = Site::running(Algorithm::P256);
    let request = site.path("request.der");
    std::fs::write(
        &request,
        Key::new().certification_request("python.example.net"),
    )
    .expect("the test directory is writable");
    let mut command = Command::new(peers("python"));
    command
        .arg(repository().join("tests/peers/grpc_client.py"))
        .arg(repository().join("proto"))
        .arg(site.path("stubs"))
        .arg(site.data().join("admin"))
        .arg(site.ports().grpc.to_string())
        .arg(request);
    let said = run(&mut command).ok().stdout;
    let rows = list(&site, &["--name", "python.*"]);
    let [row] = rows.as_slice() else {
        panic!("one certificate, and {rows:?}");
    };
    let serial = word(row, "serial");
    assert_eq!(word(row, "state"), "revoked");
    assert_eq!(
        said,
        format!(
            "issued {serial}\nlisted 1\nrefused ALREADY_EXISTS\nrevoked {serial}\nanonymous UNAUTHENTICATED\n"
        )
    );
}
