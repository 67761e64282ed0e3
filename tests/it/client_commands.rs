//! The contract of `ca-client`: files, exit codes, JSON.

use std::process::Command;

use ca_tests::{Algorithm, InitOptions, Key, Run, Site, openssl, program, run};
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

#[test]
fn a_successor_in_place_takes_over_again_and_again() {
    let (site, _server) = Site::running(Algorithm::P256);
    site.issue("vpn-client", "anna@example.net", &[]);
    ca_tests::copy(&site.data().join("admin"), &site.path("admin"));
    let public = |words: &[&str]| openssl(&site.path(""), words).ok().stdout;
    for (command, folder, name) in [
        ("rekey", "anna@example.net", "anna@example.net"),
        ("renew", "anna@example.net", "anna@example.net"),
        ("renew", "admin", "admin"),
    ] {
        let certificate = format!("{folder}/{name}.pem");
        let key = format!("{folder}/{name}.key");
        let mut former = std::fs::read(site.path(&certificate)).expect("it was issued");
        for _ in 0..2 {
            let words = [command, "--cert", &certificate, "--out", folder, "--force"];
            site.client(&words).ok();
            let present = std::fs::read(site.path(&certificate)).expect("it is still there");
            assert_ne!(present, former, "{command} {name}");
            former = present;
            assert_eq!(
                public(&["x509", "-in", &certificate, "-noout", "-pubkey"]),
                public(&["pkey", "-in", &key, "-pubout"]),
                "{command} {name}"
            );
        }
    }
    let left = std::fs::read_dir(site.path("anna@example.net")).expect("it is there");
    assert_eq!(left.count(), 3, "the certificate, its key and the chain");
    // The renewed admin is still the admin.
    let mut command = site.client_command_as(&site.path("admin/client.toml"), &["actor", "list"]);
    run(&mut command).ok();
}

#[test]
fn the_key_of_an_encrypted_predecessor_is_asked_for_by_the_right_name() {
    let (site, _server) = Site::running(Algorithm::P256);
    for (file, text) in [("old", "one two three\n"), ("empty", "\n")] {
        std::fs::write(site.path(file), text).expect("the test directory is writable");
    }
    let name = "anna@example.net";
    site.issue("vpn-client", name, &["--key-passphrase-file", "old"]);
    let certificate = format!("{name}/{name}.pem");
    let rekey = |more: &[&str]| {
        let words = ["rekey", "--cert", &certificate, "--out", "new"];
        site.client(&[&words[..], more].concat())
    };
    rekey(&[]).refused(2, &["encrypted", "--old-key-passphrase-file"]);
    rekey(&["--old-key-passphrase-file", "empty"]).refused(2, &["is empty"]);
    rekey(&["--old-key-passphrase-file", "none"]).refused(2, &["none"]);
    site.client(&["renew", "--cert", &certificate, "--out", "new"])
        .refused(2, &["with --key-passphrase-file"]);
    assert!(!site.path("new").exists());
    let done = rekey(&["--old-key-passphrase-file", "old"]).ok();
    let warning = "the old key is encrypted, the new one is not";
    assert!(done.stderr.contains(warning), "{done}");
}

#[test]
fn crls_by_name_leave_those_of_all_cas_alone() {
    let site = Site::init(InitOptions {
        algorithm: Algorithm::P256,
        publish_url: None,
        more: &[],
    });
    let _server = site.serve();
    let router = site.issuers()["router"].clone();
    site.client(&["crl", "fetch", &router, "--out", "crls"])
        .ok();
    assert!(site.path(&format!("crls/{router}.crl")).exists());
    let all = site.path("crls/crls.pem");
    assert!(!all.exists());
    site.client(&["crl", "fetch", "--out", "crls"]).ok();
    let before = std::fs::read_to_string(&all).expect("fetch wrote it");
    assert_eq!(
        before.matches("BEGIN X509 CRL").count(),
        site.issuers().len()
    );
    site.client(&["crl", "fetch", &router, "--out", "crls"])
        .ok();
    let after = std::fs::read_to_string(&all).expect("it is still there");
    assert_eq!(after, before);

    std::fs::write(site.path("munich.csr"), "none\n").expect("the test directory is writable");
    site.client(&["crl", "show", "munich.csr"])
        .refused(1, &["wanted one CRL in PEM or DER"]);
    site.client(&["crl", "fetch", "nope-1", "--out", "other"])
        .refused(1, &["nope-1"]);
    assert!(!site.path("other").exists());
}

