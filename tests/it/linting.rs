//! `ca-client lint`: any file, without a server and without a profile file.

use std::process::Command;

use ca_tests::{Algorithm, Run, Site, openssl, program, run};
use serde_json::Value;

#[test]
fn lint_judges_files_of_any_form_without_a_server() {
    let site = Site::new(Algorithm::P256);
    // Its own credential, the chain above it, and both in one file.
    let admin = site.data().join("admin");
    let admin = |name: &str| admin.join(name).display().to_string();
    lint(&site, &[&admin("admin.pem"), &admin("ca.pem")]).ok();

    openssl(
        &site.path(""),
        &[
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            "x.key",
            "-days",
            "1000",
            "-subj",
            "/C=DE/CN=x.example.net",
            "-out",
            "x.pem",
            "-addext",
            "basicConstraints=CA:FALSE",
        ],
    )
    .ok();
    openssl(
        &site.path(""),
        &["x509", "-in", "x.pem", "-outform", "DER", "-out", "x.der"],
    )
    .ok();
    let of_pem = lint(&site, &["x.pem", "--output", "json"]);
    assert_eq!(of_pem.code, Some(1), "{of_pem}");
    let of_der = lint(&site, &["x.der", "--output", "json"]);
    let findings = |run: &Run| run.json()[0]["findings"].clone();
    assert_eq!(findings(&of_pem), findings(&of_der));
    let rules: Vec<Value> = findings(&of_pem)
        .as_array()
        .expect("a list")
        .iter()
        .map(|finding| finding["rule"].clone())
        .collect();
    for rule in [
        "validity-at-most-825-days",
        "end-entity-common-name-only",
        "key-usage-present",
    ] {
        assert!(rules.contains(&rule.into()), "{rule}: {of_pem}");
    }
    // Text for people, with the same exit code.
    let text = lint(&site, &["x.pem"]);
    assert_eq!(text.code, Some(1), "{text}");
    assert!(
        text.stdout.contains("end-entity C=DE, CN=x.example.net: "),
        "{text}"
    );
    assert!(
        text.stdout
            .contains("  error  validity-at-most-825-days: wanted "),
        "{text}"
    );

    // Another issuer than the one that signed.
    let other = lint(&site, &[&admin("admin.pem"), "--issuer", "x.pem"]);
    assert_eq!(other.code, Some(1), "{other}");
    assert!(other.stdout.contains("issuer-is-subject-of-ca"), "{other}");

    // A key has no lint, and a file that is cut is no certificate.
    lint(&site, &["x.key"]).refused(1, &["x.key: wanted certificates or CRLs"]);
    let der = std::fs::read(site.path("x.der")).expect("openssl wrote it");
    std::fs::write(site.path("cut.der"), &der[..der.len() - 1]).expect("it is writable");
    let cut = lint(&site, &["cut.der"]);
    assert_eq!(cut.code, Some(1), "{cut}");
    assert!(cut.stdout.contains("unreadable: 1 error"), "{cut}");
}

/// Runs the command with no profile file anywhere.
fn lint(site: &Site, words: &[&str]) -> Run {
    let mut command = Command::new(program("ca-client"));
    command
        .arg("lint")
        .args(words)
        .current_dir(site.path(""))
        .env_remove("CA_CLIENT_PROFILE")
        .env("HOME", site.path(""))
        .env_remove("XDG_CONFIG_HOME");
    run(&mut command)
}
