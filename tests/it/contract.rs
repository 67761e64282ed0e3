//! The command-line contract that scripts and packagers rely on.

use std::{os::unix::fs::PermissionsExt as _, path::Path, process::Command, time::Duration};

use ca_tests::{Algorithm, InitOptions, Key, Run, Site, openssl, program, run};
use serde_json::Value;

use crate::rows::{list, word};

#[test]
fn init_writes_exactly_the_agreed_files() {
    let site = Site::empty();
    let run = site
        .run_init(InitOptions {
            algorithm: Algorithm::P256,
            publish_url: Some("http://pki.example.net"),
            more: &[],
        })
        .ok();
    let talk = format!("{}{}", run.stdout, run.stderr);
    for word in ["ca-server serve", "root-offline", "ca-client"] {
        assert!(talk.contains(word), "no `{word}`: {run}");
    }
    for (file, mode) in [
        ("ca-server.toml", 0o644),
        ("admin/client.toml", 0o644),
        ("admin/admin.pem", 0o644),
        ("admin/admin.key", 0o600),
        ("admin/ca.pem", 0o644),
        ("tls/server.key", 0o600),
        ("root-offline/passphrase", 0o600),
    ] {
        let found = mode_of(&site.data().join(file));
        assert_eq!(found & !0o044, mode & !0o044, "{file}: {found:o}");
    }
    for folder in ["keys", "root-offline"] {
        let mut keys = 0;
        for entry in std::fs::read_dir(site.data().join(folder)).expect("init made it") {
            let path = entry.expect("it is readable").path();
            assert_eq!(mode_of(&path), 0o600, "{}", path.display());
            if path.extension().is_some_and(|end| end == "key") {
                keys += 1;
                opens_with_its_passphrase(&site, folder, &path);
            }
        }
        assert_eq!(keys, if folder == "keys" { 4 } else { 1 }, "{folder}");
    }
}

