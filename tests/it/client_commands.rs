//! The contract of `ca-client`: files, exit codes, JSON.

use std::process::Command;

use ca_tests::{Algorithm, Key, Run, Site, openssl, program, run};
use serde_json::Value;

use crate::{
    files::mode_of,
    rows::{list, word},
};

#[test]
fn issue_writes_three_files_and_never_over_others() {
    let (site, _server) = Site::running(Algorithm::P256);
    let words = [
        "issue",
        "--profile",
        "router",
        "--name",
        "berlin-01.example.net",
        "--out",
        "out",
    ];
    let row = site.client_json(&words);
    for key in [
        "serial",
        "profile",
        "name",
        "state",
        "not_before",
        "not_after",
        "issuer_id",
    ] {
        word(&row, key);
    }
    assert_eq!(word(&row, "state"), "valid");
    is_a_serial(&word(&row, "serial"));
    let file = |name: &str| site.path("out").join(name);
    assert_eq!(mode_of(&file("berlin-01.example.net.key")), 0o600);
    let certificate = std::fs::read(file("berlin-01.example.net.pem")).expect("issue wrote it");
    let chain = std::fs::read_to_string(file("chain.pem")).expect("issue wrote it");
    assert_eq!(chain.matches("BEGIN CERTIFICATE").count(), 2);
    openssl(
        &site.path("out"),
        &[
            "pkey",
            "-in",
            "berlin-01.example.net.key",
            "-noout",
            "-check",
        ],
    )
    .ok();

    let again = site.client(&words);
    assert_ne!(again.code, Some(0), "{again}");
    assert!(again.stderr.contains("hint: "), "{again}");
    assert_eq!(
        std::fs::read(file("berlin-01.example.net.pem")).expect("it is still there"),
        certificate
    );
    // Another name under the same CA keeps the identical chain.pem.
    let mut other = words;
    other[4] = "berlin-02.example.net";
    site.client_json(&other);
    assert_eq!(
        std::fs::read_to_string(file("chain.pem")).expect("it is still there"),
        chain
    );
}

fn is_a_serial(serial: &str) {
    assert_eq!(serial.len(), 32, "{serial}");
    assert!(
        serial.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f')),
        "{serial}"
    );
}

#[test]
fn lists_and_errors_are_json_on_request() {
    let (site, _server) = Site::running(Algorithm::P256);
    for row in site
        .client_json(&["issuer", "list"])
        .as_array()
        .expect("a list is an array")
    {
        for key in ["issuer_id", "class", "state"] {
            word(row, key);
        }
    }
    let serial = word(
        &site.issue("router", "berlin-01.example.net", &[]),
        "serial",
    );
    assert_eq!(list(&site, &["--profile", "router"]).len(), 1);
    assert_eq!(list(&site, &["--name", "munich-*"]).len(), 0);
    assert_eq!(
        list(&site, &["--state", "valid", "--profile", "router"]).len(),
        1
    );
    assert_eq!(list(&site, &["--state", "revoked"]).len(), 0);
    // Letter case, colons and leading zeros do not matter.
    let shouted: Vec<String> = serial
        .to_uppercase()
        .as_bytes()
        .chunks(2)
        .map(|pair| String::from_utf8_lossy(pair).into_owned())
        .collect();
    for spelled in [shouted.join(":"), format!("00{serial}")] {
        assert_eq!(
            word(&site.client_json(&["show", &spelled]), "serial"),
            serial
        );
    }

    let unknown = "7f".repeat(16);
    for words in [
        ["show", &unknown],
        ["revoke", &format!("--serial={unknown}")],
    ] {
        site.client(&words).refused(1, &[]);
        for json in [["--output", "json"], ["--output=json", ""]] {
            // Global options stand before or after the subcommand.
            let json: Vec<&str> = json.into_iter().filter(|word| !word.is_empty()).collect();
            let before: Vec<&str> = json.iter().chain(&words).copied().collect();
            let after: Vec<&str> = words.iter().chain(&json).copied().collect();
            for line in [before, after] {
                is_a_json_error(&site.client(&line), "not-found");
            }
        }
    }
}

