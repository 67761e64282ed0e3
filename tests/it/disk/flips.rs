//! Flipped bits in every file of a small data directory: repaired, or refused with the place; never a wrong answer.
//!
//! A wrong answer is a certificate, a revocation or an actor that is missing, other or new, or a CRL that is not by its
//! CA or lacks one of its entries; or a certificate that is issued then and is not by its CA, or names other places than
//! the settings did, unless a leaf tells of other settings. Log and index are gone through in the tests of the store. The
//! root is read by its ceremonies only, and of `log/reserve` and the locks nothing is ever read.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::path::{Path, PathBuf};

use ca_server::data_dir::DataDir;
use ca_server::settings::Settings;
use ca_tests::{Algorithm, Api, Key, Site, first_ca, http, run};
use ca_verify::{Certificate, CertificateList};
use tokio::runtime::Runtime;

use crate::books::Books;
use crate::crash::make_keys_cheap;
use crate::in_process::{InProcess, options, try_start};
use crate::offline_root::Offline;

/// How far the flipped octets of a file are apart.
const STEP: usize = 97;
/// How many octets of the log, and of each file of the index, are flipped at the most.
const MOST: usize = 12;

#[test]
fn no_flipped_bit_makes_a_wrong_answer() {
    let (site, expect) = small_site();
    let runtime = Runtime::new().expect("the machine has threads");
    let saved = Saved::of(&site.data());
    let (mut refused, mut repaired) = (BTreeSet::new(), BTreeSet::new());
    for (file, octets) in &saved.0 {
        let name = file.display().to_string();
        let place = site.data().join(file);
        let most = if is_in_the_store(&name) {
            MOST
        } else {
            usize::MAX
        };
        for at in places(octets.len(), most) {
            let mut flipped = octets.clone();
            flipped[at] ^= 1;
            std::fs::write(&place, flipped).expect("the directory is ours");
            match start(&site, &runtime) {
                Err(text) => {
                    // The end of a log that was cut off is missed by the checkpoint.
                    let is_log = name.ends_with(".log");
                    let is_missed = is_log && text.contains("log/checkpoint");
                    let is_placed = text.contains(&name) && (!is_log || text.contains("octet"));
                    assert!(is_placed || is_missed, "{name} at {at}: {text}");
                    refused.insert(name.clone());
                }
                Ok(server) => {
                    let found = Said::of(&site, &server);
                    let what = format!("{name} at {at}");
                    expect.compare(&found, &what);
                    let issued = runtime.block_on(issue(&site, &server));
                    let told = found.books.settings_changes - expect.books.settings_changes;
                    let is_told = name == "ca-server.toml" && told == 1;
                    match issued {
                        Ok(der) => assert!(is_told || names_our_places(&der), "{what}"),
                        Err(refused) => assert!(is_told, "{what}: {refused}"),
                    }
                    runtime.block_on(server.stop());
                    repaired.insert(name.clone());
                }
            }
            saved.put_back(&site.data());
        }
    }
    println!("refused: {refused:?}\nrepaired: {repaired:?}");
    for file in [
        &format!("keys/{}.key", first_ca("router")),
        "log/00000000000000000000.log",
        &format!("crl/{}.crl", first_ca("root")),
    ] {
        assert!(refused.contains(file), "{file} was never refused");
    }
    for file in [
        &format!("crl/{}.crl", first_ca("router")),
        "log/checkpoint",
        "log/key",
        "tls/server.pem",
    ] {
        assert!(repaired.contains(file), "{file} was never repaired");
    }
}

/// The credential of the admin is the client's: it is refused with a message, or does what it did.
#[test]
fn a_flipped_bit_in_a_credential_is_told() {
    let (site, _server) = Site::running(Algorithm::P256);
    let listed = site.client_json(&["list"]);
    let admin = site.data().join("admin");
    for (file, octets) in &Saved::of(&admin).0 {
        for at in places(octets.len(), usize::MAX) {
            let mut flipped = octets.clone();
            flipped[at] ^= 1;
            std::fs::write(admin.join(file), flipped).expect("the directory is ours");
            let found = run(&mut site.client_command(&["list", "--output", "json"]));
            match found.code {
                Some(0) => assert_eq!(found.json(), listed, "{} at {at}", file.display()),
                Some(1 | 2) => assert!(found.json()["error"]["message"].is_string(), "{found}"),
                _ => panic!("{} at {at}: {found}", file.display()),
            }
        }
        std::fs::write(admin.join(file), octets).expect("the directory is ours");
    }
}

