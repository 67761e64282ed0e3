//! A damaged log: named, what is sound of it saved as a backup, and that put back like any other.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::time::Duration;

use ca_tests::{Algorithm, Run, Site, copy, first_ca, program, run, until};
use ca_verify::CertificateList;
use serde_json::Value;

use crate::offline_root::Offline;

static ROUTERS: LazyLock<String> = LazyLock::new(|| first_ca("router"));

fn text(path: &Path) -> &str {
    path.to_str().expect("the test directory is text")
}

fn name(number: u32) -> String {
    format!("router-{number}.example.net")
}

fn list(crl: &[u8]) -> CertificateList {
    CertificateList::from_der(crl).expect("a CRL")
}

/// Waits until the CRL of the routers has so many entries.
fn crl_with(site: &Site, entries: usize) -> CertificateList {
    until(Duration::from_secs(60), "the CRL is published", || {
        let crl = list(&site.crl(&ROUTERS));
        (crl.len() == entries).then_some(crl)
    })
}

/// Turns a bit of the leaf that issued to this name.
fn damage(site: &Site, name: &str) {
    let segment = site.data().join("log/00000000000000000000.log");
    let mut octets = std::fs::read(&segment).expect("the log is there");
    let found = octets
        .windows(name.len())
        .position(|window| window == name.as_bytes());
    octets[found.expect("it was issued")] ^= 1;
    std::fs::write(&segment, octets).expect("the test directory is writable");
}

/// What a person does with a damaged log: it is named, looked through, saved elsewhere, and what was saved is put back.
#[test]
fn what_is_saved_of_a_damaged_log_is_served_only_after_a_restore() {
    let (site, server) = Site::running(Algorithm::P256);
    for number in 0..6 {
        site.issue("router", &name(number), &[]);
    }
    site.server_command(&["store", "verify"]).ok();
    site.server_command(&["store", "rebuild"])
        .refused(2, &["in use by another ca-server"]);
    let older = site.crl(&ROUTERS);
    site.client(&["revoke", "--name", &name(1)]).ok();
    let published = crl_with(&site, 1);
    revoke_a_ca(&site);
    server.terminate();
    site.server_command(&["store", "rebuild"]).ok();

    damage(&site, &name(3));
    let refused = site.try_serve().expect_err("a damaged log is not served");
    assert!(refused.contains("damaged at octet"), "{refused}");
    let found = site.server_command(&["store", "verify"]);
    assert_eq!(found.code, Some(1), "{found:?}");
    assert!(found.stdout.contains("damaged"), "{found:?}");

    let out = site.path("saved");
    let words = ["store", "salvage", "--out", text(&out), "--output", "json"];
    let saved = site.server_command(&words).ok().json();
    let number = |key: &str| {
        saved[key]
            .as_u64()
            .unwrap_or_else(|| panic!("{key}: {saved}"))
    };
    assert!(number("leaves_behind") >= 3, "{saved}");
    assert!(number("signed_leaves") > number("leaves"), "{saved}");
    assert!(!out.join("log").exists(), "a log that nobody restored");
    site.server_command(&words[..4])
        .refused(2, &["saved", "nothing is overwritten"]);
    refuses_a_log_put_there_by_hand(&site, &out);

    std::fs::rename(site.data(), site.path("damaged")).expect("the test directory is writable");
    restores_only_with_the_newest_crls(&site, &saved, &older);
    goes_on(&site, &saved, &published);
}

/// The root revokes the CA of the VPN clients.
fn revoke_a_ca(site: &Site) {
    let offline = Offline::of(site);
    let id = &site.issuers()["vpn-client"];
    let request = ["crl", "request", "--out", "root.request", "--revoke", id];
    site.client(&request).ok();
    let crl = ["crl", "--request", "root.request", "--out", "root.answer"];
    offline
        .ceremony(site, &[&crl[..], &["--yes"]].concat())
        .ok();
    site.client(&["crl", "install", "root.answer"]).ok();
}

