//! CAs that came after the backup, and a root that revoked the one that lets people in: what a restore makes of it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use ca_tests::{Algorithm, InitOptions, Run, Site, program, repository, run, until};
use ca_types::SerialNumber;
use ca_verify::CertificateList;
use serde_json::{Value, json};

use crate::offline_root::{Offline, installed, requested, year};
use crate::rows::word;

/// A server that was lost with three CAs that its backup does not know.
struct Disaster {
    site: Site,
    offline: Offline,
    year: String,
    backup: PathBuf,
    crls: PathBuf,
}

fn text(path: &Path) -> &str {
    path.to_str().expect("the test directory is text")
}

/// The serial numbers on a CRL, and its number.
fn said(octets: &[u8]) -> (Vec<SerialNumber>, u64) {
    let crl = CertificateList::from_der(octets).expect("a CRL");
    let serial = |octets: &[u8]| SerialNumber::from_der_octets(octets).expect("a serial number");
    let serials = crl.entries().map(|entry| serial(entry.serial)).collect();
    (serials, crl.number())
}

impl Disaster {
    fn id(&self, class: &str, number: u32) -> String {
        format!("{class}-{}-{number}", self.year)
    }

    /// The root had been asked for a CA before the backup. Behind it that one comes, and one for VPN clients, and one
    /// for the API; the root revokes the one for VPN clients, and the first one for the API.
    fn strike() -> Self {
        let (site, server) = Site::running(Algorithm::P256);
        let offline = Offline::of(&site);
        let year = year(&site);
        let first_control = site.issuers()["control"].clone();
        let asked = requested(&site, "router", "Site Berlin");
        let backup = site.path("backup.tar");
        let words = ["backup", "create", "--out", text(&backup)];
        site.server_command(&words).ok();

        let (request, answer) = (format!("{asked}.request"), format!("{asked}.answer"));
        offline.sign(&site, &request, &answer).ok();
        site.client(&["issuer", "install", &answer]).ok();
        site.client(&["issuer", "activate", &asked]).ok();
        let clients = installed(&site, &offline, "vpn-client", "Lost");
        let control = installed(&site, &offline, "control", "Second");
        site.issue("router", "one.example.net", &[]);
        site.client(&["revoke", "--name", "one.example.net"]).ok();
        until(Duration::from_secs(60), "the CRL is published", || {
            (said(&site.crl(&asked)).0.len() == 1).then_some(())
        });
        drop(server);
        let server = site.serve();
        site.client(&["issuer", "activate", &control]).ok();
        let revoke = ["--revoke", &first_control, "--revoke", &clients];
        let words = ["crl", "request", "--out", "root.request"];
        site.client(&[&words[..], &revoke].concat()).ok();
        sign_crl(&offline, &site, "root");
        site.client(&["crl", "install", "root.answer"]).ok();
        server.terminate();
        // What was published is what `crl/` holds.
        std::fs::rename(site.data(), site.path("lost")).expect("the test directory is writable");
        let crls = site.path("lost/crl");
        Self {
            site,
            offline,
            year,
            backup,
            crls,
        }
    }

    fn restore(&self, more: &[&str]) -> Run {
        let mut command = Command::new(program("ca-server"));
        command
            .args(["backup", "restore", text(&self.backup), "--data"])
            .arg(self.site.data())
            .args(["--published-crl", text(&self.crls), "--passphrase-file"])
            .arg(self.site.passphrase())
            .args(more);
        run(&mut command)
    }

    /// Without consent nothing is written, and what is no CRL of this fleet is refused whatever is consented to.
    fn refuses(&self) {
        let lost = ["router", "vpn-client", "control"].map(|class| self.id(class, 2));
        let [router, client, control] = &lost;
        let parts = [router, client, control, "key id", "1 revocations"];
        let hint = "--accept-lost-issuers";
        self.restore(&[])
            .refused(1, &[&parts[..], &[hint]].concat());

        let other = repository().join("tests/vectors/data/FORMAT-1/data/crl/root-2026-1.crl");
        let namesake = Site::init(InitOptions {
            algorithm: Algorithm::P256,
            publish_url: Some("http://pki.example.net"),
            more: &[],
        });
        let namesake = namesake
            .data()
            .join(format!("crl/root-{}-1.crl", self.year));
        for foreign in [&other, &namesake] {
            self.restore(&[hint, "--published-crl", text(foreign)])
                .refused(1, &[text(foreign), "no CA of the backup signed"]);
        }
        let data = self.site.data();
        assert!(!data.exists(), "a refused restore leaves nothing");
    }
}

