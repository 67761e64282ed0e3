//! Backups: made under load, proved octet by octet, put back without reusing anything.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::time::Duration;

use ca_proto::v1::{RevokeRequest, revoke_request};
use ca_tests::{
    Algorithm, Api, Key, Process, Site, first_ca, free_port, program, repository, request_id, run,
    until,
};
use ca_verify::CertificateList;
use serde_json::Value;

use crate::killed::kill_after;

static ROUTERS: LazyLock<String> = LazyLock::new(|| first_ca("router"));
/// What a holder hands in.
const HELD: &str = "held.example.net";

/// What was issued: NAME, serial number and DER.
#[derive(Debug, Clone)]
struct Holder {
    name: String,
    serial: String,
    der: Vec<u8>,
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("the machine has threads")
}

/// Issues router certificates with these numbers in their NAMEs.
fn issue_many(site: &Site, numbers: std::ops::Range<u32>) -> Vec<Holder> {
    runtime().block_on(async {
        let api = Api::connect(&site.data().join("admin"), site.ports().grpc)
            .await
            .expect("the admin is let in");
        let mut issued = Vec::new();
        for number in numbers {
            let name = format!("router-{number}.example.net");
            let answer = api
                .authority()
                .issue(Key::new().issue_request("router", &name))
                .await
                .expect("the admin issues");
            let certificate = answer.into_inner().certificate.expect("a certificate");
            issued.push(Holder {
                name,
                serial: certificate.serial,
                der: certificate.der,
            });
        }
        issued
    })
}

fn revoke_all<'a>(site: &Site, holders: impl Iterator<Item = &'a Holder>) {
    runtime().block_on(async {
        let api = Api::connect(&site.data().join("admin"), site.ports().grpc)
            .await
            .expect("the admin is let in");
        for holder in holders {
            api.authority()
                .revoke(RevokeRequest {
                    request_id: request_id(),
                    target: Some(revoke_request::Target::Serial(holder.serial.clone())),
                    reason: 0,
                })
                .await
                .expect("the admin revokes");
        }
    });
}

fn serials_on(crl: &[u8]) -> BTreeSet<String> {
    let list = CertificateList::from_der(crl).expect("a CRL");
    list.entries()
        .map(|entry| {
            ca_types::SerialNumber::from_der_octets(entry.serial)
                .expect("a serial number")
                .to_string()
        })
        .collect()
}

fn number_of(crl: &[u8]) -> u64 {
    CertificateList::from_der(crl).expect("a CRL").number()
}

/// Waits until the CRL of this CA has so many entries.
fn crl_with(site: &Site, issuer: &str, entries: usize) -> Vec<u8> {
    until(
        Duration::from_secs(60),
        "the revocations are published",
        || {
            let crl = site.crl(issuer);
            (serials_on(&crl).len() == entries).then_some(crl)
        },
    )
}

/// Fetches the CRLs of all CAs into a directory.
fn keep_crls(site: &Site) -> PathBuf {
    let directory = site.path("crls");
    std::fs::create_dir_all(&directory).expect("the test directory is writable");
    for issuer in site.issuers().values() {
        std::fs::write(directory.join(format!("{issuer}.crl")), site.crl(issuer))
            .expect("the test directory is writable");
    }
    directory
}

fn server(words: &[&str]) -> Command {
    let mut command = Command::new(program("ca-server"));
    command.args(words);
    command
}

fn text(path: &Path) -> &str {
    path.to_str().expect("the test directory is text")
}

/// Moves the data directory away, as if the machine were lost.
fn lose(site: &Site, server: Process) {
    server.kill();
    std::fs::rename(site.data(), site.path("lost")).expect("the test directory is writable");
}

/// A lost machine: 100 certificates and 20 revocations later than its backup.
struct Disaster {
    site: Site,
    backup: PathBuf,
    /// What `backup verify` says of it.
    verified: Value,
    /// Of them the first two were revoked before the backup, and the next eight after it.
    known: Vec<Holder>,
    /// Of them the first twelve were revoked.
    later: Vec<Holder>,
    /// The last CRL of the router CA, and the directory with the last of all CAs.
    published: Vec<u8>,
    crls: PathBuf,
}

