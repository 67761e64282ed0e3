//! Ceremonies that stop in between: whatever step they died after, the same command goes on or says why not.

use std::fs;
use std::path::{Path, PathBuf};

use ca_tests::{Algorithm, Site};
use ca_verify::CertificateList;

use crate::offline_root::{Offline, installed, requested, state, year};

/// Lists the files of a folder that a ceremony keeps.
fn kept(folder: &Path) -> Vec<PathBuf> {
    let records = fs::read_dir(folder.join("ceremonies"));
    let mut paths: Vec<PathBuf> = records
        .expect("something was signed")
        .map(|entry| entry.expect("readable").path())
        .collect();
    paths.sort();
    paths
}

#[test]
fn a_ca_is_asked_for_once_and_can_be_given_up() {
    let (site, server) = Site::running(Algorithm::P256);
    let offline = Offline::of(&site);
    let id = requested(&site, "router", "Site Berlin");
    let again = ["issuer", "create", "--class", "router", "--name"];
    site.client(&[&again[..], &["Site Berlin"]].concat())
        .refused(1, &["Site Berlin", "is requested already", &id]);
    // Another class, another name, and none: these are others.
    requested(&site, "vpn-client", "Site Berlin");
    requested(&site, "router", "Site Munich");
    site.client(&again[..4]).ok();
    site.client(&again[..4])
        .refused(1, &["is requested already"]);

    // The root has signed, and its answer comes when nobody wants it any more.
    let (request, answer) = (format!("{id}.request"), format!("{id}.answer"));
    offline.sign(&site, &request, &answer).ok();
    let key = site.data().join("keys").join(format!("{id}.key"));
    assert!(key.exists());
    let gone = site.client_json(&["issuer", "retire", &id]);
    assert_eq!(gone["state"], "retired", "{gone}");
    assert!(!key.exists(), "the key of a CA that never was");
    let refused = |words: &[&str]| {
        site.client(words).refused(1, &[&id, "withdrawn"]);
    };
    refused(&["issuer", "install", &answer]);
    refused(&["issuer", "request", &id, "--out", "again.request"]);
    for state in ["retire", "activate"] {
        site.client(&["issuer", state, &id])
            .refused(1, &["is retired"]);
    }
    let listed = site.client(&["issuer", "list"]).ok().stdout;
    assert!(!listed.contains(&id), "{listed}");

    // A restart knows it too, and the next one has another id.
    drop(server);
    let _server = site.serve();
    refused(&["issuer", "install", &answer]);
    let next = requested(&site, "router", "Site Berlin");
    assert_ne!(next, id);
    let answer = format!("{next}.answer");
    offline
        .sign(&site, &format!("{next}.request"), &answer)
        .ok();
    site.client(&["issuer", "install", &answer]).ok();
    assert_eq!(state(&site, &next), "inactive");
}

#[test]
fn a_signing_that_died_is_not_signed_twice() {
    let (site, _server) = Site::running(Algorithm::P256);
    let offline = Offline::of(&site);
    let id = requested(&site, "router", "Berlin");
    site.client(&["crl", "request", "--out", "crl.request"])
        .ok();
    for (kind, request) in [
        ("sign", format!("{id}.request")),
        ("crl", "crl.request".to_owned()),
    ] {
        let words = [kind, "--request", &request, "--out", "it.answer", "--yes"];
        // Before the yes nothing is kept, be it a passphrase that is none or nobody at the terminal.
        let before = offline.folder.join("ceremonies").exists();
        offline
            .ceremony(&site, &words[..5])
            .refused(1, &["nobody confirmed"]);
        assert_eq!(offline.folder.join("ceremonies").exists(), before);

        // After it, with the answer kept but not handed out.
        offline.ceremony(&site, &words).ok();
        let first = fs::read(site.path("it.answer")).expect("written");
        fs::remove_file(site.path("it.answer")).expect("it is ours");
        offline
            .ceremony(&site, &words)
            .refused(1, &["answered before", "--again"]);
        let again = [kind, "--request", &request, "--out", "it.answer", "--again"];
        offline.ceremony(&site, &again).ok();
        let second = fs::read(site.path("it.answer")).expect("written");
        assert!(first == second, "{kind}: signed twice");
        // A place that is taken is told before anything is signed.
        offline
            .ceremony(&site, &again)
            .refused(2, &["is there already"]);

        // A record that was cut or altered on a bad disk is told, and nothing is signed beside it.
        let record = kept(&offline.folder)
            .into_iter()
            .find(|path| fs::read(path).expect("readable") == first)
            .expect("the answer is kept");
        fs::write(&record, &first[..first.len() / 2]).expect("writable");
        site.client(&["crl", "request", "--out", "other.request"])
            .ok();
        let other = ["crl", "--request", "other.request", "--out", "o", "--yes"];
        offline.ceremony(&site, &other).refused(1, &["ceremony"]);
        fs::write(&record, &first).expect("writable");
        fs::remove_file(site.path("other.request")).expect("it is ours");
        fs::rename(site.path("it.answer"), site.path(kind)).expect("it is ours");
    }
    site.client(&["issuer", "install", "sign"]).ok();
    site.client(&["crl", "install", "crl"]).ok();
}

