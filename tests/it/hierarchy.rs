//! CAs that come and go while the server runs, and the offline root that signs them without a network.

use std::path::Path;
use std::process::Command;

use ca_tests::{Algorithm, Process, Run, Site, openssl, program, run};
use serde_json::Value;

use crate::offline_root::{Offline, installed, requested, state, year};
use crate::rows::word;

/// OpenSSL verifies a certificate up to the root with the CRLs that are published.
#[track_caller]
fn judged(site: &Site, folder: &str, row: &Value, root: &str) -> Run {
    let issuer = word(row, "issuer_id");
    let mut crls = String::new();
    for id in [root, &issuer] {
        std::fs::write(site.path("one.crl"), site.crl(id)).expect("writable");
        let pem = openssl(&site.path(""), &["crl", "-inform", "DER", "-in", "one.crl"]);
        crls += &pem.ok().stdout;
    }
    std::fs::write(site.path("crls.pem"), crls).expect("writable");
    let cer = site.get(&format!("/ca/{root}.cer")).body;
    std::fs::write(site.path("root.cer"), cer).expect("writable");
    let pem = openssl(
        &site.path(""),
        &["x509", "-inform", "DER", "-in", "root.cer"],
    );
    std::fs::write(site.path("root.pem"), pem.ok().stdout).expect("writable");
    let leaf = format!("{folder}/{}.pem", word(row, "name"));
    let chain = format!("{folder}/chain.pem");
    let words = [
        "verify",
        "-x509_strict",
        "-crl_check_all",
        "-CAfile",
        "root.pem",
        "-untrusted",
        &chain,
        "-CRLfile",
        "crls.pem",
        &leaf,
    ];
    openssl(&site.path(""), &words)
}

#[test]
fn a_ca_lives_from_its_request_to_its_retirement() {
    let (site, server) = Site::running(Algorithm::P256);
    let offline = Offline::of(&site);
    let id = requested(&site, "router", "Site Berlin");
    assert_eq!(id, "router-2026-2".replace("2026", &year(&site)));
    assert_eq!(state(&site, &id), "requested");
    let (request, answer) = (format!("{id}.request"), format!("{id}.answer"));

    // Interrupted here, the server still has the request, and the key of the CA.
    drop(server);
    let server = site.serve();
    assert_eq!(state(&site, &id), "requested");

    let signed = offline.ceremony(
        &site,
        &[
            "sign",
            "--request",
            &request,
            "--out",
            &answer,
            "--transcript",
            "transcript.txt",
            "--yes",
        ],
    );
    let signed = signed.ok();
    for part in [
        "O=Example Fleet, CN=Example Fleet Site Berlin Router CA",
        "http://pki.example.net/crl/root-",
        "no CA below it",
        "key id",
        "not after",
    ] {
        assert!(signed.stderr.contains(part), "no `{part}`: {signed}");
    }
    let transcript = std::fs::read_to_string(site.path("transcript.txt")).expect("written");
    assert!(transcript.contains("Site Berlin") && transcript.contains("signed SHA-256"));

    site.client(&["issuer", "install", &answer]).ok();
    assert_eq!(state(&site, &id), "inactive");
    let log = site.client(&["audit", "show"]).ok().stdout;
    assert!(log.contains("ceremony-recorded"), "{log}");
    site.client(&["issuer", "install", &answer])
        .refused(1, &[&id, "was used before"]);

    // Not active yet: the first CA of the class goes on.
    let first = site.issue("router", "one.example.net", &[]);
    assert_ne!(word(&first, "issuer_id"), id);
    site.client(&["issuer", "activate", &id]).ok();
    let second = site.issue("router", "two.example.net", &[]);
    assert_eq!(word(&second, "issuer_id"), id);
    let root = site.issuers()["root"].clone();
    judged(&site, "two.example.net", &second, &root).ok();

    // A restart loads the key that was made at run time.
    drop(server);
    let _server = site.serve();
    let third = site.issue("router", "three.example.net", &[]);
    assert_eq!(word(&third, "issuer_id"), id);

    site.client(&["issuer", "deactivate", &id]).ok();
    let fourth = site.issue("router", "four.example.net", &[]);
    assert_eq!(word(&fourth, "issuer_id"), word(&first, "issuer_id"));
    let serial = word(&second, "serial");
    site.client(&["revoke", "--serial", &serial]).ok();
    ca_tests::until(
        std::time::Duration::from_secs(60),
        "the CRL goes on",
        || (judged(&site, "two.example.net", &second, &root).code != Some(0)).then_some(()),
    );
    judged(&site, "three.example.net", &third, &root).ok();

    site.client(&["issuer", "retire", &id]).ok();
    site.client(&["issuer", "activate", &id])
        .refused(1, &[&id, "is retired"]);
    assert_eq!(state(&site, &id), "retired");
}