impl Disaster {
    fn strike() -> Self {
        let (site, process) = Site::running(Algorithm::P256);
        let known = issue_many(&site, 0..12);
        revoke_all(&site, known.iter().take(2));
        site.client(&["actor", "add", "anna", "--role", "admin", "--out", "anna"])
            .ok();
        let backup = site.path("backup.tar");
        let words = ["backup", "create", "--output", "json", "--out"];
        let made = site.server_command(&[&words[..], &[text(&backup)]].concat());
        let made = made.ok().json();

        let later = issue_many(&site, 100..200);
        site.issue("router-management", HELD, &[]);
        let revoked = known.iter().skip(2).take(8).chain(later.iter().take(12));
        revoke_all(&site, revoked);
        site.client(&["actor", "remove", "anna"]).ok();
        crl_with(&site, &first_ca("control"), 1);
        let published = crl_with(&site, &ROUTERS, 22);
        let crls = keep_crls(&site);
        lose(&site, process);

        let mut verify = server(&["backup", "verify", text(&backup), "--output", "json"]);
        let verified = run(&mut verify).ok().json();
        assert_eq!(verified["leaves"], made["leaves"]);
        Self {
            site,
            backup,
            verified,
            known,
            later,
            published,
            crls,
        }
    }

    fn restore(&self, more: &[&str]) -> ca_tests::Run {
        let mut command = server(&["backup", "restore", text(&self.backup)]);
        command
            .args(["--data", text(&self.site.data())])
            .args(["--passphrase-file", text(&self.site.passphrase())])
            .args(more);
        run(&mut command)
    }

    /// Without the CRLs nothing is written, and the hint names the loss that would have to be accepted.
    fn refuse_without_crls(&self) {
        let last_time = self.verified["last_time"].as_str().expect("a time");
        let option = format!("--accept-lost-since {last_time}");
        self.restore(&[])
            .refused(1, &["no current CRL of", &option]);
        let one = self.crls.join(format!("{}.crl", *ROUTERS));
        self.restore(&["--published-crl", text(&one)])
            .refused(1, &[&format!("no current CRL of {}", first_ca("root"))]);
        self.restore(&["--accept-lost-since", "2100-01-01T00:00:00Z"])
            .refused(1, &["is lost"]);
        assert!(
            !self.site.data().exists(),
            "a refused restore leaves nothing"
        );
    }

    /// Without any CRL: what the backup knows stays revoked, and the rest is valid again, which is said.
    fn goes_on_without_crls(&self) {
        let site = &self.site;
        let since = self.verified["last_time"].as_str().expect("a time");
        let restored = self.restore(&["--accept-lost-since", since, "--output", "json"]);
        let restored = restored.ok();
        assert!(restored.stderr.contains("is valid again"), "{restored}");
        let restored = restored.json();
        assert_eq!(restored["lost_since"], since);
        assert_eq!(restored["unseen_serials"], serde_json::json!([]));
        let process = site.serve();
        self.uses_no_crl_number_again();
        let revoked = |holders: &[Holder]| -> BTreeSet<String> {
            holders.iter().map(|holder| holder.serial.clone()).collect()
        };
        assert_eq!(serials_on(&site.crl(&ROUTERS)), revoked(&self.known[..2]));
        // The holders of what was revoked are as good as others now: handed in, and revoked again.
        let admin = PathBuf::from(restored["admin"]["profile_file"].as_str().expect("a path"));
        let mut words = vec!["audit", "submit", "--output", "json"];
        let held = self.files_of(&self.later[..12]);
        words.extend(held.iter().map(|file| text(file)));
        let taken = run(&mut site.client_command_as(&admin, &words)).ok().json();
        assert_eq!(taken.as_array().map(Vec::len), Some(12), "{taken}");
        let again = &self.later[0].serial;
        run(&mut site.client_command_as(&admin, &["revoke", "--serial", again])).ok();
        let crl = crl_with(site, &ROUTERS, 3);
        assert!(serials_on(&crl).contains(again));
        process.terminate();
        std::fs::remove_dir_all(site.data()).expect("it is ours");
    }

