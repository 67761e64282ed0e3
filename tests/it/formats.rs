//! Formats that last: what earlier builds wrote is opened, what later ones will write is refused by name.

use std::path::{Path, PathBuf};
use std::process::Command;

use ca_server::settings::Settings;
use ca_tests::{Algorithm, InitOptions, Site, copy, program, repository, run};
use ca_verify::{CertificateList, Checkpoint};
use serde_json::Value;

fn vector(format: &str) -> PathBuf {
    repository().join("tests/vectors/data").join(format)
}

/// A copy of the data directory of a format, with ports of its own.
fn site_of(format: &str) -> Site {
    let site = Site::empty();
    copy(&vector(format).join("data"), &site.data());
    std::fs::create_dir(site.data().join("tls")).expect("the test directory is writable");
    let path = site.data().join("ca-server.toml");
    let ports = site.ports();
    let text = std::fs::read_to_string(&path).expect("it has settings");
    let text = text
        .replace(":19001", &format!(":{}", ports.grpc))
        .replace(":19002", &format!(":{}", ports.http))
        .replace(":19003", &format!(":{}", ports.operations));
    std::fs::write(&path, text).expect("the test directory is writable");
    site
}

fn entries(jsonl: &str) -> Vec<Value> {
    jsonl
        .lines()
        .skip(1)
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON")["entry"].clone())
        .collect()
}

#[test]
fn what_format_one_wrote_is_opened() {
    let site = site_of("FORMAT-1");
    let passphrase = site.passphrase();
    let passphrase = passphrase.to_str().expect("a path in ASCII");
    let words = [
        "admin",
        "recover",
        "--output",
        "json",
        "--passphrase-file",
        passphrase,
    ];
    let admin = site.server_command(&words).ok().json();
    let server = site.serve();
    let profile = PathBuf::from(admin["profile_file"].as_str().expect("a path"));
    let mut list = site.client_command_as(&profile, &["list", "--output", "json"]);
    let rows = run(&mut list).ok().json();
    let of_devices: Vec<(&str, bool)> = rows
        .as_array()
        .expect("a list")
        .iter()
        .filter(|row| {
            !row["profile"]
                .as_str()
                .expect("text")
                .starts_with("control")
        })
        .map(|row| {
            (
                row["name"].as_str().expect("text"),
                row["state"] == "revoked",
            )
        })
        .collect();
    assert_eq!(
        of_devices,
        [
            ("berlin.example.net", false),
            ("anna@example.net", false),
            ("munich.example.net", true),
            ("berlin.example.net", false),
        ]
    );
    let exported = site.server_command(&["store", "export", "--out", "-"]).ok();
    drop(server);
    let then = std::fs::read_to_string(vector("FORMAT-1").join("log.jsonl")).expect("it is there");
    let (then, now) = (entries(&then), entries(&exported.stdout));
    assert_eq!(now[..then.len()], then, "no leaf reads otherwise");

    let log = vector("FORMAT-1").join("log.jsonl");
    let mut import = Command::new(program("ca-server"));
    import
        .args(["store", "import"])
        .arg(log)
        .arg("--data")
        .arg(site.path("copy"));
    run(&mut import).ok();
}

/// The first version has no mark that keeps servers off what `tar` makes of it.
#[test]
fn a_backup_of_every_version_is_put_back() {
    for (format, version) in [("FORMAT-1", 1), ("FORMAT-2", 2)] {
        let backup = vector(format).join("backup.tar");
        let octets = std::fs::read(&backup).expect("it is there");
        let said = format!("\"version\": {version},");
        let is_said = octets
            .windows(said.len())
            .any(|part| part == said.as_bytes());
        assert!(is_said, "{format} is of another version");
        let site = Site::empty();
        let crls = vector(format).join("data/crl");
        let mut restore = Command::new(program("ca-server"));
        restore
            .args(["backup", "restore", "--output", "json"])
            .arg(&backup)
            .arg("--data")
            .arg(site.data())
            .arg("--published-crl")
            .arg(&crls)
            .arg("--passphrase-file")
            .arg(vector(format).join("passphrase"));
        let restored = run(&mut restore).ok().json();
        assert_eq!(
            restored["unseen_serials"],
            serde_json::json!([]),
            "{format}"
        );
        assert!(!site.data().join("log/not-restored").exists(), "{format}");
        // A restore is the first that writes behind it.
        site.server_command(&["store", "rebuild"]).ok();
    }
}