/// No server reads the root: a ceremony signs as ever, or refuses and names the file.
#[test]
fn a_flipped_bit_in_the_offline_root_is_told() {
    let (site, _server) = Site::running(Algorithm::P256);
    let root = site.issuers()["root"].clone();
    let offline = Offline::of(&site);
    let saved = Saved::of(&offline.folder);
    let mut refused = BTreeSet::new();
    for (file, octets) in &saved.0 {
        let name = file.display().to_string();
        for at in places(octets.len(), usize::MAX) {
            let mut flipped = octets.clone();
            flipped[at] ^= 1;
            std::fs::write(offline.folder.join(file), flipped).expect("the directory is ours");
            let [request, answer] = ["request", "answer"].map(|kind| format!("{name}-{at}.{kind}"));
            site.client(&["crl", "request", "--out", &request]).ok();
            let words = ["crl", "--request", &request, "--out", &answer, "--yes"];
            let signed = offline.ceremony(&site, &words);
            match signed.code {
                // The server takes only a CRL that its root signed.
                Some(0) => drop(site.client(&["crl", "install", &answer]).ok()),
                Some(1 | 2) => {
                    assert!(signed.stderr.contains(&root), "{name} at {at}: {signed}");
                    assert!(!site.path(&answer).exists(), "{name} at {at}");
                    refused.insert(name.clone());
                }
                _ => panic!("{name} at {at}: {signed}"),
            }
            saved.put_back(&offline.folder);
        }
    }
    assert_eq!(refused.len(), saved.0.len(), "{refused:?}");
}

/// A CA with certificates, a revocation, and a second actor, stopped; and what it says.
fn small_site() -> (Site, Said) {
    let site = Site::new(Algorithm::P256);
    make_keys_cheap(&site);
    let settings = site.data().join("ca-server.toml");
    let text = std::fs::read_to_string(&settings).expect("init wrote it");
    std::fs::write(&settings, text + "\n[limits]\nreserve_mebibytes = 1\n").expect("it is ours");
    let server = site.serve();
    for number in 0..3 {
        site.issue("router", &format!("router-{number}.example.net"), &[]);
    }
    site.client(&["revoke", "--name", "router-1.example.net"])
        .ok();
    server.terminate();
    // The CRL with the revocation is there after the next start at the latest.
    site.serve().terminate();
    let runtime = Runtime::new().expect("the machine has threads");
    let server = start(&site, &runtime).expect("nothing is flipped yet");
    let said = Said::of(&site, &server);
    runtime.block_on(server.stop());
    assert_eq!(said.crls[&first_ca("router")].len(), 1);
    (site, said)
}

/// Starts a server in this process; the error is told with its causes, as the program does.
fn start(site: &Site, runtime: &Runtime) -> Result<InProcess, String> {
    let settings = Settings::of(&DataDir::new(site.data())).map_err(|error| told(&error))?;
    let options = options(site, settings, 0);
    runtime
        .block_on(try_start(options))
        .map_err(|error| told(&error))
}