    /// Every CRL is one that was published last, or has a number that none had.
    fn uses_no_crl_number_again(&self) {
        for file in std::fs::read_dir(&self.crls).expect("it is there") {
            let path = file.expect("it is readable").path();
            let issuer = path.file_stem().and_then(|stem| stem.to_str());
            let then = std::fs::read(&path).expect("it is readable");
            let now = self.site.crl(issuer.expect("a name"));
            let is_new = number_of(&now) > number_of(&then);
            assert!(is_new || now == then, "{}", path.display());
        }
    }

    fn files_of(&self, holders: &[Holder]) -> Vec<PathBuf> {
        let written = holders.iter().map(|holder| {
            let file = self.site.path(&format!("{}.der", holder.name));
            std::fs::write(&file, &holder.der).expect("the test directory is writable");
            file
        });
        written.collect()
    }
}

#[test]
fn a_restored_backup_revokes_what_was_revoked_and_uses_nothing_again() {
    let disaster = Disaster::strike();
    disaster.refuse_without_crls();
    disaster.goes_on_without_crls();
    let crls = ["--published-crl", text(&disaster.crls), "--output", "json"];
    let restored = disaster.restore(&crls).ok().json();
    assert_eq!(restored["removed_actors"], serde_json::json!(["anna"]));
    let unseen: BTreeSet<&str> = texts(&restored["unseen_serials"]).collect();
    for holder in disaster.later.iter().take(12) {
        assert!(unseen.contains(holder.serial.as_str()), "{}", holder.name);
    }

    let Disaster {
        site, published, ..
    } = &disaster;
    let process = site.serve();
    let crl = site.crl(&ROUTERS);
    assert!(serials_on(&crl).is_superset(&serials_on(published)));
    assert!(number_of(&crl) >= number_of(published));
    disaster.uses_no_crl_number_again();
    let admin = PathBuf::from(restored["admin"]["profile_file"].as_str().expect("a path"));
    for (words, count) in [
        (vec!["list", "--profile", "router"], 12),
        (vec!["list", "--profile", "router", "--state", "valid"], 2),
    ] {
        let mut list = site.client_command_as(&admin, &words);
        let rows = run(list.args(["--output", "json"])).ok().json();
        assert_eq!(rows.as_array().map(Vec::len), Some(count), "{words:?}");
    }
    // Who asks what became of a certificate finds the restore that revoked it.
    let serial = &disaster.later[0].serial;
    let words = ["audit", "show", "--serial", serial, "--output", "json"];
    let leaves = run(&mut site.client_command_as(&admin, &words)).ok().json();
    let change = leaves[0]["changes"][0].as_str().expect("a leaf");
    assert!(change.starts_with("restored "), "{leaves}");
    hand_in(&disaster, &admin);
    holders_hand_in(&disaster.site, &admin);
    // Two more than were published, and no number twice.
    let crl = crl_with(site, &ROUTERS, 24);
    assert!(number_of(&crl) > number_of(published));
    drop(process);
}

/// Hands in twelve certificates, two of them revoked, while the NAME of one has been given again.
fn hand_in(disaster: &Disaster, admin: &Path) {
    let Disaster { site, later, .. } = disaster;
    let client = |words: &[&str]| run(&mut site.client_command_as(admin, words));
    let held = disaster.files_of(&later[10..22]);
    let Holder {
        name: again,
        serial,
        ..
    } = &later[15];
    client(&[
        "issue",
        "--profile",
        "router",
        "--name",
        again,
        "--out",
        "again",
    ])
    .ok();
    let mut words = vec!["--output", "json", "audit", "submit"];
    words.extend(held.iter().map(|file| text(file)));
    let submitted = client(&words);
    assert_eq!(submitted.code, Some(1), "{submitted}");
    assert_eq!(submitted.json().as_array().map(Vec::len), Some(10));
    let refused = submitted.stderr.matches("was revoked before the backup");
    assert_eq!(refused.count(), 2, "{submitted}");
    let repeated = client(&["audit", "submit", text(&held[5])]).ok();
    assert!(repeated.stderr.contains("was known already"), "{repeated}");
    let own = admin.with_file_name("admin.pem");
    let refused = client(&["audit", "submit", text(&own)]);
    assert_eq!(refused.code, Some(1), "{refused}");
    assert!(
        refused.stderr.contains("CA of this server signed"),
        "{refused}"
    );

    client(&["revoke", "--name", again]).refused(1, &["has several valid certificates"]);
    client(&["revoke", "--serial", serial]).ok();
    client(&["revoke", "--name", again]).ok();
}

