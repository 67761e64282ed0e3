//! Somebody who can change everything in the data directory, and lacks the passphrase: `audit verify` finds it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use ca_server::audit::{AuditOptions, AuditReport, verify};
use ca_server::data_dir::DataDir;
use ca_store::log::{HEADER_OCTETS, Record, SegmentHeader};
use ca_tests::{Algorithm, InitOptions, Site, copy, first_ca};
use ca_types::{Actor, IssuerState, RevocationReason, Role, Scope};
use ca_verify::{
    Change, Checkpoint, Entry, Frontier, IssuerStateChanged, LogKey, LogKeyAdded, LogKeyStatement,
    NoteSignature, Restored, Revoked, SignedNote, leaf_hash,
};

mod index;

const PATIENCE: Duration = Duration::from_secs(30);

/// A data directory that somebody changes: the log in memory, everything else on the disk.
struct Tampered {
    data: PathBuf,
    header: SegmentHeader,
    leaves: Vec<Vec<u8>>,
    /// Octets behind the last record.
    junk: Vec<u8>,
}

impl Tampered {
    fn read(data: PathBuf) -> Self {
        let octets = fs::read(Self::segment(&data)).expect("the log is there");
        let header = SegmentHeader::decode(&octets).expect("a header");
        let mut leaves = Vec::new();
        let mut rest = &octets[HEADER_OCTETS..];
        while !rest.is_empty() {
            let record = Record::decode(header.log_id, rest).expect("a record");
            leaves.push(record.octets.to_vec());
            rest = &rest[Record::octets_wanted(rest).expect("a length")..];
        }
        Self {
            data,
            header,
            leaves,
            junk: Vec::new(),
        }
    }

    fn segment(data: &Path) -> PathBuf {
        data.join("log/00000000000000000000.log")
    }

    /// Writes the log as an able attacker does: numbers, checksums and groups are right.
    fn write(&self) {
        let mut octets = self.header.to_octets();
        for (leaf, content) in (0..).zip(&self.leaves) {
            let record = Record {
                leaf,
                position: 0,
                octets: content,
            };
            record.append_to(self.header.log_id, &mut octets);
        }
        octets.extend_from_slice(&self.junk);
        fs::write(Self::segment(&self.data), octets).expect("the test directory is writable");
    }

    fn edit(&mut self, leaf: usize, change: impl FnOnce(&mut Entry)) {
        let mut entry = Entry::from_der(&self.leaves[leaf]).expect("an entry");
        change(&mut entry);
        self.leaves[leaf] = entry.to_der().expect("it encodes");
    }

    fn place(&self, wanted: impl Fn(&Change) -> bool) -> usize {
        self.leaves
            .iter()
            .position(|octets| {
                let entry = Entry::from_der(octets).expect("an entry");
                entry.changes.iter().any(&wanted)
            })
            .expect("there is such a leaf")
    }

    fn revoked(&self) -> usize {
        self.place(|change| matches!(change, Change::Revoked(_)))
    }

    fn requested(&self) -> usize {
        self.leaves
            .iter()
            .position(|octets| Entry::from_der(octets).unwrap().origin.request.is_some())
            .expect("an entry of a request")
    }

    /// A leaf like the last, with another change.
    fn append(&mut self, change: Change) {
        let mut entry = Entry::from_der(self.leaves.last().expect("a leaf")).expect("an entry");
        entry.changes = vec![change];
        self.leaves.push(entry.to_der().expect("it encodes"));
    }