fn sign_crl(offline: &Offline, site: &Site, name: &str) {
    let (request, answer) = (format!("{name}.request"), format!("{name}.answer"));
    let words = ["crl", "--request", &request, "--out", &answer, "--yes"];
    offline.ceremony(site, &words).ok();
}

fn has_warning(restored: &Value, part: &str) -> bool {
    let mut warnings = restored["warnings"].as_array().expect("a list").iter();
    warnings.any(|warning| warning.as_str().is_some_and(|text| text.contains(part)))
}

#[test]
fn cas_that_came_after_the_backup_are_named_left_out_and_never_made_again() {
    let disaster = Disaster::strike();
    disaster.refuses();
    let options = ["--accept-lost-issuers", "--output", "json"];
    let restored = disaster.restore(&options).ok().json();
    let Disaster { site, offline, .. } = &disaster;
    let [asked, clients, control] =
        ["router", "vpn-client", "control"].map(|class| disaster.id(class, 2));
    let mut lost: Vec<(String, u64)> = Vec::new();
    for row in restored["lost_issuers"].as_array().expect("a list") {
        assert_eq!(word(row, "key_id").len(), 40, "{row}");
        let revocations = row["revocations"].as_u64().expect("a number");
        lost.push((word(row, "issuer_id"), revocations));
    }
    lost.sort();
    let wanted = [(control, 0), (asked.clone(), 1), (clients, 0)];
    assert_eq!(lost, wanted);
    assert_eq!(restored["withdrawn_issuers"], json!([asked]));
    // The one control CA of the backup is revoked, and nobody could call without it.
    assert_eq!(restored["revoked_issuers"], json!([]));
    let first_control = disaster.id("control", 1);
    assert!(
        has_warning(&restored, &format!("the root has revoked {first_control}")),
        "{restored}"
    );
    let (revoked, number) = said(&std::fs::read(disaster.root_crl()).expect("it is there"));
    assert_eq!(revoked.len(), 2);

    let server = site.serve();
    let admin = PathBuf::from(word(&restored["admin"], "profile_file"));
    let client = |words: &[&str]| run(&mut site.client_command_as(&admin, words));
    let root = disaster.id("root", 1);
    assert_eq!(said(&site.crl(&root)), (revoked.clone(), number));
    // An answer that the root gave brings nothing back: it would begin with CRL number 1, and revoke nobody.
    let answer = format!("{asked}.answer");
    client(&["issuer", "install", &answer]).refused(1, &[&asked, "withdrawn"]);
    for class in ["router", "vpn-client", "control"] {
        let made = client(&["issuer", "create", "--class", class, "--output", "json"]);
        assert_eq!(word(&made.ok().json(), "issuer_id"), disaster.id(class, 3));
    }

    // As the warning says: another control CA, and the one that the root has revoked goes.
    let next = disaster.id("control", 3);
    client(&["issuer", "request", &next, "--out", "next.request"]).ok();
    offline.sign(site, "next.request", "next.answer").ok();
    client(&["issuer", "install", "next.answer"]).ok();
    server.terminate();
    let server = site.serve();
    client(&["issuer", "activate", &next]).ok();
    // The next CRL of the root keeps both, the one of which nothing is left but its serial number too.
    client(&["crl", "request", "--out", "again.request"]).ok();
    sign_crl(offline, site, "again");
    client(&["crl", "install", "again.answer"]).ok();
    let (kept, next_number) = said(&site.crl(&root));
    assert_eq!((kept, next_number), (revoked, number + 1));
    let rows = client(&["issuer", "list", "--output", "json"]).ok().json();
    let mut rows = rows.as_array().expect("a list").iter();
    let row = rows.find(|row| row["issuer_id"] == *first_control);
    assert_eq!(
        row.map(|row| word(row, "state")).as_deref(),
        Some("revoked")
    );
    server.terminate();
    let audited = site.server_command(&["audit", "verify"]).ok();
    assert!(audited.stdout.contains("sound"), "{audited}");
}

impl Disaster {
    fn root_crl(&self) -> PathBuf {
        self.crls.join(format!("{}.crl", self.id("root", 1)))
    }
}
