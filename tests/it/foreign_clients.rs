//! RouterOS clients of other people find a router in the simulator.

use std::{fs, process::Command, time::Duration};

use ca_tests::{Router, RouterOptions, peers, repository, run_within};
use rcgen::{CertificateParams, DnType, KeyPair};
use tempfile::tempdir;

#[test]
fn clients_of_the_binary_api_know_the_older_router() {
    assert_eq!(
        said_about("6.49"),
        "librouteros api 6.49\n\
         librouteros api-ssl 6.49\n\
         RouterOS-api api 6.49\n\
         RouterOS-api api-ssl 6.49\n"
    );
}

#[test]
fn clients_of_both_kinds_know_the_newer_router() {
    assert_eq!(
        said_about("7.24"),
        "librouteros api 7.24\n\
         librouteros api-ssl 7.24\n\
         RouterOS-api api 7.24\n\
         RouterOS-api api-ssl 7.24\n\
         rosrestpy www 7.24 guests-01\n\
         rosrestpy www-ssl 7.24 guests-01\n"
    );
}

/// Lets the clients do their work with a router, and returns what they did.
#[track_caller]
fn said_about(model: &str) -> String {
    let folder = tempdir().expect("the directory for temporary files is writable");
    let options = RouterOptions {
        identity: "guests-01".to_owned(),
        ..RouterOptions::default()
    };
    let router = Router::start(model, &folder.path().join("router"), options);
    let bundle = folder.path().join("guest.pem");
    fs::write(&bundle, guest()).expect("the test directory is writable");
    let mut command = Command::new(peers("python"));
    command
        .arg(repository().join("tests/peers/routeros_clients.py"))
        .args([model, Router::USER])
        .arg(router.password_file())
        .arg(&bundle)
        .args([router.api(), router.api_ssl()]);
    if !model.starts_with("6.") {
        command.args([router.rest_http(), router.rest()]);
    }
    run_within(&mut command, Duration::from_secs(60))
        .ok()
        .stdout
}

/// Returns a certificate and its key.
fn guest() -> String {
    let name = "guest.example.net";
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a sound name");
    params.distinguished_name.push(DnType::CommonName, name);
    let certificate = params.self_signed(&key).expect("a certificate");
    format!("{}{}", certificate.pem(), key.serialize_pem())
}
