//! Keys that are certified no more: those on the list, those of revoked certificates, those of the CAs.

use ca_tests::{Algorithm, Site, openssl};
use serde_json::Value;

use crate::rows::word;

#[test]
fn a_blocked_key_gets_no_certificate_by_any_way() {
    let (site, _server) = Site::running(Algorithm::P256);
    let name = "blocked.example.net";
    let row = site.issue("router", name, &[]);
    let key = word(&row, "key_id");
    let pem = format!("{name}/{name}.pem");
    request(&site, &format!("{name}/{name}.key"), name);
    let added = site.client_json(&["blocked-key", "add", &pem, "--comment", "lost in Berlin"]);
    assert_eq!(word(&added, "key_id"), key);
    // By the request, and again under another comment: the same entry.
    let again = site.client_json(&["blocked-key", "add", "request.pem", "--comment", "other"]);
    assert_eq!(again, added);

    let refused = |words: &[&str]| {
        let text = format!("public key {key} is blocked");
        site.client(words).refused(1, &[&text]);
    };
    refused(&["renew", "--cert", &pem, "--out", "two"]);
    let sign = |profile: &str, extra: &[&str]| {
        let words = ["sign", "--profile", profile, "--csr", "request.pem"];
        refused(&[&words, extra].concat());
    };
    sign("router", &["--name", name, "--replace", "--out", "three"]);
    sign(
        "vpn-client",
        &["--name", "other.example.net", "--out", "four"],
    );
    refused(&[
        "actor",
        "add",
        "carl",
        "--role",
        "auditor",
        "--csr",
        "request.pem",
        "--out",
        "five",
    ]);

    let rows = site.client_json(&["blocked-key", "list"]);
    assert_eq!(rows_of(&rows).len(), 1);
    site.client(&["blocked-key", "remove", &key]).ok();
    site.client(&["blocked-key", "remove", &key])
        .refused(1, &["is not blocked"]);
    site.client(&["renew", "--cert", &pem, "--out", "six"]).ok();
    let entries = site.client(&["audit", "show"]).ok().stdout;
    assert!(entries.contains(&format!("key-blocked {key} lost in Berlin")));
    assert!(entries.contains(&format!("key-unblocked {key}")));
}

#[test]
fn revoking_for_key_compromise_blocks_the_key_and_other_reasons_do_not() {
    let (site, _server) = Site::running(Algorithm::P256);
    let mut keys = Vec::new();
    for (name, reason) in [
        ("a.example.net", "superseded"),
        ("b.example.net", "key-compromise"),
    ] {
        keys.push(word(&site.issue("router", name, &[]), "key_id"));
        site.client(&["revoke", "--name", name, "--reason", reason])
            .ok();
    }
    let rows = site.client_json(&["blocked-key", "list"]);
    let blocked: Vec<String> = rows_of(&rows)
        .iter()
        .map(|row| word(row, "key_id"))
        .collect();
    assert_eq!(blocked, keys[1..]);
    // One entry of the log: there is no moment between the two.
    let newest = site.client_json(&["audit", "show"]);
    let both = rows_of(&newest)
        .iter()
        .filter(|entry| {
            let changes = entry["changes"].to_string();
            changes.contains("revoked ") && changes.contains(&format!("key-blocked {}", keys[1]))
        })
        .count();
    assert_eq!(both, 1);
}

#[test]
fn the_key_of_any_ca_is_refused() {
    let (site, _server) = Site::running(Algorithm::P256);
    for (class, issuer) in site.issuers() {
        if class == "root" {
            continue;
        }
        let key = site.data().join("keys").join(format!("{issuer}.key"));
        request(
            &site,
            key.to_str().expect("a path in ASCII"),
            "x.example.net",
        );
        let words = [
            "sign",
            "--profile",
            "router",
            "--csr",
            "request.pem",
            "--name",
            "x.example.net",
            "--out",
            "out",
        ];
        let text = format!("the public key is the key of the CA `{issuer}`");
        site.client(&words).refused(1, &[&text]);
    }
}

fn rows_of(document: &Value) -> &[Value] {
    document.as_array().expect("a list is an array")
}

/// Makes `request.pem` with the key in a file.
fn request(site: &Site, key: &str, name: &str) {
    let passphrase = format!("file:{}", site.passphrase().display());
    let subject = format!("/CN={name}");
    openssl(
        &site.path(""),
        &[
            "req",
            "-new",
            "-key",
            key,
            "-passin",
            &passphrase,
            "-subj",
            &subject,
            "-out",
            "request.pem",
        ],
    )
    .ok();
}