    fn root(&self) -> [u8; 32] {
        let mut frontier = Frontier::new();
        for leaf in &self.leaves {
            frontier.push(leaf_hash(leaf));
        }
        frontier.root()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.data.join(name)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.file(name)).expect("the file is there")
    }

    fn put(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.file(name), content).expect("the test directory is writable");
    }

    /// Signs the log as it is with a key of the attacker, under the name of the real one.
    fn sign_with_own_key(&self) -> LogKey {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[9; 32]).expect("a key");
        let real = LogKeyStatement::from_note(&self.text("log/key")).expect("a statement");
        let octets = pair.public_key().as_ref().try_into().expect("32 octets");
        let key = LogKey::new(real.key.name().to_owned(), octets).expect("a name");
        let text = Checkpoint {
            origin: key.name().to_owned(),
            size: self.leaves.len().try_into().expect("few"),
            root: self.root(),
        }
        .to_string();
        let signature = key.signature(pair.sign(text.as_bytes()).as_ref().to_vec());
        self.put(
            "log/checkpoint",
            SignedNote::new(text, vec![signature]).to_string(),
        );
        key
    }

    /// The statement of the real CA, about the key of the attacker: its signature cannot hold.
    fn forged_statement(&self, key: &LogKey) -> String {
        let real = self.text("log/key");
        let note = SignedNote::parse(&real).expect("a note");
        let mut statement = LogKeyStatement::from_note(&real).expect("a statement");
        statement.key = key.clone();
        let signatures: Vec<NoteSignature> = note.signatures().to_vec();
        SignedNote::new(statement.to_string(), signatures).to_string()
    }
}

fn other_actor() -> Change {
    Change::ActorAdded(Actor {
        key: [6; 32].into(),
        name: "mallory".parse().expect("a name"),
        role: Role::Admin,
        scope: Scope::default(),
    })
}

fn restored(leaves: u64, root: [u8; 32]) -> Change {
    Change::Restored(Restored {
        leaves,
        root,
        lost_since: None,
        lists: Vec::new(),
        left_out: Vec::new(),
    })
}

type Edit = (&'static str, &'static str, fn(&mut Tampered));