#[test]
fn answers_and_requests_that_were_swapped_or_altered_are_refused() {
    let (site, _server) = Site::running(Algorithm::P256);
    let offline = Offline::of(&site);
    let (one, two) = (
        requested(&site, "router", "One"),
        requested(&site, "vpn-client", "Two"),
    );

    // Nobody at the terminal, nobody who said yes.
    let request = format!("{one}.request");
    let asked = ["sign", "--request", &request, "--out", "one.answer"];
    offline
        .ceremony(&site, &asked)
        .refused(1, &["nobody confirmed"]);

    // Altered on the way, octet by octet of a sample.
    let pem = std::fs::read(site.path(&request)).expect("written");
    for at in (100..pem.len() - 60).step_by(pem.len() / 12) {
        let mut altered = pem.clone();
        altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
        std::fs::write(site.path("altered.request"), &altered).expect("writable");
        offline
            .sign(&site, "altered.request", "altered.answer")
            .refused(1, &[]);
    }
    assert!(!site.path("altered.answer").exists());

    // For the root of another fleet.
    let other = Site::new(Algorithm::P256);
    let stranger = Offline::of(&other);
    fresh_root(&stranger.folder);
    stranger
        .sign(&site, &request, "stranger.answer")
        .refused(1, &["root"]);

    // As the CRL ceremony, twice, and once more with the answer that was kept.
    let crl = ["crl", "--request", &request, "--out", "one.answer", "--yes"];
    offline
        .ceremony(&site, &crl)
        .refused(1, &["wanted a request for crl"]);
    offline.sign(&site, &request, "one.answer").ok();
    offline
        .sign(&site, &request, "again.answer")
        .refused(1, &["answered before", "--again"]);
    let again = [
        "sign",
        "--request",
        &request,
        "--out",
        "again.answer",
        "--again",
    ];
    offline.ceremony(&site, &again).ok();
    let read = |name: &str| std::fs::read(site.path(name)).expect("written");
    assert_eq!(read("one.answer"), read("again.answer"));

    // The answer, altered and as one of another kind; nothing comes of any.
    let answer = read("one.answer");
    for at in (100..answer.len() - 60).step_by(answer.len() / 12) {
        let mut altered = answer.clone();
        altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
        std::fs::write(site.path("altered.answer"), &altered).expect("writable");
        site.client(&["issuer", "install", "altered.answer"])
            .refused(1, &[]);
    }
    site.client(&["crl", "install", "one.answer"])
        .refused(1, &["wanted an answer for crl"]);
    for id in [&one, &two] {
        assert_eq!(state(&site, id), "requested");
    }
    site.client(&["issuer", "install", "one.answer"]).ok();
    assert_eq!(state(&site, &two), "requested", "the other one still waits");
}

/// Puts the certificate and key of another root into a folder.
fn fresh_root(folder: &Path) {
    let site = Site::init(ca_tests::InitOptions {
        algorithm: Algorithm::P256,
        publish_url: Some("http://pki.example.net"),
        more: &[],
    });
    std::fs::remove_dir_all(folder).expect("it is ours");
    std::fs::rename(site.data().join("root-offline"), folder).expect("init made it");
}

