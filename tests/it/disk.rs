//! Disks that lie: the log is the commit, and everything else can be made again.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use ca_tests::{Algorithm, Site, copy, http, until};

use crate::books::Books;

mod faults;
mod flips;
mod limits;
mod opening;

#[test]
fn a_deleted_older_or_damaged_index_gives_the_same_answers() {
    let site = Site::new(Algorithm::P256);
    let server = site.serve();
    for number in 0..5 {
        site.issue("router", &format!("router-{number}.example.net"), &[]);
    }
    server.terminate();
    let older = site.path("older");
    for index in indexes(&site) {
        copy(
            &index,
            &older.join(index.file_name().expect("it has a name")),
        );
    }
    let server = site.serve();
    for number in 5..10 {
        site.issue("vpn-client", &format!("client-{number}.example.net"), &[]);
    }
    site.client(&["revoke", "--name", "router-3.example.net"])
        .ok();
    let expect = Books::read(&site);
    assert_eq!(expect.listed.len(), expect.logged.len());
    server.terminate();

    let foreign = Site::new(Algorithm::Rsa2048);
    let damages: [(&str, &dyn Fn(), &str); 6] = [
        ("deleted", &|| remove_indexes(&site), "index=Rebuilt"),
        (
            "older",
            &|| {
                remove_indexes(&site);
                copy(&older, &site.data());
            },
            "index=Used",
        ),
        ("flipped", &|| flip(&site, 61), "index=Rebuilt"),
        ("flipped densely", &|| flip(&site, 7), "index=Rebuilt"),
        ("flipped all over", &|| flip(&site, 1), "index=Rebuilt"),
        (
            "of another CA",
            &|| {
                remove_indexes(&site);
                for index in indexes(&foreign) {
                    let name = index.file_name().expect("it has a name");
                    copy(&index, &site.data().join(name));
                }
            },
            "index=Rebuilt",
        ),
    ];
    let mut expect = expect;
    for (number, (damage, apply, what)) in damages.into_iter().enumerate() {
        apply();
        let server = site.serve();
        assert!(
            server.log().contains(what),
            "index {damage}: {}",
            server.log()
        );
        let books = Books::read(&site);
        assert_eq!(books.listed, expect.listed, "index {damage}");
        assert_eq!(books.logged, expect.logged, "index {damage}");
        // And the server goes on from there.
        site.issue("router", &format!("after-{number}.example.net"), &[]);
        expect = Books::read(&site);
        assert_eq!(
            expect.listed.len(),
            books.listed.len() + 1,
            "index {damage}"
        );
        server.terminate();
    }
}

fn indexes(site: &Site) -> Vec<PathBuf> {
    let found = indexes_in(&site.data());
    assert!(!found.is_empty(), "no index in {}", site.data().display());
    found
}

fn indexes_in(data: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(data)
        .expect("it is a directory")
        .map(|entry| entry.expect("it is readable").path())
        .filter(|path| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with("index-"))
        })
        .collect()
}

pub(crate) fn remove_indexes(site: &Site) {
    for index in indexes_in(&site.data()) {
        std::fs::remove_dir_all(index).expect("the test directory is writable");
    }
}

/// Turns a bit over in every so-manieth octet of all files of the index.
fn flip(site: &Site, step: usize) {
    for index in indexes(site) {
        flip_below(&index, step);
    }
}

fn flip_below(folder: &Path, step: usize) {
    for entry in std::fs::read_dir(folder).expect("it is a directory") {
        let path = entry.expect("it is readable").path();
        if path.is_dir() {
            flip_below(&path, step);
            continue;
        }
        let mut octets = std::fs::read(&path).expect("it is readable");
        for octet in octets.iter_mut().step_by(step) {
            *octet ^= 0x10;
        }
        std::fs::write(&path, octets).expect("the test directory is writable");
    }
}