/// What is done, what kind of finding must be told, and how it is done.
const EDITS: &[Edit] = &[
    ("another address", "rewritten", |t| {
        let leaf = t.requested();
        t.edit(leaf, |entry| {
            entry.origin.address = "192.0.2.9:1".to_owned();
        });
    }),
    ("another time", "rewritten", |t| {
        t.edit(3, |entry| entry.time = entry.time.minus(1));
    }),
    ("another actor", "rewritten", |t| {
        let leaf = t.requested();
        t.edit(leaf, |entry| entry.origin.actor = Some([5; 32].into()));
    }),
    ("no actor", "rewritten", |t| {
        let leaf = t.requested();
        t.edit(leaf, |entry| entry.origin.actor = None);
    }),
    ("no request", "rewritten", |t| {
        let leaf = t.requested();
        t.edit(leaf, |entry| entry.origin.request = None);
    }),
    ("other settings", "rewritten", |t| {
        t.edit(2, |entry| entry.origin.settings = [4; 32].into());
    }),
    ("another name of a certificate", "rewritten", |t| {
        let leaf = t.place(|change| change.issued().is_some());
        t.edit(leaf, |entry| {
            for change in &mut entry.changes {
                if let Change::Issued(issued) = change {
                    issued.name = "mallory.example.net".to_owned();
                }
            }
        });
    }),
    ("the certificate of another leaf", "leaf", |t| {
        let places: Vec<usize> = (0..t.leaves.len())
            .filter(|leaf| {
                let entry = Entry::from_der(&t.leaves[*leaf]).unwrap();
                entry.changes.iter().any(|change| change.issued().is_some())
            })
            .collect();
        let other = Entry::from_der(&t.leaves[places[1]]).unwrap();
        let other = other
            .changes
            .iter()
            .find_map(Change::issued)
            .unwrap()
            .clone();
        t.edit(places[0], |entry| {
            entry.changes = vec![Change::Issued(other)];
        });
    }),
    ("a milder reason", "rewritten", |t| {
        let leaf = t.revoked();
        t.edit(leaf, |entry| {
            for change in &mut entry.changes {
                if let Change::Revoked(revoked) = change {
                    revoked.reason = RevocationReason::CessationOfOperation;
                }
            }
        });
    }),
    ("another certificate is revoked", "leaf", |t| {
        let leaf = t.revoked();
        t.edit(leaf, |entry| {
            for change in &mut entry.changes {
                if let Change::Revoked(revoked) = change {
                    revoked.serial = [0x42; 16].into();
                }
            }
        });
    }),
    ("a revocation is missing", "crl", |t| {
        let leaf = t.revoked();
        t.leaves.remove(leaf);
    }),
    ("a revocation is missing from its entry", "crl", |t| {
        let leaf = t.revoked();
        let harmless = Entry::from_der(&t.leaves[leaf]).unwrap();
        t.edit(leaf, |entry| {
            entry.changes = vec![other_actor()];
            entry.time = harmless.time;
        });
    }),
    ("the first leaf is missing", "leaf", |t| {
        t.leaves.remove(0);
    }),
    ("the last leaf is missing", "truncated", |t| {
        t.leaves.pop();
    }),
    ("the last three leaves are missing", "truncated", |t| {
        t.leaves.truncate(t.leaves.len() - 3);
    }),
    ("all leaves are missing", "truncated", |t| t.leaves.clear()),
    ("two leaves are swapped", "rewritten", |t| {
        let last = t.leaves.len() - 1;
        t.leaves.swap(last, last - 1);
    }),
    (
        "all leaves but the first are turned around",
        "rewritten",
        |t| {
            t.leaves[1..].reverse();
        },
    ),
    ("a leaf stands twice", "rewritten", |t| {
        let twice = t.leaves[4].clone();
        t.leaves.insert(4, twice);
    }),
    ("a leaf is inserted", "rewritten", |t| {
        t.append(other_actor());
        let inserted = t.leaves.pop().unwrap();
        t.leaves.insert(4, inserted);
    }),
    ("an admin is appended", "unsigned", |t| {
        t.append(other_actor());
    }),
    ("a revocation is appended", "unsigned", |t| {
        t.append(Change::Revoked(Revoked {
            serial: [0x42; 16].into(),
            reason: RevocationReason::Unspecified,
        }));
    }),
    ("changes of an entry are swapped", "rewritten", |t| {
        let leaf = t.place(|change| matches!(change, Change::ActorAdded(_)));
        t.edit(leaf, |entry| entry.changes.reverse());
    }),
    ("a CA is changed for another", "leaf", |t| {
        let leaf = t.place(|change| matches!(change, Change::IssuerAdded(_)));
        t.edit(leaf, |entry| {
            let [Change::IssuerAdded(first), Change::IssuerAdded(second), ..] =
                entry.changes.as_mut_slice()
            else {
                panic!("init adds the CAs first");
            };
            std::mem::swap(&mut first.certificate, &mut second.certificate);
        });
    }),
    ("an admin becomes an auditor", "rewritten", |t| {
        let leaf = t.place(|change| matches!(change, Change::ActorAdded(_)));
        t.edit(leaf, |entry| {
            for change in &mut entry.changes {
                if let Change::ActorAdded(actor) = change {
                    actor.role = Role::Auditor;
                }
            }
        });
    }),
    ("a record is damaged", "damaged", |t| t.junk = vec![7; 40]),
    ("another format", "leaf", |t| {
        let leaf = t.leaves.len() - 1;
        t.leaves[leaf][6] ^= 0x40;
    }),
    ("the checkpoint is gone", "checkpoint", |t| {
        fs::remove_file(t.file("log/checkpoint")).unwrap();
    }),
    ("a checkpoint of fewer leaves", "checkpoint", |t| {
        let text = t.text("log/checkpoint");
        let size = t.leaves.len().to_string();
        t.leaves.pop();
        let fewer = t.leaves.len().to_string();
        t.put("log/checkpoint", text.replacen(&size, &fewer, 1));
    }),
    ("a checkpoint by another key", "checkpoint", |t| {
        t.leaves.pop();
        t.sign_with_own_key();
    }),
    ("another key of the log in its file", "log-key", |t| {
        t.leaves.pop();
        let key = t.sign_with_own_key();
        t.put("log/key", t.forged_statement(&key));
    }),
    ("another key of the log everywhere", "log-key", |t| {
        let leaf = t.place(|change| matches!(change, Change::LogKeyAdded(_)));
        let key = t.sign_with_own_key();
        let statement = t.forged_statement(&key);
        t.edit(leaf, |entry| {
            for change in &mut entry.changes {
                if let Change::LogKeyAdded(added) = change {
                    *added = LogKeyAdded {
                        statement: statement.clone(),
                    };
                }
            }
        });
        t.sign_with_own_key();
        t.put("log/key", statement);
    }),
    ("another identity of the log", "log-key", |t| {
        t.header.log_id = [9; 16].into();
    }),
    ("a checkpoint of another log", "checkpoint", |t| {
        let text = t.text("log/checkpoint");
        t.put("log/checkpoint", text.replacen("/log/", "/log/0", 1));
    }),
    ("a segment is put behind the log", "unsigned", |t| {
        let header = SegmentHeader {
            first_leaf: t.leaves.len().try_into().unwrap(),
            previous: t.header.first_leaf,
            root: t.root(),
            ..t.header
        };
        t.append(other_actor());
        let last = t.leaves.pop().unwrap();
        let mut octets = header.to_octets();
        let record = Record {
            leaf: header.first_leaf,
            position: 0,
            octets: &last,
        };
        record.append_to(header.log_id, &mut octets);
        t.put(&format!("log/{:020}.log", header.first_leaf), octets);
    }),
    (
        "the certificate of the server has no leaf",
        "certificate",
        |t| {
            let is_of_server = |change: &Change| {
                let issued = change.issued();
                issued.is_some_and(|issued| issued.profile.as_str() == "control-server")
            };
            let leaf = t.place(is_of_server);
            t.edit(leaf, |entry| {
                entry.changes.retain(|change| !is_of_server(change));
            });
        },
    ),
    ("a restore of other leaves", "leaf", |t| {
        t.append(restored(3, [1; 32]));
    }),
    ("the end is gone and a restore made up", "truncated", |t| {
        t.leaves.truncate(t.leaves.len() - 3);
        let (leaves, root) = (t.leaves.len().try_into().unwrap(), t.root());
        t.append(restored(leaves, root));
    }),
    ("a CA is made one that issues no more", "unsigned", |t| {
        t.append(Change::IssuerStateChanged(IssuerStateChanged {
            issuer: first_ca("router").parse().unwrap(),
            state: IssuerState::Retired,
        }));
    }),
    ("the key of the log is gone", "log-key", |t| {
        fs::remove_file(t.file("log/key")).unwrap();
    }),
    ("an old CRL is put back", "crl", |t| {
        let old = fs::read(t.file("old.crl")).unwrap();
        t.put(&router_crl(&t.data), old);
    }),
    ("a CRL is gone", "crl", |t| {
        fs::remove_file(t.file(&router_crl(&t.data))).unwrap();
    }),
    ("a CRL is damaged", "crl", |t| {
        let mut crl = fs::read(t.file(&router_crl(&t.data))).unwrap();
        let last = crl.len() - 1;
        crl[last] ^= 1;
        t.put(&router_crl(&t.data), crl);
    }),
    ("the CRL of another CA under its name", "crl", |t| {
        let name = router_crl(&t.data).replace("router", "vpn-client");
        let other = fs::read(t.file(&name)).unwrap();
        fs::remove_file(t.file(&name)).unwrap();
        t.put(&router_crl(&t.data), other);
    }),
];

