//! Bundles: what a device takes, made by the real client, and taken by real programs.

mod profiles;
mod readers;
mod tunnels;

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use ca_tests::{Algorithm, Run, Site, run};
use serde_json::Value;

const PASSPHRASE: &str = "four words are enough";
const ANNA: &str = "anna@example.net";
/// All of this is allowed before the `@` of an address, and means something to some program.
const HOSTILE: &str = "o'brien.$x`y`{z}=#|%&!?~@example.net";

/// Writes a `[[vpn]]` section into the profile file of the admin.
fn add_vpn(site: &Site, name: &str, protocol: &str, more: &str) {
    let file = site.data().join("admin/client.toml");
    let text = fs::read_to_string(&file).expect("init wrote it");
    let section = format!("\n[[vpn]]\nname = \"{name}\"\nprotocol = \"{protocol}\"\n{more}\n");
    fs::write(&file, text + &section).expect("the test directory is writable");
}

/// A VPN at `vpn.example.net`, split.
fn add_office(site: &Site) {
    add_vpn(
        site,
        "Office",
        "ikev2",
        "gateway = \"vpn.example.net\"\nnetworks = [\"10.81.0.0/16\"]\ndns = [\"10.81.0.53\"]\ndomains = [\"corp.example.net\"]",
    );
}

/// Makes a bundle with the known passphrase, and returns its folder.
#[track_caller]
fn bundle(site: &Site, name: &str, target: &str, vpn: &str) -> PathBuf {
    let out = site.path(&format!("{name}-{target}-{}", vpn.replace(' ', "-")));
    let passphrase = passphrase_file(site);
    let (out_word, passphrase) = (text(&out), text(&passphrase));
    site.client(&[
        "bundle",
        name,
        "--target",
        target,
        "--vpn",
        vpn,
        "--replace",
        "--out",
        out_word,
        "--passphrase-file",
        passphrase,
    ])
    .ok();
    out
}

fn passphrase_file(site: &Site) -> PathBuf {
    let file = site.path("bundle-passphrase");
    fs::write(&file, format!("{PASSPHRASE}\n")).expect("the test directory is writable");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("the file is ours");
    file
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

/// Returns all files below a folder.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("it is a directory") {
        let path = entry.expect("it is readable").path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            files.push(path);
        }
    }
    files
}

#[test]
fn a_bundle_is_listed_private_and_never_written_over() {
    let (site, _server) = Site::running(Algorithm::P256);
    add_office(&site);
    let words = |more: &[&'static str]| {
        let mut words = vec![
            "bundle", ANNA, "--target", "windows", "--vpn", "Office", "--out", "anna",
        ];
        words.extend(more);
        run(&mut site.client_command(&words))
    };
    let made = words(&["--output", "json"]).ok();
    let passphrase = printed_passphrase(&made);
    let listed = listed_files(&made.json());
    assert_eq!(
        listed,
        [
            "anna@example.net.ps1",
            "anna@example.net.p12",
            "root.crt",
            "INSTALL.txt"
        ]
    );
    let folder = site.path("anna");
    let files = files_below(&folder);
    assert_eq!(
        files.len(),
        listed.len() + 3,
        "and the pair with its chain: {files:?}"
    );
    for file in &files {
        let octets = fs::read(file).expect("it was listed");
        let content = String::from_utf8_lossy(&octets);
        assert!(!content.contains(&passphrase), "{}", file.display());
        assert!(!content.contains("BEGIN PRIVATE KEY"), "{}", file.display());
        let mode = fs::metadata(file)
            .expect("it was listed")
            .permissions()
            .mode();
        let name = file
            .file_name()
            .and_then(|name| name.to_str())
            .expect("UTF-8");
        let is_public = [
            "root.crt",
            "INSTALL.txt",
            "chain.pem",
            "anna@example.net.pem",
        ]
        .contains(&name);
        assert_eq!(mode & 0o077 == 0, !is_public, "{}", file.display());
    }

    words(&[]).refused(2, &["is there already", "--force"]);
}

#[test]
fn a_certificate_that_is_there_is_packed_while_it_is_valid() {
    let (site, _server) = Site::running(Algorithm::P256);
    add_office(&site);
    let words = [
        "bundle", ANNA, "--target", "windows", "--vpn", "Office", "--out", "anna", "--output",
        "json",
    ];
    let made = site.client(&words).ok();
    let passphrase = printed_passphrase(&made);
    // Another folder, and a certificate that is there: nothing new is issued.
    let serial = made.json()["certificate"]["serial"].clone();
    let again = site.client_json(&[
        "bundle",
        "--cert",
        "anna/anna@example.net.pem",
        "--target",
        "linux",
        "--vpn",
        "Office",
        "--out",
        "again",
        "--passphrase-file",
        text(&written(&site, &passphrase)),
    ]);
    assert_eq!(again["certificate"]["serial"], serial);
    assert_eq!(
        site.client_json(&["list", "--name", ANNA])
            .as_array()
            .map(Vec::len),
        Some(1)
    );

    site.client(&["revoke", "--name", ANNA]).ok();
    site.client(&[
        "bundle",
        "--cert",
        "anna/anna@example.net.pem",
        "--target",
        "linux",
        "--vpn",
        "Office",
        "--out",
        "third",
        "--passphrase-file",
        text(&written(&site, &passphrase)),
    ])
    .refused(1, &["it is revoked: no gateway takes it"]);
    assert!(!site.path("third").exists());
}