/// Whoever holds a certificate hands it in without an actor, under the profile that it fits and no other.
fn holders_hand_in(site: &Site, admin: &Path) {
    let actor = site.path("lost/admin/client.toml");
    let holder = actor.with_file_name("holder.toml");
    let settings = std::fs::read_to_string(&actor).expect("init wrote it");
    let open = settings
        .lines()
        .filter(|line| !line.starts_with("certificate") && !line.starts_with("key"));
    std::fs::write(&holder, open.collect::<Vec<_>>().join("\n")).expect("it is ours");
    let (pem, key) = (format!("{HELD}/{HELD}.pem"), format!("{HELD}/{HELD}.key"));
    let submit = |more: &[&str]| {
        let words = [&["--output", "json", "audit", "submit"], more].concat();
        run(&mut site.client_command_as(&holder, &words))
    };
    let refused = submit(&[&pem]);
    assert_eq!(refused.code, Some(2), "no actor and no key: {refused}");
    let other = submit(&[&pem, "--key", "again/router-115.example.net.key"]);
    assert_eq!(other.code, Some(2), "{other}");
    assert!(other.stdout.contains("is not the key"), "{other}");
    let as_router = submit(&[&pem, "--key", &key, "--profile", "router"]);
    assert_eq!(as_router.code, Some(1), "{as_router}");
    assert!(as_router.stderr.contains("cannot be told"), "{as_router}");
    let taken = submit(&[&pem, "--key", &key]).ok();
    assert_eq!(taken.json()[0]["profile"], "router-management", "{taken}");
    let known = submit(&[&pem, "--key", &key]).ok();
    assert!(known.stderr.contains("was known already"), "{known}");
    let words = ["list", "--name", HELD, "--output", "json"];
    let listed = run(&mut site.client_command_as(admin, &words)).ok().json();
    assert_eq!(listed.as_array().map(Vec::len), Some(1), "{listed}");
}

#[test]
fn every_changed_octet_of_a_backup_is_found() {
    let site = Site::new(Algorithm::P256);
    let backup = site.path("backup.tar");
    site.server_command(&["backup", "create", "--out", text(&backup)])
        .ok();
    site.server_command(&["backup", "create", "--out", text(&backup)])
        .refused(2, &["backup.tar", "nothing is overwritten"]);
    let octets = std::fs::read(&backup).expect("it was made");
    let sound = |octets: &[u8]| {
        ca_server::backup::verify(&mut &*octets, &|_done, _total| {}).map_err(|e| e.to_string())
    };
    sound(&octets).expect("it is sound");
    for at in (0..octets.len()).step_by(97) {
        let mut changed = octets.clone();
        changed[at] ^= 1;
        assert!(sound(&changed).is_err(), "octet {at} was changed");
    }
    for end in (0..octets.len()).step_by(509) {
        assert!(sound(&octets[..end]).is_err(), "cut at {end}");
    }
    sound(&[&octets[..], &octets[..]].concat()).expect_err("two in one");
    sound(&[&octets[..], &[0; 512]].concat()).expect_err("more zeros");

    // An ordinary tar, whose parts an ordinary program proves.
    let folder = site.path("unpacked");
    std::fs::create_dir(&folder).expect("the test directory is writable");
    let mut tar = Command::new("tar");
    run(tar.args(["-xf", text(&backup), "-C", text(&folder)])).ok();
    let mut sums = Command::new("sha256sum");
    sums.args(["--check", "manifest.json.sha256"])
        .current_dir(folder.join("fleet-ca-backup"));
    run(&mut sums).ok();
    only_a_restore_makes_a_ca_of_it(&site, &folder.join("fleet-ca-backup"));
    let log = folder.join("fleet-ca-backup/log/00000000000000000000.log");
    let original = std::fs::read(site.data().join("log/00000000000000000000.log"));
    assert_eq!(
        std::fs::read(log).expect("it is in it"),
        original.expect("the log")
    );

    // No secret of the data directory is in it: neither the keys that TLS and admin have, nor the root's, nor a passphrase.
    let holds = |part: &[u8]| octets.windows(part.len()).any(|window| window == part);
    for secret in [
        "tls/server.key",
        "admin/admin.key",
        &format!("root-offline/{}.key", first_ca("root")),
    ] {
        let key = std::fs::read_to_string(site.data().join(secret)).expect("init wrote it");
        let line = key.lines().nth(2).expect("a key has lines");
        assert!(!holds(line.as_bytes()), "{secret}");
    }
    assert!(!holds(b"correct horse"));
    assert!(!holds(b"BEGIN PRIVATE KEY"));
}

