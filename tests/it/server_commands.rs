//! The contract of `ca-server`: files, exit codes, readiness.

use std::{path::Path, process::Command, time::Duration};

use ca_tests::{Algorithm, InitOptions, Site, openssl, run};

use crate::files::mode_of;

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
        // Four issuing CAs and the log.
        assert_eq!(keys, if folder == "keys" { 5 } else { 1 }, "{folder}");
    }
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
fn a_missing_passphrase_is_an_error_with_a_hint() {
    let site = Site::new(Algorithm::P256);
    site.server_command(&["serve"])
        .refused(1, &["--passphrase-file"]);
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
    let recovered = site.server_command(&words).ok();
    let _server = site.serve();
    let found = profiles(&site)
        .into_iter()
        .filter(|path| !before.contains(path))
        .chain([site.data().join("admin/client.toml")])
        .find(|path| {
            let mut list = site.client_command_as(path, &["list"]);
            run(&mut list).code == Some(0)
        });
    assert!(found.is_some(), "no profile file lets one in: {recovered}");
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
