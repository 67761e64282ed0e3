//! Target rules: asked for, presumed, and judged in a file.

mod eap;
mod freeradius;
mod libraries;
mod openssl_judge;
mod openvpn;
mod pki;
mod strongswan;
mod tls_clients;

use std::{collections::BTreeSet, fs};

use ca_tests::{Algorithm, Run, Site, repository, run};
use ca_verify::target::TargetRule;
use serde_json::Value;

use crate::rows::word;

#[test]
fn what_would_not_work_is_refused_before_it_is_signed() {
    let (site, _server) = Site::running(Algorithm::P256);
    let before = site.client_json(&["list"]);
    let words = [
        "issue",
        "--profile",
        "vpn-server",
        "--name",
        "gw.example.net",
        "--target",
        "routeros-6",
        "--out",
        "gw",
    ];
    let refused = site.client(&words).refused(
        1,
        &[
            "routeros-6: chain-keys-rsa: wanted RSA keys",
            "its key is P-256",
        ],
    );
    assert!(refused.stderr.contains("docs/targets.md"), "{refused}");
    let json = run(site.client_command(&words).args(["--output", "json"]));
    assert_eq!(json.json()["error"]["code"], "target-refused", "{json}");
    assert_eq!(site.client_json(&["list"]), before);

    site.client(&[
        "issue",
        "--profile",
        "vpn-server",
        "--name",
        "gw.example.net",
        "--target",
        "anything",
        "--out",
        "gw",
    ])
    .refused(1, &["--target: target `anything`", "windows-ikev2"]);

    // The same NAME with a target that it fits.
    let row = site.issue(
        "vpn-server",
        "gw.example.net",
        &[
            "--target",
            "windows-ikev2",
            "--target",
            "openvpn",
            "--san",
            "ip:192.0.2.7",
        ],
    );
    assert_eq!(row.get("notices"), None, "{row}");

    // A successor is judged as well, and the refused one is asked for again without the target.
    let before = site.client_json(&["list"]);
    let certificate = "gw.example.net/gw.example.net.pem";
    for command in ["renew", "rekey"] {
        let words = [command, "--cert", certificate, "--out", command];
        let strict = [&words[..], &["--target", "routeros-6"]].concat();
        site.client(&strict)
            .refused(1, &["routeros-6: chain-keys-rsa: wanted RSA keys"]);
        assert_eq!(site.client_json(&["list"]), before);
    }
    let words = ["renew", "--cert", certificate, "--out", "renew"];
    site.client(&[&words[..], &["--target", "openvpn"]].concat())
        .ok();
}

#[test]
fn presumed_targets_make_notices_only() {
    let (site, _server) = Site::running(Algorithm::Rsa2048);
    let row = site.issue("vpn-server", "gw.example.net", &["--key-algorithm", "p256"]);
    assert_eq!(notices(&row), ["server-key-rsa-by-hand"], "{row}");
    let certificate = "gw.example.net/gw.example.net.pem";
    let row = site.client_json(&["rekey", "--cert", certificate, "--out", "next"]);
    assert_eq!(notices(&row), ["server-key-rsa-by-hand"], "{row}");
    let key = site.path("gw.example.net/gw.example.net.key");
    let csr = site.path("gw.csr");
    ca_tests::openssl(
        &site.path("gw.example.net"),
        &[
            "req",
            "-new",
            "-key",
            key.to_str().expect("UTF-8"),
            "-subj",
            "/CN=gw.example.net",
            "-out",
            csr.to_str().expect("UTF-8"),
        ],
    )
    .ok();
    let signed = site
        .client(&[
            "sign",
            "--profile",
            "vpn-server",
            "--csr",
            "gw.csr",
            "--replace",
            "--target",
            "macos",
            "--out",
            "again",
        ])
        .ok();
    assert!(
        signed
            .stderr
            .contains("notice: ios: server-key-rsa-by-hand: wanted an RSA key"),
        "{signed}"
    );
    site.client(&[
        "sign",
        "--profile",
        "router",
        "--csr",
        "gw.csr",
        "--target",
        "routeros-6",
        "--out",
        "r",
    ])
    .refused(1, &["routeros-6: chain-keys-rsa", "its key is P-256"]);
}