fn mode_of(path: &Path) -> u32 {
    let found =
        std::fs::metadata(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    found.permissions().mode() & 0o777
}

/// OpenSSL opens the key with its passphrase, and with no other.
fn opens_with_its_passphrase(site: &Site, folder: &str, key: &Path) {
    let own = match folder {
        "keys" => site.passphrase(),
        _ => site.data().join("root-offline/passphrase"),
    };
    let key = key.display().to_string();
    let open = |pass: &str| {
        openssl(
            &site.path(""),
            &["pkey", "-in", &key, "-noout", "-passin", pass],
        )
    };
    open(&format!("file:{}", own.display())).ok();
    assert_ne!(open("pass:another").code, Some(0), "{key}");
}

#[test]
fn init_leaves_a_directory_in_use_alone() {
    let site = Site::empty();
    std::fs::create_dir(site.data()).expect("the test directory is writable");
    std::fs::write(site.data().join("mine"), "text").expect("the test directory is writable");
    let options = InitOptions {
        algorithm: Algorithm::P256,
        publish_url: Some("http://pki.example.net"),
        more: &[],
    };
    let run = site.run_init(options);
    assert_ne!(run.code, Some(0), "{run}");
    let left: Vec<_> = std::fs::read_dir(site.data())
        .expect("it is there")
        .map(|entry| entry.expect("it is readable").file_name())
        .collect();
    assert_eq!(left, ["mine"]);
}

#[test]
fn the_server_says_ready_and_ends_when_asked() {
    let (site, server) = Site::running(Algorithm::P256);
    for issuer in site.issuers().values() {
        site.crl(issuer);
    }
    assert_eq!(server.further_output(), Vec::<String>::new());
    let (status, took) = server.terminate();
    assert_eq!(status.code(), Some(0));
    assert!(took < Duration::from_secs(10), "{took:?}");
}

#[test]
fn the_server_starts_without_the_root_key() {
    let site = Site::new(Algorithm::P256);
    let server = site.serve();
    assert!(server.log().contains("root-offline"), "{}", server.log());
    server.terminate();
    std::fs::remove_dir_all(site.data().join("root-offline")).expect("it is ours");
    let server = site.serve();
    assert!(!server.log().contains("root-offline"), "{}", server.log());
    site.issue("router", "berlin-01.example.net", &[]);
}

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
fn a_missing_passphrase_is_an_error_with_a_hint() {
    let site = Site::new(Algorithm::P256);
    let run = site.server_command(&["serve"]);
    run.refused(2, &["--passphrase-file"]);
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
    let name = "berlin-01.example.net";
    site.issue("router", name, &[]);
    let cert = format!("{name}/{name}.pem");
    let key = format!("{name}/{name}.key");
    for (command, same) in [("renew", true), ("rekey", false)] {
        site.client(&[command, "--cert", &cert, "--key", &key, "--out", command])
            .ok();
        let public = |file: &str| {
            openssl(&site.path(""), &["x509", "-in", file, "-noout", "-pubkey"])
                .ok()
                .stdout
        };
        let successor = format!("{command}/{name}.pem");
        assert_eq!(public(&cert) == public(&successor), same, "{command}");
    }
    // A successor is valid beside its predecessor.
    assert_eq!(list(&site, &["--name", name, "--state", "valid"]).len(), 3);
    site.client(&[
        "issue",
        "--profile",
        "router",
        "--name",
        name,
        "--replace",
        "--out",
        "replaced",
    ])
    .ok();
    assert_eq!(list(&site, &["--name", name, "--state", "valid"]).len(), 1);
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
fn check_is_content_with_a_running_server() {
    let site = Site::init(InitOptions {
        algorithm: Algorithm::P256,
        publish_url: None,
        more: &["--domain", "example.net"],
    });
    let _server = site.serve();
    site.issue("router", "berlin-01.example.net", &[]);
    let run = site.server_command(&["check"]);
    assert_eq!(run.code, Some(0), "{run}");
    let talk = format!("{}{}", run.stdout, run.stderr);
    assert!(talk.contains("root-offline"), "{run}");
    site.client(&[
        "issue",
        "--profile",
        "router",
        "--name",
        "berlin-01.example.org",
        "--out",
        "out",
    ])
    .refused(1, &["berlin-01.example.org"]);
}

#[test]
fn check_finds_a_crl_that_nobody_serves() {
    let site = Site::init(InitOptions {
        algorithm: Algorithm::P256,
        publish_url: None,
        more: &[],
    });
    let run = site.server_command(&["check"]);
    assert_eq!(run.code, Some(1), "{run}");
}

#[test]
fn the_last_admin_is_recovered_on_the_console() {
    let site = Site::new(Algorithm::P256);
    let server = site.serve();
    let words = ["admin", "recover", "--passphrase-file"];
    let passphrase = site.passphrase().display().to_string();
    let words: Vec<&str> = words.into_iter().chain([passphrase.as_str()]).collect();
    site.server_command(&words).refused(2, &[]);
    server.terminate();

    let before: Vec<_> = profiles(&site);
    std::fs::remove_file(site.data().join("admin/admin.key")).expect("it is there");
    let run = site.server_command(&words).ok();
    let _server = site.serve();
    let found = profiles(&site)
        .into_iter()
        .filter(|path| !before.contains(path))
        .chain([site.data().join("admin/client.toml")])
        .find(|path| {
            let mut list = site.client_command_as(path, &["list"]);
            ca_tests::run(&mut list).code == Some(0)
        });
    assert!(found.is_some(), "no profile file lets one in: {run}");
}

/// Returns the profile files below the data directory.
fn profiles(site: &Site) -> Vec<std::path::PathBuf> {
    let run = run(Command::new("find")
        .arg(site.data())
        .args(["-name", "*.toml"]))
    .ok();
    run.stdout
        .lines()
        .map(std::path::PathBuf::from)
        .filter(|path| !path.ends_with("ca-server.toml"))
        .collect()
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
        ca_tests::run(&mut command)
    };
    issue("router", "berlin-01.example.net").ok();
    issue("router", "munich-01.example.net").refused(1, &[]);
    issue("vpn-server", "berlin-02.example.net").refused(1, &[]);
    let mut remove = site.client_command_as(&profile, &["actor", "remove", "admin"]);
    ca_tests::run(&mut remove).refused(1, &[]);
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
    ca_tests::run(&mut after).refused(1, &[]);
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