fn router_crl(data: &Path) -> String {
    let found = fs::read_dir(data.join("crl")).expect("it is a directory");
    let mut names = found.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let name = names.find(|name| name.starts_with("router-"));
    format!("crl/{}", name.expect("the CRL of the router CA"))
}

fn audit(data: &Path, checkpoints: Vec<PathBuf>) -> AuditReport {
    let options = AuditOptions {
        data: DataDir::new(data),
        log_key: None,
        checkpoints,
        certificates: Vec::new(),
    };
    verify(&options, &mut |_leaves| {}).expect("the files can be read")
}

/// How many leaves the checkpoint signs that is kept now.
fn kept_size(site: &Site) -> u64 {
    let note = fs::read_to_string(site.data().join("log/checkpoint")).expect("it is kept");
    Checkpoint::from_note(&note).expect("a checkpoint").size
}

#[test]
fn every_edit_of_the_data_directory_is_found() {
    let site = Site::new(Algorithm::P256);
    let server = site.serve();
    let crl = site.data().join(router_crl(&site.data()));
    site.issue("router", "one.example.net", &[]);
    site.issue("router", "two.example.net", &[]);
    let old = fs::read(&crl).expect("it is published");
    site.client(&["revoke", "--name", "one.example.net"]).ok();
    ca_tests::until(PATIENCE, "the CRL", || {
        (fs::read(&crl).ok()? != old).then_some(())
    });
    site.issue("vpn-client", "anna@example.net", &[]);
    // A leaf that no look has signed a moment before: the server signs it when it stops.
    let mut number = 0;
    ca_tests::until(PATIENCE, "a leaf without a checkpoint", || {
        let before = kept_size(&site);
        number += 1;
        site.issue("router", &format!("late-{number}.example.net"), &[]);
        (kept_size(&site) == before).then_some(())
    });
    server.terminate();
    // A copy without what is large and says nothing.
    let base = site.path("base");
    for name in ["log", "crl", "tls", "admin"] {
        copy(&site.data().join(name), &base.join(name));
    }
    fs::remove_file(base.join("log/reserve")).expect("it is there");
    fs::write(base.join("old.crl"), old).expect("the test directory is writable");
    let sound = audit(&base, Vec::new());
    assert!(sound.sound, "{}", sound.text());
    assert_eq!(sound.signed_size, Some(sound.size));
    assert!(EDITS.len() >= 40);
    for (number, (what, kind, edit)) in EDITS.iter().enumerate() {
        let data = site.path(&format!("edited-{number}"));
        copy(&base, &data);
        let mut tampered = Tampered::read(data.clone());
        edit(&mut tampered);
        tampered.write();
        let report = audit(&data, Vec::new());
        assert!(!report.sound, "{what} was not found");
        assert!(
            report.findings.iter().any(|finding| finding.kind == *kind),
            "{what}: wanted {kind}\n{}",
            report.text()
        );
        fs::remove_dir_all(data).expect("the test directory is writable");
    }
}

