//! Formats that last: what earlier builds wrote is opened, what later ones will write is refused by name.

use std::path::PathBuf;
use std::process::Command;

use ca_tests::{Algorithm, Site, copy, program, repository, run};
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

    let backup = vector("FORMAT-1").join("backup.tar");
    run(Command::new(program("ca-server"))
        .args(["backup", "verify"])
        .arg(&backup))
    .ok();
    let log = vector("FORMAT-1").join("log.jsonl");
    let mut import = Command::new(program("ca-server"));
    import
        .args(["store", "import"])
        .arg(log)
        .arg("--data")
        .arg(site.path("copy"));
    run(&mut import).ok();
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