/// What `tar` made of a backup is read, copied and proved, and nothing begins to write there.
fn only_a_restore_makes_a_ca_of_it(site: &Site, unpacked: &Path) {
    let passphrase = site.passphrase();
    let secret = ["--passphrase-file", text(&passphrase)];
    let words = |words: &[&str]| {
        let mut command = server(words);
        run(command.arg("--data").arg(unpacked))
    };
    let other = ["--new-passphrase-file", text(&passphrase)];
    let lines = repository().join("tests/vectors/data/FORMAT-1/log.jsonl");
    for writes in [
        [&["serve"], &secret[..]].concat(),
        [&["admin", "recover"], &secret[..]].concat(),
        [&["key", "rewrap"], &secret[..], &other].concat(),
        vec!["store", "rebuild"],
        vec!["store", "import", text(&lines)],
    ] {
        words(&writes).refused(2, &["taken out of a backup", "ca-server backup restore"]);
    }
    assert!(!unpacked.join("lock").exists(), "nothing was written");
    for reads in [["store", "verify"], ["audit", "verify"]] {
        let read = words(&reads);
        assert_eq!(read.code, site.server_command(&reads).code, "{read}");
        assert!(read.stderr.contains("was taken out of a backup"), "{read}");
    }
    let found = words(&["check"]);
    assert!(found.stdout.contains("taken out of a backup"), "{found}");
    let copy = site.path("copy.tar");
    words(&["backup", "create", "--out", text(&copy)]).ok();
    run(&mut server(&["backup", "verify", text(&copy)])).ok();
}

#[test]
fn foreign_archives_are_refused() {
    let site = Site::empty();
    let refuse = |name: &str, octets: &[u8], part: &str| {
        let path = site.path(name);
        std::fs::write(&path, octets).expect("the test directory is writable");
        for words in [
            vec!["backup", "verify", text(&path)],
            vec!["backup", "restore", text(&path), "--data", "data"],
        ] {
            let mut command = server(&words);
            command.current_dir(site.path(""));
            run(&mut command).refused(1, &[part]);
        }
        assert!(!site.path("data").exists());
    };
    refuse("empty", b"", "no backup of Fleet CA");
    refuse("text", &[b'x'; 2048], "no backup of Fleet CA");
    let mut tar = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_ustar();
    header.set_size(2);
    header.set_mode(0o600);
    header.set_cksum();
    tar.append_data(&mut header, "fleet-ca-backup/../../etc/passwd", &b"{}"[..])
        .expect_err("the crate refuses it too");
    tar.append_data(&mut header, "fleet-ca-backup/manifest.json", &b"{}"[..])
        .expect("a vector takes everything");
    refuse(
        "foreign.tar",
        &tar.into_inner().expect("it ends"),
        "no backup of Fleet CA",
    );
}