#[test]
fn a_newer_format_of_the_log_is_refused_by_name() {
    let site = Site::new(Algorithm::P256);
    let segment = site.data().join("log/00000000000000000000.log");
    let mut octets = std::fs::read(&segment).expect("init wrote it");
    // The format stands behind the twelve octets of the magic.
    octets[13] = 2;
    std::fs::write(&segment, octets).expect("the test directory is writable");
    let passphrase = site.passphrase();
    let passphrase = passphrase.to_str().expect("a path in ASCII");
    for words in [
        vec!["serve", "--passphrase-file", passphrase],
        vec!["admin", "recover", "--passphrase-file", passphrase],
        vec!["backup", "create", "--out", "-"],
        vec!["store", "export", "--out", "-"],
    ] {
        site.server_command(&words)
            .refused(2, &["log format 2, this build knows format 1"]);
    }
}

/// What a server and its admin keep: whoever finds a file alone can tell what it is, and of which version.
#[test]
fn every_file_says_its_format() {
    let site = Site::init(InitOptions {
        algorithm: Algorithm::P256,
        publish_url: None,
        more: &[],
    });
    let server = site.serve();
    site.issue("router", "berlin.example.net", &[]);
    site.client(&["audit", "verify"]).ok();
    server.terminate();
    let mut files = Vec::new();
    collect(&site.data(), &mut files);
    for path in files {
        let octets = std::fs::read(&path).expect("it is readable");
        let name = path.strip_prefix(site.data()).expect("it is below");
        let is_said = says_its_format(name, &path, &octets);
        assert!(is_said, "{}: no magic, no version", name.display());
    }
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).expect("it is a directory") {
        let path = entry.expect("it is readable").path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
}

/// Tells whether a file is one of those in the table of docs/data-model.md, and begins as it says there.
fn says_its_format(name: &Path, path: &Path, octets: &[u8]) -> bool {
    let text = std::str::from_utf8(octets).unwrap_or_default();
    let folder = name.parent().and_then(Path::to_str).expect("ASCII");
    let file = name.file_name().and_then(|name| name.to_str());
    let ending = name.extension().and_then(|ending| ending.to_str());
    match (folder, file.expect("ASCII"), ending) {
        // Nothing is ever read of these, or by a person only.
        ("" | "log", "lock", _) => octets.is_empty(),
        ("log", "reserve", _) | ("root-offline", "passphrase", _) => true,
        ("log", "checkpoint", _) | ("admin", _, Some("checkpoint")) => {
            Checkpoint::from_note(text).is_ok()
        }
        ("log", "key", _) => text.starts_with("fleet-ca log key v1\n"),
        ("log", _, Some("log")) => octets.starts_with(b"FleetCA.log\n\x00\x01"),
        ("admin", _, Some("tree")) => octets.starts_with(b"fleet-ca tree v1\n"),
        ("crl", _, Some("crl")) => CertificateList::from_der(octets).is_ok(),
        ("keys" | "root-offline" | "tls" | "admin", _, Some("key" | "pem")) => {
            text.starts_with("-----BEGIN ")
        }
        ("", "ca-server.toml", _) => Settings::parse(path, octets).is_ok(),
        ("admin", "client.toml", _) => text.starts_with("# Profile of ca-client: "),
        // The files of sled begin as sled wants; its rows have our magic and format.
        (index, "conf", _) if index.starts_with("index-") => {
            String::from_utf8_lossy(octets).contains("\nversion: 0.34\n")
        }
        (index, name, _) => {
            index.starts_with("index-") && (name == "db" || name.starts_with("snap."))
        }
    }
}