#[test]
fn a_file_is_checked_without_a_server() {
    let (site, server) = Site::running(Algorithm::P256);
    site.issue("vpn-server", "192.0.2.7", &[]);
    site.issue("vpn-client", "anna@example.net", &[]);
    drop(server);
    let check = |words: &[&str]| -> Run {
        let command = [&["check"], words].concat();
        run(&mut site.client_command_as(&site.path("no-profile-file"), &command))
    };
    let pem = "192.0.2.7/192.0.2.7.pem";
    let good = check(&[pem, "--target", "windows-ikev2", "--target", "strongswan"]).ok();
    assert_eq!(
        good.stdout,
        "windows-ikev2: nothing speaks against it\nstrongswan: nothing speaks against it\n"
    );
    let bad = check(&[pem, "--target", "windows-ikev2", "--target", "routeros-6"]);
    assert_eq!(bad.code, Some(1), "{bad}");
    assert!(
        bad.stdout
            .contains("routeros-6: will not work\n  error chain-keys-rsa: wanted"),
        "{bad}"
    );
    // Without its chain a certificate is judged as far as it goes.
    fs::copy(site.path(pem), site.path("alone.pem")).expect("the test directory is writable");
    let alone = check(&["alone.pem", "--target", "strongswan", "--output", "json"]).ok();
    assert_eq!(rules(&alone.json()), ["chain-whole"], "{alone}");
    let given = [
        "alone.pem",
        "--chain",
        "192.0.2.7/chain.pem",
        "--target",
        "strongswan",
    ];
    check(&given).ok();
    let foreign = check(&[
        "alone.pem",
        "--chain",
        "anna@example.net/chain.pem",
        "--target",
        "openvpn",
    ]);
    assert_eq!(foreign.code, Some(1), "{foreign}");
    assert!(foreign.stdout.contains("chain-in-order"), "{foreign}");
    // A person's certificate is none for a gateway.
    let person = "anna@example.net/anna@example.net.pem";
    check(&[person, "--target", "macos"]).ok();
    let dialled = check(&[person, "--target", "macos", "--role", "server"]);
    assert!(
        dialled.stdout.contains("error server-auth: wanted"),
        "{dialled}"
    );

    check(&["--list-targets"]).ok();
    let listed = check(&["--list-targets", "--target", "ios", "--output", "json"])
        .ok()
        .json();
    let targets: BTreeSet<String> = rows(&listed)
        .iter()
        .map(|row| word(row, "target"))
        .collect();
    assert_eq!(targets, BTreeSet::from(["ios".to_owned()]));
    check(&["192.0.2.7/192.0.2.7.key", "--target", "ios"])
        .refused(1, &["wanted certificates in PEM"]);
    check(&["absent.pem", "--target", "ios"]).refused(2, &["cannot read"]);
    check(&[pem]).refused(2, &["--target"]);
}

/// A rule that is said to be confirmed names a test of this folder.
#[test]
fn every_confirmed_rule_names_a_test_that_is_there() {
    let folder = repository().join("tests/it/targets");
    let sources: Vec<String> = fs::read_dir(folder)
        .expect("it is a directory")
        .map(|entry| entry.expect("it is readable").path())
        .map(|path| fs::read_to_string(path).expect("it is text"))
        .collect();
    for rule in TargetRule::all() {
        for applies in rule.applies {
            for seen in applies.seen {
                let head = format!("#[test]\nfn {}() {{\n", seen.test);
                let id = format!("\"{}\"", rule.id);
                let is_there = sources
                    .iter()
                    .any(|source| source.contains(&head) && source.contains(&id));
                assert!(is_there, "{} and {id} stand in no file", seen.test);
            }
        }
    }
}

fn notices(row: &Value) -> Vec<String> {
    row.get("notices")
        .map(|list| rows(list).iter().map(|row| word(row, "rule")).collect())
        .unwrap_or_default()
}

fn rules(document: &Value) -> Vec<String> {
    rows(&document["findings"])
        .iter()
        .map(|row| word(row, "rule"))
        .collect()
}

fn rows(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}