/// Each step of making a root leaves a file; a crash is what is there without the files after it.
#[test]
fn a_root_that_was_half_made_is_made_to_its_end() {
    let (site, _server) = Site::running(Algorithm::P256);
    let offline = Offline::of(&site);
    let id = format!("root-{}-2", year(&site));
    let key = offline.folder.join(format!("{id}.key"));
    let certificate = offline.folder.join(format!("{id}.pem"));
    let record = offline.folder.join(format!("ceremonies/{id}.answer"));
    let create = |out: &str| {
        let words = ["create", "--out", out, "--yes"];
        offline.ceremony(&site, &words)
    };
    create("first").ok();
    let read = |path: &Path| fs::read(path).expect("written");
    let (its_key, its_certificate) = (read(&key), read(&certificate));

    // Handed out, but not yet in the folder as a root.
    fs::remove_file(&certificate).expect("it is ours");
    create("first").refused(2, &["is there already"]);
    create("second").ok();
    assert_eq!(read(&site.path("first")), read(&site.path("second")));
    assert_eq!(read(&certificate), its_certificate);

    // Only the key was made: another certificate for the same key.
    fs::remove_file(&certificate).expect("it is ours");
    fs::remove_file(&record).expect("it is ours");
    create("third").ok();
    assert_eq!(read(&key), its_key);
    assert_ne!(read(&certificate), its_certificate);

    // The server takes the one that it is handed, and the other one never after it.
    site.client(&["issuer", "install", "third"]).ok();
    assert_eq!(state(&site, &id), "offline");
    site.client(&["issuer", "install", "first"])
        .refused(1, &[&id]);
}

/// The leaf is the step that counts: what was written beside it is mended at the next start, and what was written before
/// it is of no consequence.
#[test]
fn an_installation_that_died_around_its_leaf_is_finished_by_the_next_start() {
    let (site, server) = Site::running(Algorithm::P256);
    let offline = Offline::of(&site);
    let root = site.issuers()["root"].clone();
    let crls = site.data().join("crl");
    let published = crls.join(format!("{root}.crl"));
    let waiting = crls.join(format!("{root}.crl.next"));
    let former = fs::read(&published).expect("init made it");
    site.client(&["crl", "request", "--out", "it.request"]).ok();
    let words = [
        "crl",
        "--request",
        "it.request",
        "--out",
        "it.answer",
        "--yes",
    ];
    offline.ceremony(&site, &words).ok();
    site.client(&["crl", "install", "it.answer"]).ok();
    let next = site.crl(&root);
    assert_ne!(next, former);
    let id = installed(&site, &offline, "router", "Berlin");
    let number = |octets: &[u8]| CertificateList::from_der(octets).expect("a CRL").number();
    let of_the_ca = number(&site.crl(&id));
    drop(server);

    // After the leaf and before the CRL took its place; and the CRL of the new CA was not written at all.
    fs::write(&waiting, &next).expect("writable");
    fs::write(&published, &former).expect("writable");
    fs::remove_file(crls.join(format!("{id}.crl"))).expect("it is ours");
    let server = site.serve();
    assert_eq!(site.crl(&root), next);
    assert!(number(&site.crl(&id)) > of_the_ca);
    assert_eq!(state(&site, &id), "inactive");
    drop(server);

    // Before the leaf: a CRL that waits and that no leaf names is not published.
    site.try_serve().map(drop).expect("it starts");
    fs::write(&waiting, &former).expect("writable");
    let _server = site.serve();
    assert_eq!(site.crl(&root), next);
}