/// A backup is an ordinary tar: someone takes the log out of it and puts it in the place of the damaged one.
fn refuses_a_log_put_there_by_hand(site: &Site, out: &Path) {
    let unpacked = site.path("unpacked");
    std::fs::create_dir(&unpacked).expect("the test directory is writable");
    let mut tar = Command::new("tar");
    tar.arg("-xf").arg(out.join("salvaged.tar"));
    run(tar.args(["-C", text(&unpacked)])).ok();
    let (log, damaged) = (site.data().join("log"), site.path("damaged-log"));
    std::fs::rename(&log, &damaged).expect("the test directory is writable");
    copy(&unpacked.join("fleet-ca-backup/log"), &log);
    std::fs::copy(damaged.join("checkpoint"), log.join("checkpoint")).expect("it is there");
    let refused = site.try_serve().expect_err("it comes from a backup");
    assert!(refused.contains("taken out of a backup"), "{refused}");
    // Who takes that away too still does not get it served.
    std::fs::remove_file(log.join("not-restored")).expect("it is in every backup");
    let refused = site
        .try_serve()
        .expect_err("it was signed with more leaves");
    assert!(refused.contains("ends before"), "{refused}");
    std::fs::remove_file(log.join("checkpoint")).expect("it is ours");
    let refused = site.try_serve().expect_err("a CRL is newer than the log");
    assert!(refused.contains("an older log was put here"), "{refused}");
    std::fs::remove_dir_all(&log).expect("it is ours");
    std::fs::rename(&damaged, &log).expect("the test directory is writable");
}

fn restore(site: &Site, saved: &Value, more: &[&str]) -> Run {
    let mut command = Command::new(program("ca-server"));
    command
        .args(["backup", "restore", "--output", "json"])
        .arg(saved["backup"].as_str().expect("a path"))
        .arg("--data")
        .arg(site.data())
        .arg("--passphrase-file")
        .arg(site.passphrase())
        .args(more);
    run(&mut command)
}

fn restores_only_with_the_newest_crls(site: &Site, saved: &Value, older: &[u8]) {
    let refused = restore(site, saved, &[]);
    assert_eq!(refused.code, Some(1), "{refused}");
    assert!(refused.stdout.contains("no current CRL of"), "{refused}");
    // The log that was saved does not know that this CRL is not the newest, but the backup keeps a newer one.
    let crls = site.path("crls");
    copy(&site.path("damaged/crl"), &crls);
    std::fs::write(crls.join(format!("{}.crl", *ROUTERS)), older).expect("it is ours");
    let refused = restore(site, saved, &["--published-crl", text(&crls)]);
    assert_eq!(refused.code, Some(1), "{refused}");
    assert!(refused.stdout.contains("is not current"), "{refused}");
    assert!(!site.data().exists(), "a refused restore leaves nothing");

    // Whoever accepts a loss still loses nothing that the data directory knows.
    let since = saved["contents"]["last_time"].as_str().expect("a time");
    let lost = restore(site, saved, &["--accept-lost-since", since])
        .ok()
        .json();
    let routers = lost["issuers"].as_array().expect("a list").iter();
    let routers = routers.clone().find(|row| row["issuer_id"] == *ROUTERS);
    let routers = routers.expect("the CA of the routers");
    assert_eq!(routers["has_crl"], false, "{lost}");
    assert_eq!(routers["reapplied"], 1, "{lost}");
    std::fs::remove_dir_all(site.data()).expect("it is ours");
}

/// Puts back what was saved, and everything that is known comes back.
fn goes_on(site: &Site, saved: &Value, published: &CertificateList) {
    let crls = site.path("damaged/crl");
    let restored = restore(site, saved, &["--published-crl", text(&crls)]);
    let restored = restored.ok().json();
    assert_eq!(
        restored["revoked_issuers"],
        serde_json::json!([first_ca("vpn-client")])
    );
    assert_eq!(restored["unseen_serials"], serde_json::json!([]));
    let server = site.serve();
    let crl = list(&site.crl(&ROUTERS));
    assert_eq!(crl.len(), 1);
    assert!(crl.number() >= published.number());
    let admin = PathBuf::from(restored["admin"]["profile_file"].as_str().expect("a path"));
    let client = |words: &[&str]| {
        let mut command = site.client_command_as(&admin, words);
        run(command.args(["--output", "json"])).ok().json()
    };
    let routers = |more: &[&str]| {
        let rows = client(&[&["list", "--profile", "router"], more].concat());
        rows.as_array().map(Vec::len)
    };
    assert_eq!(routers(&[]), Some(3));
    let behind = saved["certificates"].as_str().expect("a path");
    let taken = client(&["audit", "submit", behind]);
    assert_eq!(taken.as_array().map(Vec::len), Some(2), "{taken}");
    // The damaged leaf itself is lost; who holds the certificate hands it in.
    let held = site.path(&format!("{0}/{0}.pem", name(3)));
    client(&["audit", "submit", text(&held)]);
    assert_eq!(routers(&[]), Some(6));
    assert_eq!(routers(&["--state", "valid"]), Some(5));
    client(&["revoke", "--name", &name(0)]);
    assert!(crl_with(site, 2).number() > published.number());
    server.terminate();
    let audited = site.server_command(&["audit", "verify"]).ok();
    assert!(audited.stdout.contains("sound"), "{audited}");
}