fn told(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// Issues a certificate; the key is that of the CA.
async fn issue(site: &Site, server: &InProcess) -> Result<Vec<u8>, tonic::Status> {
    let admin = Api::connect(&site.data().join("admin"), server.addresses.api.port()).await;
    let mut authority = admin.expect("the admin is let in").authority();
    let issued = authority
        .issue(Key::new().issue_request("router", "new.example.net"))
        .await?
        .into_inner();
    let certificate = issued.certificate.expect("a certificate").der;
    let [issuer, ..] = issued.chain.as_slice() else {
        panic!("no chain");
    };
    let issuer = Certificate::from_der(issuer).expect("a certificate");
    Certificate::from_der(&certificate)
        .expect("a certificate")
        .verify_signed_by(&issuer)
        .expect("the key is that of the CA");
    Ok(certificate)
}

/// Tells whether a certificate says where the CRL of the site is.
fn names_our_places(der: &[u8]) -> bool {
    let url = format!("http://pki.example.net/crl/{}.crl", first_ca("router"));
    der.windows(url.len())
        .any(|octets| octets == url.as_bytes())
}

/// Tells whether a file is gone through in the tests of the store.
fn is_in_the_store(name: &str) -> bool {
    name.starts_with("index-") || name.ends_with(".log")
}

/// What a server says.
struct Said {
    books: Books,
    /// The serial numbers on each CRL.
    crls: BTreeMap<String, BTreeSet<Vec<u8>>>,
}

impl Said {
    fn of(site: &Site, server: &InProcess) -> Self {
        let books = Books::read_from(site, server.addresses.api.port());
        let port = server.addresses.http.port();
        let ids = ["root", "control", "router", "vpn-server", "vpn-client"];
        let crls = ids.map(|id| {
            let id = first_ca(id);
            let get = |path: String| http(port, "GET", &path, &[]).body;
            let ca = Certificate::from_der(&get(format!("/ca/{id}.cer"))).expect("a certificate");
            let crl = CertificateList::from_der(&get(format!("/crl/{id}.crl"))).expect("a CRL");
            crl.verify_signed_by(&ca).expect("the CA signed it");
            let serials = crl.entries().map(|entry| entry.serial.to_vec()).collect();
            (id, serials)
        });
        Self {
            books,
            crls: crls.into(),
        }
    }

    /// What was said before is said still; only the listener may have got another certificate.
    fn compare(&self, found: &Self, what: &str) {
        let is_ours = |profile: &str| profile == "control-server";
        for (serial, row) in &self.books.listed {
            let now = found.books.listed.get(serial);
            let now = now.unwrap_or_else(|| panic!("{what}: {} is lost", row.name));
            if !is_ours(&row.profile) {
                assert_eq!(now, row, "{what}");
            }
        }
        for (serial, row) in &found.books.listed {
            let is_known = self.books.listed.contains_key(serial);
            assert!(
                is_known || is_ours(&row.profile),
                "{what}: {} is new",
                row.name
            );
        }
        for (serial, name) in &self.books.logged {
            assert_eq!(found.books.logged.get(serial), Some(name), "{what}");
        }
        assert_eq!(found.books.actors, self.books.actors, "{what}");
        for (id, serials) in &self.crls {
            let now = &found.crls[id];
            assert!(
                serials.is_subset(now),
                "{what}: the CRL of {id} lacks entries"
            );
            let may_grow = id.starts_with("control-");
            assert!(
                may_grow || now == serials,
                "{what}: the CRL of {id} has more"
            );
        }
    }
}

/// The files of a directory with their contents, without those that have none.
struct Saved(BTreeMap<PathBuf, Vec<u8>>);

impl Saved {
    fn of(directory: &Path) -> Self {
        let mut files = BTreeMap::new();
        collect(directory, Path::new(""), &mut files);
        Self(files)
    }

    /// Makes the directory what it was.
    fn put_back(&self, directory: &Path) {
        let mut now = BTreeMap::new();
        collect(directory, Path::new(""), &mut now);
        for file in now.keys().filter(|file| !self.0.contains_key(*file)) {
            std::fs::remove_file(directory.join(file)).expect("the directory is ours");
        }
        // An index that was built anew lies in a directory of its own.
        for index in super::indexes_in(directory) {
            if !self
                .0
                .keys()
                .any(|file| directory.join(file).starts_with(&index))
            {
                std::fs::remove_dir_all(index).expect("the directory is ours");
            }
        }
        for (file, octets) in &self.0 {
            if now.get(file) != Some(octets) {
                let place = directory.join(file);
                let folder = place.parent().expect("a file lies in a folder");
                std::fs::create_dir_all(folder).expect("the directory is ours");
                std::fs::write(place, octets).expect("the directory is ours");
            }
        }
    }
}

fn collect(directory: &Path, below: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in std::fs::read_dir(directory.join(below)).expect("it is a directory") {
        let entry = entry.expect("it is readable");
        let path = below.join(entry.file_name());
        let is_left_out = ["admin", "root-offline", "lock", "log/lock", "log/reserve"]
            .iter()
            .any(|name| path == Path::new(name));
        if entry.file_type().expect("it has a type").is_dir() {
            if !is_left_out {
                collect(directory, &path, files);
            }
        } else if !is_left_out {
            let octets = std::fs::read(directory.join(&path)).expect("it is readable");
            files.insert(path, octets);
        }
    }
}

/// Every so-manieth octet of a file; so many at the most, spread over it.
fn places(octets: usize, most: usize) -> impl Iterator<Item = usize> {
    let step = STEP.max(octets / most);
    (step.min(octets) / 2..octets).step_by(step)
}