#[test]
fn an_old_copy_is_found_by_who_kept_a_later_checkpoint() {
    let site = Site::init(InitOptions {
        algorithm: Algorithm::P256,
        publish_url: None,
        more: &[],
    });
    let server = site.serve();
    site.issue("router", "one.example.net", &[]);
    site.client(&["actor", "add", "robot", "--role", "agent", "--out", "robot"])
        .ok();
    let agent = |words: &[&str]| site.client_command_as(&site.path("robot/client.toml"), words);
    let first = site.client_json(&["audit", "verify"]);
    assert_eq!(first["sound"], true, "{first}");
    assert_eq!(first["seen_size"], serde_json::Value::Null);
    server.terminate();
    let old = site.path("old");
    copy(&site.data(), &old);

    let server = site.serve();
    let new = site.issue("router", "two.example.net", &[]);
    let second = site.client_json(&["audit", "verify"]);
    assert_eq!(second["sound"], true, "{second}");
    assert_eq!(second["seen_size"], first["size"]);
    ca_tests::run(&mut agent(&["audit", "verify", "--checkpoint-only"])).ok();
    let checkpoint = site.path("later.checkpoint");
    fs::write(&checkpoint, site.get("/log/checkpoint").body).expect("writable");
    fs::write(site.path("log.key"), site.get("/log/key").body).expect("writable");
    server.terminate();
    let kept: Vec<PathBuf> = vec![checkpoint];
    assert!(audit(&site.data(), kept.clone()).sound);

    // The old copy is sound in itself; only who saw more knows.
    assert!(audit(&old, Vec::new()).sound);
    let report = audit(&old, kept);
    assert!(
        report
            .findings
            .iter()
            .any(|found| found.kind == "truncated"),
        "{}",
        report.text()
    );
    // A certificate that was issued since has no leaf there.
    let pem = site.path("two.pem");
    fs::write(&pem, certificate_of(&site, &new)).expect("writable");
    let options = AuditOptions {
        data: DataDir::new(&old),
        log_key: None,
        checkpoints: Vec::new(),
        certificates: vec![pem],
    };
    let report = verify(&options, &mut |_leaves| {}).expect("the files can be read");
    assert!(
        report
            .findings
            .iter()
            .any(|found| found.kind == "certificate"),
        "{}",
        report.text()
    );

    typed_options_are_heeded(&site, &old);

    // The admin has the profile, with what it saw, elsewhere; so has an agent, which may read no leaf.
    let admin = site.path("admin");
    copy(&site.data().join("admin"), &admin);
    fs::remove_dir_all(site.data()).expect("it is ours");
    copy(&old, &site.data());
    let server = site.serve();
    let profile = admin.join("client.toml");
    let verify = ["audit", "verify", "--cert", "two.pem"];
    let ran = ca_tests::run(&mut site.client_command_as(&profile, &verify));
    assert_eq!(ran.code, Some(1), "{ran}");
    // A second history, and a certificate that it lacks.
    assert!(ran.stdout.contains("fork: "), "{ran}");
    assert!(ran.stdout.contains("certificate: "), "{ran}");
    // The claim is told and logged, and the server goes on.
    assert!(server.log().contains("fork of the log"), "{}", server.log());
    let claims = || {
        let entries = site.client_json(&["audit", "show", "--limit", "1000"]);
        entries.to_string().matches("fork-claimed").count()
    };
    assert_eq!(claims(), 1);
    // The agent finds it too, and a second claim within a minute fills no log.
    let ran = ca_tests::run(&mut agent(&["audit", "verify", "--checkpoint-only"]));
    assert!(ran.code == Some(1) && ran.stdout.contains("fork"), "{ran}");
    assert_eq!(claims(), 1);
    claims_that_are_none_change_nothing(&site, &admin);
    assert_eq!(claims(), 1);
    site.issue("router", "three.example.net", &[]);
}

