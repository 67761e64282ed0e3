//! What a router exports is what was pushed, octet for octet.

use std::fs;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use ca_tests::{Router, certtool, openssl};

use super::{PASSPHRASE, certificate, leaf, state};
use crate::router_ground::Ground;

/// A router exports the certificate that the CA issued, and a PKCS#12 that OpenSSL and GnuTLS open.
#[track_caller]
pub(super) fn exports_what_was_pushed(
    ground: &Ground,
    issued: &[Vec<u8>],
    router: &Router,
    name: &str,
) {
    let own = leaf(router, name);
    let rows = [
        own.clone(),
        certificate(router, "fleet-ca-router-"),
        certificate(router, "fleet-ca-root-"),
    ];
    let row = own["name"].as_str().expect("a name");
    let passphrase = format!("export-passphrase={PASSPHRASE}");
    router.console(&format!(
        "/certificate export-certificate [find name=\"{row}\"] type=pkcs12 {passphrase}\n"
    ));
    for row in &rows {
        let row = row["name"].as_str().expect("a name");
        router.console(&format!(
            "/certificate export-certificate [find name=\"{row}\"] {passphrase}\n"
        ));
    }
    let state = state(router);
    let octets = |row: &str, ending: &str| {
        let mut files = state["files"].as_array().expect("a list").iter();
        let file = files.find(|one| one["name"] == format!("cert_export_{row}.{ending}"));
        let file = file.unwrap_or_else(|| panic!("{name}: no .{ending} of {row}"));
        let octets = file["contents"].as_str().expect("base64");
        BASE64_STANDARD.decode(octets).expect("base64")
    };
    for (row, what) in rows.iter().zip(["leaf", "issuing CA", "root"]) {
        let exported = octets(row["name"].as_str().expect("a name"), "crt");
        let [exported] = &ders(&exported)[..] else {
            panic!("{name}: not one certificate of the {what}");
        };
        assert!(issued.contains(exported), "{name}: the {what} is another");
    }
    let pushed = own["key"].as_str().expect("base64");
    let pushed = BASE64_STANDARD.decode(pushed).expect("base64");
    let der = ders(&octets(row, "crt"));
    let sealed = [octets(row, "key"), octets(row, "p12")];
    keys_are_the_one_that_was_pushed(ground, name, &pushed, &sealed, &der);
}

/// The key that a router exports, in PEM and in a PKCS#12, is the pushed one in all its numbers.
#[track_caller]
fn keys_are_the_one_that_was_pushed(
    ground: &Ground,
    name: &str,
    pushed: &[u8],
    [key, sealed]: &[Vec<u8>; 2],
    der: &[Vec<u8>],
) {
    let folder = ground.site.path(".");
    let file = |ending: &str, octets: &[u8]| {
        let file = format!("{name}.{ending}");
        fs::write(ground.site.path(&file), octets).expect("the test directory is writable");
        file
    };
    let pushed = file("pushed", pushed);
    let (key, sealed) = (file("key", key), file("p12", sealed));
    let passphrase = format!("pass:{PASSPHRASE}");
    // Every number of the key, whatever the file around it.
    let numbers = |words: &[&str]| {
        let words = [&["pkey", "-noout", "-text"], words].concat();
        openssl(&folder, &words).ok().stdout
    };
    let pushed = numbers(&["-inform", "DER", "-in", &pushed]);
    assert_eq!(
        numbers(&["-in", &key, "-passin", &passphrase]),
        pushed,
        "{name}"
    );
    let opened = openssl(
        &folder,
        &["pkcs12", "-nodes", "-in", &sealed, "-passin", &passphrase],
    )
    .ok();
    let read = certtool(
        &folder,
        &[
            "--p12-info",
            "--inder",
            "--infile",
            &sealed,
            "--password",
            PASSPHRASE,
        ],
    )
    .ok();
    for (reader, text) in [("OpenSSL", opened.stdout), ("GnuTLS", read.stdout)] {
        let block = |label: &str| {
            let start = text.find(&format!("-----BEGIN {label}"));
            let start = start.unwrap_or_else(|| panic!("{reader} {name}: no {label}: {text}"));
            &text[start..]
        };
        // GnuTLS shows the key as it is kept, encrypted, where it is not told otherwise.
        if reader == "OpenSSL" {
            let key = file("opened", block("PRIVATE KEY").as_bytes());
            assert_eq!(numbers(&["-in", &key]), pushed, "{reader} {name}");
        } else {
            assert!(text.contains("PRIVATE KEY-----"), "{reader} {name}: {text}");
        }
        let first = ders(block("CERTIFICATE").as_bytes()).swap_remove(0);
        assert_eq!(first, der[0], "{reader} {name}");
    }
}

/// The certificates in PEM, octet by octet, whatever stands between them.
fn ders(pem: &[u8]) -> Vec<Vec<u8>> {
    let text = std::str::from_utf8(pem).expect("PEM");
    let blocks = text.split("-----BEGIN CERTIFICATE-----").skip(1);
    blocks
        .map(|block| {
            let lines = block.split("-----END").next().unwrap_or_default().lines();
            let base64: String = lines.map(str::trim).collect();
            BASE64_STANDARD.decode(base64).expect("base64")
        })
        .collect()
}

/// All that the CA has issued, by its own log.
pub(super) fn issued_certificates(ground: &Ground) -> Vec<Vec<u8>> {
    let words = ["store", "export", "--format", "pem", "--out", "-"];
    ders(ground.site.server_command(&words).ok().stdout.as_bytes())
}