/// Backups while certificates are issued: each is sound, and holds at least what was acknowledged before it.
#[test]
fn backups_under_load_are_sound_and_a_killed_one_leaves_nothing() {
    let (site, process) = Site::running(Algorithm::P256);
    std::thread::scope(|scope| {
        let load = scope.spawn(|| issue_many(&site, 0..150));
        let mut leaves = Vec::new();
        for number in 0..6 {
            let path = site.path(&format!("{number}.tar"));
            let before = site.client_json(&["audit", "verify", "--checkpoint-only"]);
            let made = site.server_command(&[
                "backup",
                "create",
                "--out",
                text(&path),
                "--output",
                "json",
            ]);
            let made = made.ok().json();
            let verified = run(&mut server(&[
                "backup",
                "verify",
                text(&path),
                "--output",
                "json",
            ]));
            assert_eq!(verified.ok().json()["leaves"], made["leaves"]);
            leaves.push(made["leaves"].as_u64().expect("a number"));
            let acknowledged = before["size"].as_u64();
            assert!(
                leaves.last().copied() >= acknowledged,
                "{before}: {leaves:?}"
            );
        }
        assert!(leaves.is_sorted(), "{leaves:?}");
        load.join().expect("the load ends well");
    });
    a_pipe_takes_a_backup(&site);
    let whole = site.path("5.tar");
    the_published_crls_come_from_the_server_itself(&site, &whole);
    let (crls, passphrase) = (keep_crls(&site), site.passphrase());
    process.kill();
    let (mut creates_killed, mut restores_killed) = (0, 0);
    for millis in [1, 5, 20, 60, 150, 400, 700] {
        let time = Duration::from_millis(millis);
        let place = site.path(&format!("killed-{millis}"));
        let tar = site.path(&format!("killed-{millis}.tar"));
        let data = site.data();
        let create = [
            "backup",
            "create",
            "--data",
            text(&data),
            "--out",
            text(&tar),
        ];
        creates_killed += u32::from(kill_after(server(&create), time));
        if tar.exists() {
            run(&mut server(&["backup", "verify", text(&tar)])).ok();
        }
        let words = [
            "backup",
            "restore",
            text(&whole),
            "--data",
            text(&place),
            "--published-crl",
            text(&crls),
            "--passphrase-file",
            text(&passphrase),
        ];
        restores_killed += u32::from(kill_after(server(&words), time));
        if place.exists() {
            let settings = place.join("ca-server.toml");
            assert!(settings.exists(), "a directory that is there is whole");
        } else {
            run(&mut server(&words)).ok();
        }
    }
    assert!(creates_killed > 0 && restores_killed > 0, "all had ended");
}

/// Into another program, without a file in between.
fn a_pipe_takes_a_backup(site: &Site) {
    let mut pipe = Command::new("bash");
    let ca_server = program("ca-server");
    pipe.args([
        "-c",
        "set -o pipefail; \"$0\" backup create --data \"$1\" --out - | \"$0\" backup verify -",
    ])
    .arg(&ca_server)
    .arg(site.data());
    let piped = run(&mut pipe).ok();
    assert!(piped.stdout.contains("is sound"), "{}", piped.stdout);
}