/// Types what `audit verify` takes: each option finds what nothing in the directory tells.
fn typed_options_are_heeded(site: &Site, old: &Path) {
    let verify = |data: &Path, more: &[&str]| {
        let mut command = std::process::Command::new(ca_tests::program("ca-server"));
        command
            .args(["audit", "verify", "--output", "json", "--data"])
            .arg(data)
            .args(more)
            .current_dir(site.path(""));
        ca_tests::run(&mut command)
    };
    let found = |data: &Path, more: &[&str]| {
        let report = verify(data, more).json();
        let findings = report["findings"].as_array().expect("a list").clone();
        let kind = |finding: &serde_json::Value| finding["kind"].as_str().unwrap_or("").to_owned();
        findings.iter().map(kind).collect::<Vec<_>>()
    };
    let all = [
        "--log-key",
        "log.key",
        "--checkpoint",
        "later.checkpoint",
        "--cert",
        "two.pem",
    ];
    assert!(found(&site.data(), &all).is_empty());
    assert!(found(old, &all[..2]).is_empty());
    assert_eq!(found(old, &all[2..4]), ["truncated"]);
    assert_eq!(found(old, &all[4..]), ["certificate"]);
    // Another CA in the place of everything is sound in itself.
    let other = Site::new(Algorithm::P256);
    assert!(found(&other.data(), &[]).is_empty());
    let kinds = found(&other.data(), &all[..2]);
    assert!(kinds.contains(&"log-key".to_owned()), "{kinds:?}");
    let refused = verify(old, &["--log-key", "two.pem"]);
    assert_eq!(
        refused.json()["error"]["code"],
        "invalid-request",
        "{refused}"
    );
}

/// A claim that is not signed by the key of the log, that the log explains, or that is empty.
fn claims_that_are_none_change_nothing(site: &Site, admin: &Path) {
    let note = String::from_utf8(site.get("/log/checkpoint").body).expect("a text");
    let note = note.as_str();
    let runtime = tokio::runtime::Runtime::new().expect("the machine has threads");
    let said = runtime.block_on(async {
        let api = ca_tests::Api::connect(admin, site.ports().grpc).await;
        let api = api.expect("the admin is let in");
        let mut said = Vec::new();
        for (first, second) in [
            (note, note),
            (&*note.replace("\u{2014} ", "\u{2014} x"), note),
            (note, ""),
        ] {
            let claim = ca_proto::v1::ClaimForkRequest {
                request_id: ca_tests::request_id(),
                first: first.to_owned(),
                second: second.to_owned(),
            };
            let mut audit = ca_proto::v1::audit_client::AuditClient::new(api.channel());
            let refused = audit.claim_fork(claim).await.expect_err("no fork");
            said.push((refused.code(), refused.message().contains("no fork")));
        }
        said
    });
    let (none, malformed) = (
        tonic::Code::FailedPrecondition,
        tonic::Code::InvalidArgument,
    );
    assert_eq!(said, [(none, true), (none, false), (malformed, false)]);
}

fn certificate_of(site: &Site, issued: &serde_json::Value) -> Vec<u8> {
    let file = issued["files"]["certificate"].as_str().expect("a file");
    let path = Path::new(file);
    let path = if path.is_absolute() {
        path.to_owned()
    } else {
        site.path(file)
    };
    fs::read(path).expect("the client wrote it")
}