#[test]
fn the_root_signs_its_crl_revokes_a_ca_and_hands_over_to_a_further_root() {
    let (site, server) = Site::running(Algorithm::P256);
    let offline = Offline::of(&site);
    let id = installed(&site, &offline, "vpn-client", "Lost");
    site.client(&["issuer", "activate", &id]).ok();
    let row = site.issue("vpn-client", "anna@example.net", &[]);
    let root = site.issuers()["root"].clone();
    judged(&site, "anna@example.net", &row, &root).ok();

    let reason = ["--revoke", &id, "--reason", "key-compromise"];
    let words = ["crl", "request", "--out", "root.request"];
    site.client(&[&words[..], &reason[..]].concat()).ok();
    let crl = [
        "crl",
        "--request",
        "root.request",
        "--out",
        "root-crl.answer",
        "--yes",
    ];
    let shown = offline.ceremony(&site, &crl).ok();
    assert!(
        shown.stderr.contains(&id) && shown.stderr.contains("CRL number"),
        "{shown}"
    );
    site.client(&["crl", "install", "root-crl.answer"]).ok();
    assert_eq!(state(&site, &id), "revoked");
    let verdict = judged(&site, "anna@example.net", &row, &root);
    assert!(verdict.stderr.contains("certificate revoked"), "{verdict}");
    site.client(&["crl", "install", "root-crl.answer"])
        .refused(1, &["does not follow"]);

    // The next CRL keeps it, and a restart finds the published one.
    drop(server);
    let server = site.serve();
    assert_eq!(state(&site, &id), "revoked");
    site.client(&["crl", "request", "--out", "next.request"])
        .ok();
    let next = [
        "crl",
        "--request",
        "next.request",
        "--out",
        "next.answer",
        "--yes",
    ];
    let shown = offline.ceremony(&site, &next).ok();
    assert!(shown.stderr.contains(&format!("{id} serial")), "{shown}");
    site.client(&["crl", "install", "next.answer"]).ok();

    // A further root, and a CA below it.
    let create = ["create", "--out", "root.answer", "--yes"];
    offline.ceremony(&site, &create).ok();
    site.client(&["issuer", "install", "root.answer"]).ok();
    let further = format!("root-{}-2", year(&site));
    assert_eq!(state(&site, &further), "offline");
    let below = installed(&site, &offline, "router", "New");
    site.client(&["issuer", "activate", &below]).ok();
    let row = site.issue("router", "new.example.net", &[]);
    assert_eq!(word(&row, "issuer_id"), below);
    judged(&site, "new.example.net", &row, &further).ok();
    drop(server);
    let _server: Process = site.serve();
    judged(&site, "new.example.net", &row, &further).ok();
}

#[test]
fn the_passphrase_of_all_keys_changes_while_the_server_is_stopped() {
    let (site, server) = Site::running(Algorithm::P256);
    let new = site.path("new-passphrase");
    std::fs::write(&new, "another horse battery staple\n").expect("writable");
    let words = |site: &Site| {
        let mut command = Command::new(program("ca-server"));
        command
            .args(["key", "rewrap", "--data"])
            .arg(site.data())
            .arg("--passphrase-file")
            .arg(site.passphrase())
            .arg("--new-passphrase-file")
            .arg(site.path("new-passphrase"));
        run(&mut command)
    };
    words(&site).refused(2, &["in use"]);
    drop(server);
    let done = words(&site).ok();
    assert!(done.stdout.starts_with("5 keys"), "{done}");
    let log = site.try_serve().expect_err("the old passphrase is void");
    assert!(log.contains("does not open the key"), "{log}");
    words(&site).refused(1, &["does not open the key"]);
    std::fs::rename(&new, site.passphrase()).expect("writable");
    let _server = site.serve();
    site.issue("router", "one.example.net", &[]);
}
