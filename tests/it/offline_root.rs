//! The offline root on a machine of its own, and the way to it and back.

use std::path::PathBuf;
use std::process::Command;

use ca_tests::{Run, Site, program, run};

use crate::rows::word;

/// The folder of the offline root, on a machine of its own.
#[derive(Debug)]
pub(crate) struct Offline {
    pub(crate) folder: PathBuf,
}

impl Offline {
    /// Moves the root away from the server, as the manual says.
    pub(crate) fn of(site: &Site) -> Self {
        let folder = site.path("elsewhere");
        std::fs::rename(site.data().join("root-offline"), &folder).expect("init made it");
        Self { folder }
    }

    /// Runs a ceremony in a network namespace without any interface.
    pub(crate) fn ceremony(&self, site: &Site, words: &[&str]) -> Run {
        let mut command = Command::new("unshare");
        command
            .args(["--user", "--map-root-user", "--net"])
            .arg(program("ca-server"))
            .args(["ceremony", "root"])
            .args(words)
            .arg("--root-dir")
            .arg(&self.folder)
            .arg("--root-passphrase-file")
            .arg(self.folder.join("passphrase"))
            .current_dir(site.path(""));
        run(&mut command)
    }

    pub(crate) fn sign(&self, site: &Site, request: &str, answer: &str) -> Run {
        let words = ["sign", "--request", request, "--out", answer, "--yes"];
        self.ceremony(site, &words)
    }
}

/// Asks for a CA and writes its request; returns its id.
pub(crate) fn requested(site: &Site, class: &str, name: &str) -> String {
    let made = site.client_json(&["issuer", "create", "--class", class, "--name", name]);
    let id = word(&made, "issuer_id");
    let file = format!("{id}.request");
    let written = site.client_json(&["issuer", "request", &id, "--out", &file]);
    assert_eq!(
        word(&written, "request_sha256"),
        word(&made, "request_sha256")
    );
    id
}

/// Brings a CA all the way up to where it can be activated.
pub(crate) fn installed(site: &Site, offline: &Offline, class: &str, name: &str) -> String {
    let id = requested(site, class, name);
    let (request, answer) = (format!("{id}.request"), format!("{id}.answer"));
    offline.sign(site, &request, &answer).ok();
    site.client(&["issuer", "install", &answer]).ok();
    id
}

pub(crate) fn state(site: &Site, id: &str) -> String {
    let rows = site.client_json(&["issuer", "list"]);
    let row = rows
        .as_array()
        .expect("a list")
        .iter()
        .find(|row| row["issuer_id"] == id)
        .unwrap_or_else(|| panic!("no {id} in {rows}"));
    word(row, "state")
}

pub(crate) fn year(site: &Site) -> String {
    let root = site.issuers()["root"].clone();
    let year = root.split('-').nth(1).expect("root-YEAR-NUMBER");
    year.to_owned()
}
