//! What routers fetch over plain HTTP, and what only the operator sees.

use std::time::Duration;

use ca_tests::{Algorithm, HttpResponse, Site, http, openssl, until};

use crate::rows::word;

#[test]
fn crls_and_certificates_are_served_for_caches() {
    let (site, _server) = Site::running(Algorithm::P256);
    let issuers = site.issuers();
    assert_eq!(
        issuers.keys().map(String::as_str).collect::<Vec<_>>(),
        ["control", "root", "router", "vpn-client", "vpn-server"]
    );
    for issuer in issuers.values() {
        check(&site, &format!("/crl/{issuer}.crl"), "application/pkix-crl");
        check(&site, &format!("/ca/{issuer}.cer"), "application/pkix-cert");
    }
    check(&site, "/ca/chain.pem", "application/x-pem-file");
}

#[track_caller]
fn check(site: &Site, path: &str, media_type: &str) {
    let port = site.ports().http;
    let got = site.get(path);
    assert_eq!(got.status, 200, "{path}");
    assert_eq!(got.header("content-type"), media_type, "{path}");
    assert!(!got.body.is_empty(), "{path}");
    assert_eq!(got.header("content-length"), got.body.len().to_string());
    assert!(max_age(&got) <= 300, "{path}: {:?}", got.headers);
    let (etag, modified) = (got.header("etag"), got.header("last-modified"));
    assert!(modified.ends_with(" GMT"), "{path}: {modified}");

    let head = http(port, "HEAD", path, &[]);
    assert_eq!(head.status, 200, "{path}");
    assert!(head.body.is_empty(), "{path}: HEAD has no body");
    for name in ["content-length", "content-type", "etag", "last-modified"] {
        assert_eq!(head.header(name), got.header(name), "{path}");
    }
    for condition in [[("If-None-Match", etag)], [("If-Modified-Since", modified)]] {
        let unchanged = http(port, "GET", path, &condition);
        assert_eq!(unchanged.status, 304, "{path} {condition:?}");
        assert!(unchanged.body.is_empty(), "{path}");
        assert_eq!(unchanged.header("etag"), etag, "{path}");
    }
    let changed = http(port, "GET", path, &[("If-None-Match", "\"another\"")]);
    assert_eq!(changed.status, 200, "{path}");
}

fn max_age(response: &HttpResponse) -> u32 {
    response
        .header("cache-control")
        .split(',')
        .find_map(|part| part.trim().strip_prefix("max-age="))
        .and_then(|seconds| seconds.parse().ok())
        .unwrap_or_else(|| panic!("no max-age: {:?}", response.headers))
}

#[test]
fn nothing_else_is_published() {
    let (site, mut server) = Site::running(Algorithm::P256);
    let port = site.ports().http;
    for path in [
        "/",
        "/crl/",
        "/crl/none.crl",
        "/crl/../ca-server.toml",
        "/crl/%2e%2e/ca-server.toml",
        "/ca/../keys/router.key",
        "/metrics",
        "/healthz",
        "/readyz",
    ] {
        assert_eq!(http(port, "GET", path, &[]).status, 404, "{path}");
    }
    let crl = format!("/crl/{}.crl", site.issuers()["router"]);
    for method in ["POST", "PUT", "DELETE"] {
        assert_eq!(http(port, method, &crl, &[]).status, 405, "{method}");
    }
    assert!(server.is_running());
}

#[test]
fn the_operator_sees_health_and_figures() {
    let (site, _server) = Site::running(Algorithm::P256);
    site.issue("router", "berlin-01.example.net", &[]);
    let port = site.ports().operations;
    assert_eq!(http(port, "GET", "/healthz", &[]).status, 200);
    assert_eq!(http(port, "GET", "/readyz", &[]).status, 200);
    let metrics = http(port, "GET", "/metrics", &[]);
    assert_eq!(metrics.status, 200);
    let text = String::from_utf8(metrics.body).expect("metrics are text");
    assert!(
        text.lines()
            .any(|line| line == "ca_certificates_issued_total{profile=\"router\"} 1"),
        "{text}"
    );
}

/// The one promise with a time in it: nothing else judges how soon.
#[test]
fn a_revocation_is_published_within_two_seconds() {
    let (site, _server) = Site::running(Algorithm::P256);
    let row = site.issue("router", "berlin-01.example.net", &[]);
    let (serial, issuer) = (word(&row, "serial"), word(&row, "issuer_id"));
    let path = format!("/crl/{issuer}.crl");
    let before = site.get(&path);
    assert!(!lists(&site, &before.body, &serial));
    site.client(&["revoke", "--serial", &serial]).ok();
    let after = until(Duration::from_secs(2), "the revocation", || {
        let response = site.get(&path);
        lists(&site, &response.body, &serial).then_some(response)
    });
    assert_ne!(after.header("etag"), before.header("etag"));
    assert!(number(&site, &after.body) > number(&site, &before.body));
}

#[test]
fn a_revocation_whose_crl_a_kill_prevented_is_published_at_the_next_start() {
    let (site, server) = Site::running(Algorithm::P256);
    let row = site.issue("router", "berlin-01.example.net", &[]);
    let (serial, issuer) = (word(&row, "serial"), word(&row, "issuer_id"));
    let former = site.crl(&issuer);
    site.client(&["revoke", "--serial", &serial]).ok();
    server.kill();
    // As if the kill had come before the CRL was written: only the former one is there.
    let kept = site.data().join(format!("crl/{issuer}.crl"));
    std::fs::write(kept, &former).expect("the data directory is writable");
    let _server = site.serve();
    let after = site.crl(&issuer);
    assert!(
        lists(&site, &after, &serial),
        "served from the first moment"
    );
    assert!(number(&site, &after) > number(&site, &former));
}

fn lists(site: &Site, crl: &[u8], serial: &str) -> bool {
    text(site, crl)
        .to_lowercase()
        .contains(&format!("serial number: {serial}"))
}

fn number(site: &Site, crl: &[u8]) -> u64 {
    let text = text(site, crl);
    text.lines()
        .skip_while(|line| !line.contains("X509v3 CRL Number"))
        .nth(1)
        .and_then(|line| line.trim().parse().ok())
        .unwrap_or_else(|| panic!("no CRL number: {text}"))
}

fn text(site: &Site, crl: &[u8]) -> String {
    std::fs::write(site.path("looked-at.crl"), crl).expect("the test directory is writable");
    openssl(
        &site.path(""),
        &[
            "crl",
            "-inform",
            "DER",
            "-in",
            "looked-at.crl",
            "-noout",
            "-text",
        ],
    )
    .ok()
    .stdout
}