fn is_a_json_error(run: &Run, code: &str) {
    assert_eq!(run.code, Some(1), "{run}");
    let error = run.json()["error"].clone();
    assert_eq!(word(&error, "code"), code, "{run}");
    word(&error, "message");
    assert!(error.get("hint").is_some(), "{run}");
}

#[test]
fn wrong_usage_is_exit_code_two() {
    let (site, _server) = Site::running(Algorithm::P256);
    for words in [
        &["issue"][..],
        &["no-such-command"],
        &["list", "--state", "sleeping"],
        &["revoke", "--serial", "00", "--reason", "boredom"],
    ] {
        let run = site.client(words);
        assert_eq!(run.code, Some(2), "{words:?}: {run}");
        assert!(run.stdout.is_empty(), "{words:?}: {run}");
        assert!(!run.stderr.is_empty(), "{words:?}: {run}");
    }
    for words in [&["serve", "--no-such-option"][..], &["init"]] {
        let run = run(Command::new(program("ca-server")).args(words));
        assert_eq!(run.code, Some(2), "{words:?}: {run}");
    }
}

#[test]
fn without_a_profile_file_the_error_lists_what_was_tried() {
    let site = Site::empty();
    let mut command = Command::new(program("ca-client"));
    command
        .arg("list")
        .env_remove("CA_CLIENT_PROFILE")
        .env("HOME", site.path("home"))
        .env("XDG_CONFIG_HOME", site.path("home/config"));
    run(&mut command).refused(2, &["fleet-ca/client.toml"]);
}

#[test]
fn revoking_again_gives_the_same_answer() {
    let (site, _server) = Site::running(Algorithm::P256);
    let serial = word(
        &site.issue("router", "berlin-01.example.net", &[]),
        "serial",
    );
    let words = ["revoke", "--serial", &serial, "--reason", "superseded"];
    let first = site.client_json(&words);
    assert_eq!(site.client_json(&words), first);
    assert_eq!(list(&site, &["--state", "revoked"]).len(), 1);
    // The name is free again.
    site.client(&[
        "issue",
        "--profile",
        "router",
        "--name",
        "berlin-01.example.net",
        "--out",
        "second",
    ])
    .ok();
}

#[test]
fn a_name_of_several_profiles_is_not_revoked_by_guess() {
    let (site, _server) = Site::running(Algorithm::P256);
    let name = "berlin-01.example.net";
    for profile in ["router", "vpn-client"] {
        site.client(&[
            "issue",
            "--profile",
            profile,
            "--name",
            name,
            "--out",
            profile,
        ])
        .ok();
    }
    site.client(&["revoke", "--name", name])
        .refused(1, &["--profile", "--all"]);
    assert_eq!(list(&site, &["--state", "revoked"]).len(), 0);
    site.client(&["revoke", "--name", name, "--profile", "router"])
        .ok();
    assert_eq!(list(&site, &["--state", "revoked"]).len(), 1);
}

#[test]
fn renew_keeps_the_key_and_rekey_does_not() {
    let (site, _server) = Site::running(Algorithm::P256);
    for (command, same) in [("renew", true), ("rekey", false)] {
        let name = format!("{command}.example.net");
        site.issue("router", &name, &[]);
        let cert = format!("{name}/{name}.pem");
        let key = format!("{name}/{name}.key");
        site.client(&[command, "--cert", &cert, "--key", &key, "--out", command])
            .ok();
        let public = |file: &str| {
            openssl(&site.path(""), &["x509", "-in", file, "-noout", "-pubkey"])
                .ok()
                .stdout
        };
        let successor = format!("{command}/{name}.pem");
        assert_eq!(public(&cert) == public(&successor), same, "{command}");
        // A successor is valid beside its predecessor; a replacement is not.
        let valid = || list(&site, &["--name", &name, "--state", "valid"]).len();
        assert_eq!(valid(), 2, "{command}");
        site.client(&[
            "issue",
            "--profile",
            "router",
            "--name",
            &name,
            "--replace",
            "--out",
            "replaced",
        ])
        .ok();
        assert_eq!(valid(), 1, "{command}");
    }
}