#[test]
fn what_does_not_fit_is_refused_before_anything_is_made() {
    let (site, _server) = Site::running(Algorithm::P256);
    add_office(&site);
    add_vpn(&site, "Old office", "sstp", "gateway = \"vpn.example.net\"");
    add_vpn(
        &site,
        "Nowhere",
        "ikev2",
        "gateway = \"vpn.example.net\"\ngateway-class = \"no-class\"",
    );
    let refuse = |more: &[&str], parts: &[&str]| {
        let mut words = vec!["bundle", ANNA, "--out", "anna"];
        words.extend(more);
        site.client(&words).refused(2, parts);
        assert!(!site.path("anna").exists());
    };
    refuse(
        &["--target", "ios", "--vpn", "office"],
        &["no [[vpn]] `office`", "there are: Office, Old office"],
    );
    refuse(
        &["--target", "ios", "--vpn", "Old office"],
        &["target `ios` takes ikev2, vpn `Old office` is sstp"],
    );
    refuse(
        &["--target", "openvpn", "--vpn", "Office"],
        &["takes openvpn", "every target but openvpn takes ikev2"],
    );
    refuse(
        &[
            "--target",
            "windows",
            "--vpn",
            "Old office",
            "--store",
            "machine",
        ],
        &["sstp dials in as a person"],
    );
    refuse(
        &["--target", "ios", "--vpn", "Office", "--store", "user"],
        &["--store` is for the target `windows`"],
    );
    refuse(
        &["--target", "windows", "--vpn", "Nowhere"],
        &["no CA issues for gateways of the class `no-class`"],
    );
    // The rules of the target are run by the CA, before it signs.
    site.client(&[
        "bundle",
        "a*b@example.net",
        "--target",
        "linux",
        "--vpn",
        "Office",
        "--out",
        "anna",
    ])
    .refused(1, &["it would not work: strongswan: no-wildcard"]);
    assert!(!site.path("anna").exists());
    assert_eq!(
        site.client_json(&["list", "--profile", "vpn-client"]),
        Value::Array(Vec::new())
    );
}

#[test]
fn an_interrupted_bundle_goes_on_with_its_certificate() {
    let (site, _server) = Site::running(Algorithm::P256);
    add_office(&site);
    // Something else has the name of the last file: the certificate is there, and the bundle is not.
    let folder = site.path("anna");
    let obstacle = folder.join("INSTALL.txt");
    fs::create_dir_all(&obstacle).expect("the test directory is writable");
    let passphrase = passphrase_file(&site);
    let words = |more: &[&str]| {
        let mut words = vec![
            "bundle",
            ANNA,
            "--target",
            "android",
            "--vpn",
            "Office",
            "--out",
            "anna",
            "--passphrase-file",
            text(&passphrase),
        ];
        words.extend(more);
        site.client(&words)
    };
    words(&["--force"]).refused(2, &["INSTALL.txt"]);
    let serials = || {
        let rows = site.client_json(&["list", "--name", ANNA]);
        let rows = rows.as_array().cloned().unwrap_or_default();
        rows.iter()
            .map(|row| row["serial"].clone())
            .collect::<Vec<_>>()
    };
    let before = serials();
    assert_eq!(before.len(), 1);
    fs::remove_dir(&obstacle).expect("it is empty");
    let again = words(&["--output", "json"]).ok();
    assert!(
        again.stderr.contains("going on with the pending request"),
        "{again}"
    );
    assert_eq!(serials(), before);
    assert_eq!(again.json()["certificate"]["serial"], before[0]);
    assert!(!folder.join(format!("{ANNA}.pending")).exists());
    assert!(obstacle.is_file());
}

#[track_caller]
fn printed_passphrase(run: &Run) -> String {
    let mut lines = run
        .stderr
        .lines()
        .filter_map(|line| line.strip_prefix("passphrase: "));
    let passphrase = lines.next().expect("it is printed").to_owned();
    assert_eq!(lines.next(), None, "it is printed once");
    // Five bits a letter.
    let letters = passphrase
        .chars()
        .filter(|c| c.is_ascii_alphanumeric())
        .count();
    assert!(letters * 5 >= 128, "{passphrase}");
    passphrase
}

fn written(site: &Site, passphrase: &str) -> PathBuf {
    let file = site.path("printed-passphrase");
    fs::write(&file, passphrase).expect("the test directory is writable");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("the file is ours");
    file
}

fn listed_files(document: &Value) -> Vec<String> {
    let files = document["files"].as_array().expect("a list");
    files
        .iter()
        .map(|file| {
            let path = Path::new(file["file"].as_str().expect("a text"));
            let name = path.file_name().and_then(|name| name.to_str());
            name.expect("UTF-8").to_owned()
        })
        .collect()
}