/// The server still publishes while its backup is restored elsewhere: the CRLs are fetched, or nothing is written.
fn the_published_crls_come_from_the_server_itself(site: &Site, backup: &Path) {
    let elsewhere = site.path("elsewhere");
    let url = |path: &str| format!("http://127.0.0.1:{}{path}", site.ports().http);
    let restore = |urls: &[String]| {
        // Through a pipe, as from a program that decrypts it.
        let mut command = Command::new("bash");
        command
            .args(["-c", "cat \"$1\" | \"$0\" backup restore - \"${@:2}\""])
            .args([text(&program("ca-server")), text(backup)])
            .args(["--data", text(&elsewhere)])
            .args(["--passphrase-file", text(&site.passphrase())])
            .args(urls.iter().flat_map(|url| ["--published-crl", url]));
        run(&mut command)
    };
    let published = site.issuers().into_values().map(|issuer| {
        let number = number_of(&site.crl(&issuer));
        (format!("crl/{issuer}.crl"), number)
    });
    let published: Vec<(String, u64)> = published.collect();
    let files = published.iter().map(|(file, _number)| file);
    let mut urls: Vec<String> = files.map(|file| url(&format!("/{file}"))).collect();
    for (wrong, code, said) in [
        (url("/crl/nobody.crl"), 2, "answers 404"),
        (url("/log/key"), 1, "wanted one CRL"),
        (
            format!("http://127.0.0.1:{}/", free_port()),
            2,
            "does not answer",
        ),
        (
            format!("https://127.0.0.1:{}/", free_port()),
            1,
            "wanted a file, a directory or an http URL",
        ),
    ] {
        urls.push(wrong.clone());
        restore(&urls).refused(code, &[&wrong, said]);
        urls.pop();
        assert!(!elsewhere.exists(), "{wrong}: nothing is written");
    }
    restore(&urls).ok();
    for (file, number) in published {
        let taken = std::fs::read(elsewhere.join(&file)).expect("it was taken");
        assert!(number_of(&taken) >= number, "{file}");
    }
}

fn texts(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array()
        .expect("a list")
        .iter()
        .filter_map(Value::as_str)
}

#[test]
fn an_export_makes_the_same_log_again_and_a_changed_one_makes_none() {
    let site = Site::new(Algorithm::P256);
    let file = site.path("log.jsonl");
    let words = ["store", "export", "--out", text(&file), "--output", "json"];
    let exported = site.server_command(&words).ok().json();
    let lines = std::fs::read_to_string(&file).expect("it was written");
    let copy = site.path("copy");
    let import = |name: &str, lines: &str, data: &Path| {
        let file = site.path(name);
        std::fs::write(&file, lines).expect("the test directory is writable");
        let mut command = server(&["store", "import", text(&file), "--data", text(data)]);
        run(&mut command)
    };
    import("same", &lines, &copy).ok();
    let mut again = site.server_command(&["store", "export", "--out", "-"]).ok();
    assert_eq!(again.stdout, lines, "beside the talk on stderr");
    let mut command = server(&["store", "export", "--format", "jsonl", "--out", "-"]);
    std::fs::copy(
        site.data().join("ca-server.toml"),
        copy.join("ca-server.toml"),
    )
    .expect("the test directory is writable");
    again = run(command.arg("--data").arg(&copy)).ok();
    assert_eq!(again.stdout, lines, "the copy says the same");
    assert_eq!(
        exported["leaves"].as_u64().map(|leaves| leaves + 1),
        u64::try_from(lines.lines().count()).ok()
    );

    import("twice", &lines, &copy).refused(1, &["wanted a data directory without a log"]);
    let torn = site.path("torn");
    let (short, _last) = lines.trim_end().rsplit_once('\n').expect("lines");
    import("short", &format!("{short}\n"), &torn).refused(1, &["is missing"]);
    import("long", &format!("{lines}{{}}\n"), &torn).refused(1, &["more follows"]);
    let swapped = lines.replacen("\"leaf\":1", "\"leaf\":2", 1);
    import("swapped", &swapped, &torn).refused(1, &["must stand here"]);
    let newer = lines.replacen("\"version\":1", "\"version\":2", 1);
    import("newer", &newer, &torn).refused(2, &["export version 2, this build knows version 1"]);
    let root = exported["root"].as_str().expect("a root");
    let other = lines.replacen(root, &"0".repeat(64), 1);
    import("other", &other, &torn).refused(1, &["another tree"]);
    assert!(!torn.join("log").exists());

    let pem = site.server_command(&["store", "export", "--format", "pem", "--out", "-"]);
    let certificates = ca_verify::Certificate::chain_from_pem(pem.ok().stdout.as_bytes());
    assert_eq!(
        certificates.expect("PEM").len(),
        7,
        "five CAs, the server and an admin"
    );
}