#[test]
fn sign_takes_the_key_and_nothing_else() {
    let (site, _server) = Site::running(Algorithm::P256);
    let request = |name: &str| {
        let file = format!("{name}.csr");
        std::fs::write(site.path(&file), Key::new().certification_request(name))
            .expect("the test directory is writable");
        file
    };
    let own = request("berlin-01.example.net");
    let row = site.client_json(&["sign", "--profile", "router", "--csr", &own, "--out", "out"]);
    assert_eq!(word(&row, "name"), "berlin-01.example.net");
    assert!(site.path("out/berlin-01.example.net.pem").exists());
    assert!(!site.path("out/berlin-01.example.net.key").exists());

    let other = request("munich-01.example.net");
    site.client(&[
        "sign",
        "--profile",
        "router",
        "--csr",
        &other,
        "--name",
        "berlin-02.example.net",
        "--out",
        "out",
    ])
    .refused(1, &["munich-01.example.net"]);
    assert_eq!(list(&site, &["--profile", "router"]).len(), 1);
}

#[test]
fn an_actor_can_do_its_work_and_no_other() {
    let (site, _server) = Site::running(Algorithm::P256);
    site.client(&[
        "actor",
        "add",
        "berlin",
        "--role",
        "operator",
        "--profile",
        "router",
        "--names",
        "berlin-*",
        "--out",
        "berlin",
    ])
    .ok();
    let profile = site.path("berlin/client.toml");
    let issue = |profile_name: &str, name: &str| {
        let mut command = site.client_command_as(
            &profile,
            &[
                "issue",
                "--profile",
                profile_name,
                "--name",
                name,
                "--out",
                name,
            ],
        );
        run(&mut command)
    };
    issue("router", "berlin-01.example.net").ok();
    issue("router", "munich-01.example.net").refused(1, &[]);
    issue("vpn-server", "berlin-02.example.net").refused(1, &[]);
    let mut remove = site.client_command_as(&profile, &["actor", "remove", "admin"]);
    run(&mut remove).refused(1, &[]);
    let actors = site.client_json(&["actor", "list"]);
    let names: Vec<String> = actors
        .as_array()
        .expect("a list is an array")
        .iter()
        .map(|row: &Value| word(row, "name"))
        .collect();
    assert_eq!(names, ["admin", "berlin"]);

    site.client(&["actor", "remove", "berlin"]).ok();
    let mut after = site.client_command_as(&profile, &["list"]);
    run(&mut after).refused(1, &[]);
    site.client(&["actor", "remove", "admin"]).refused(1, &[]);
}

#[test]
fn a_pkcs12_file_opens_with_its_passphrase() {
    let (site, _server) = Site::running(Algorithm::P256);
    std::fs::write(site.path("key-passphrase"), "one two three\n")
        .expect("the test directory is writable");
    site.issue(
        "vpn-client",
        "anna@example.net",
        &["--p12", "--key-passphrase-file", "key-passphrase"],
    );
    let folder = site.path("anna@example.net");
    assert_eq!(mode_of(&folder.join("anna@example.net.p12")), 0o600);
    let open = |pass: &str| {
        openssl(
            &folder,
            &[
                "pkcs12",
                "-in",
                "anna@example.net.p12",
                "-nodes",
                "-passin",
                pass,
            ],
        )
    };
    let opened = open("pass:one two three").ok();
    assert_eq!(
        opened.stdout.matches("BEGIN CERTIFICATE").count(),
        3,
        "{opened}"
    );
    assert!(opened.stdout.contains("PRIVATE KEY"), "{opened}");
    assert_ne!(open("pass:another").code, Some(0));
    let key = std::fs::read_to_string(folder.join("anna@example.net.key")).expect("it is there");
    assert!(key.contains("ENCRYPTED"), "the key is encrypted as well");
}