#[test]
fn a_revocation_shows_its_reason_and_keeps_it() {
    let (site, _server) = Site::running(Algorithm::P256);
    let serial = word(
        &site.issue("router", "berlin-01.example.net", &[]),
        "serial",
    );
    let revoke = |reason: &str| {
        let words = ["revoke", "--serial", &serial, "--reason", reason];
        site.client(&words).ok()
    };
    let first = revoke("superseded");
    assert!(first.stdout.contains("  superseded  "), "{first}");
    assert_eq!(first.stderr, "");
    assert_eq!(revoke("superseded"), first);
    let other = revoke("key-compromise");
    assert_eq!(other.stdout, first.stdout);
    assert!(other.stderr.contains("revoked already"), "{other}");
}

#[test]
fn a_refused_command_leaves_no_empty_directory() {
    let (site, _server) = Site::running(Algorithm::P256);
    site.client(&[
        "issue",
        "--profile",
        "no-such-profile",
        "--name",
        "berlin-01.example.net",
        "--out",
        "one/two",
    ])
    .refused(1, &["no-such-profile"]);
    assert!(!site.path("one").exists());
}

#[test]
fn an_output_that_cannot_be_written_is_said() {
    let (site, _server) = Site::running(Algorithm::P256);
    for words in [
        &["issuer", "list"][..],
        &["issuer", "list", "--output", "json"],
        &["show", "7f", "--output", "json"],
        &["--help"],
    ] {
        let full = std::fs::File::options().write(true).open("/dev/full");
        let mut command = site.client_command(words);
        let child = command
            .stdin(std::process::Stdio::null())
            .stdout(full.expect("it is always there"))
            .stderr(std::process::Stdio::piped())
            .spawn()
            .expect("it was built");
        let output = child.wait_with_output().expect("it ends");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(stderr.contains("error: "), "{words:?}: {stderr}");
        assert!(stderr.contains("hint: "), "{words:?}: {stderr}");
        assert_ne!(output.status.code(), Some(0), "{words:?}");
    }
}

#[test]
fn a_pkcs7_file_holds_the_certificate_and_its_chain() {
    let (site, _server) = Site::running(Algorithm::P256);
    let name = "berlin-01.example.net";
    site.issue("router", name, &[]);
    let certificate = format!("{name}/{name}.pem");
    site.client(&[
        "export",
        &certificate,
        "--format",
        "p7b",
        "--out",
        "chain.p7b",
    ])
    .ok();
    let read = |words: &[&str]| {
        let mut all = vec!["pkcs7", "-in", "chain.p7b", "-print_certs"];
        all.extend(words);
        openssl(&site.path(""), &all)
    };
    let printed = read(&["-inform", "DER"]).ok();
    let of = |text: &str, label: &str| text.matches(label).count();
    assert_eq!(of(&printed.stdout, "BEGIN CERTIFICATE"), 3, "{printed}");
    assert!(printed.stdout.contains(name), "{printed}");
}

#[test]
fn lists_tell_what_ends_soon_from_what_has_ended() {
    let (site, _server) = Site::running(Algorithm::P256);
    site.issue("router", "berlin-01.example.net", &["--days", "30"]);
    site.issue("router", "berlin-02.example.net", &["--days", "60"]);
    let names = |words: &[&str]| -> Vec<String> {
        let mut all = vec!["--profile", "router"];
        all.extend(words);
        let mut names: Vec<String> = list(&site, &all)
            .iter()
            .map(|row| word(row, "name"))
            .collect();
        names.sort();
        names
    };
    let both = ["berlin-01.example.net", "berlin-02.example.net"];
    assert_eq!(names(&["--expires-within", "400d"]), both);
    assert_eq!(names(&["--expires-within", "45d"]), both[..1]);
    assert!(names(&["--state", "expired"]).is_empty());
    site.client(&["list", "--expires-within", "3x"])
        .refused(2, &["such as 90m"]);
}