#[test]
fn a_full_disk_stops_issuing_and_nothing_else() {
    let disk = SmallDisk::mount(80);
    let site = Site::on(&disk.path, Algorithm::P256);
    let server = site.serve();
    for name in ["before.example.net", "second.example.net"] {
        site.issue("router", name, &[]);
    }
    let ready = || http(site.ports().operations, "GET", "/readyz", &[]);
    let before = Books::read(&site);
    let ballast = disk.fill();
    let mut refused = None;
    for number in 0..200 {
        let name = format!("full-{number}.example.net");
        let out = std::env::temp_dir().join(format!("fleet-ca-full-{}", std::process::id()));
        let run = site.client(&[
            "issue",
            "--profile",
            "router",
            "--name",
            &name,
            "--out",
            &out.display().to_string(),
        ]);
        drop(std::fs::remove_dir_all(out));
        if run.code != Some(0) {
            refused = Some(run);
            break;
        }
    }
    let refused = refused.expect("a full disk refuses");
    let code = refused.code.unwrap_or(-1);
    assert!(code == 1 || code == 2, "{refused}");
    refused.refused(code, &["free space"]);
    let during = Books::read(&site);
    assert!(
        during.listed.keys().eq(during.logged.keys()),
        "the certificates are those of the log"
    );
    assert!(
        before
            .listed
            .keys()
            .all(|serial| during.listed.contains_key(serial))
    );
    let row = site.client_json(&["list", "--name", "before.example.net"]);
    let issuer = row[0]["issuer_id"].as_str().expect("a text").to_owned();
    site.client(&["revoke", "--name", "before.example.net"])
        .ok();
    until(Duration::from_secs(60), "the CRL", || {
        let crl = ca_verify::CertificateList::from_der(&site.crl(&issuer)).expect("a CRL");
        (crl.len() == 1).then_some(())
    });
    let shown = String::from_utf8(ready().body).expect("it is text");
    assert!(
        shown.contains("nothing is issued for want of room"),
        "{shown}"
    );
    // A start finds room for revocations too.
    server.terminate();
    let server = site.serve();
    site.client(&["revoke", "--name", "second.example.net"])
        .ok();
    // It recovers by itself when there is room again.
    std::fs::remove_file(ballast).expect("the disk is ours");
    site.issue("router", "room.example.net", &[]);
    assert_eq!(ready().body, b"ready\n");
    server.terminate();
    let audited = site.server_command(&["audit", "verify"]).ok();
    assert!(audited.stdout.contains("sound"), "{audited}");
    let _server = site.serve();
    let after = Books::read(&site);
    assert_eq!(after.logged.len(), during.logged.len() + 1);
    site.issue("router", "after.example.net", &[]);
}

/// A file system of a few megabytes in memory.
#[derive(Debug)]
struct SmallDisk {
    path: PathBuf,
}

impl SmallDisk {
    #[track_caller]
    fn mount(megabytes: u32) -> Self {
        let path = tempfile::Builder::new()
            .prefix("fleet-ca-disk-")
            .tempdir()
            .expect("the directory for temporary files is writable")
            .keep();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={megabytes}m"), "tmpfs"])
            .arg(&path)
            .status()
            .expect("mount is there");
        assert!(
            mounted.success(),
            "a small disk needs root and the right to mount"
        );
        Self { path }
    }

    /// Writes until nothing fits any more.
    fn fill(&self) -> PathBuf {
        let path = self.path.join("ballast");
        let mut file = std::fs::File::create(&path).expect("the disk is writable");
        let mut piece = vec![0; 1 << 20];
        while !piece.is_empty() {
            match file.write(&piece) {
                Ok(written) if written > 0 => {}
                _ => piece.truncate(piece.len() / 2),
            }
        }
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(
            Command::new("umount")
                .arg("--lazy")
                .arg(&self.path)
                .status(),
        );
        drop(std::fs::remove_dir(&self.path));
    }
}
