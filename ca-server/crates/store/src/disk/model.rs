//! Random operations against a store on disk and a simple model of it, crashes among them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use ca_types::{IssuerState, KeyId, Role};
use ca_verify::{Certificate, Change, Entry, Frontier, IssuerStateChanged, leaf_hash};
use proptest::prelude::*;
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256};
use tempfile::TempDir;

use crate::files::{Files, Random, RecordedFiles, SystemFiles};
use crate::fixture::{
    Leaf, actor, asked, blocked, crl, entry, everything, founding, issuer, revoked, router_ca,
    serial,
};
use crate::{
    CaStore, Committed, IndexReport, LogStore, OpenOptions, OpenReport, PageToken, StoreError,
};

/// What is done to the store; numbers stand for one of the few names, keys and CAs there are.
#[derive(Debug, Clone, Copy)]
enum Operation {
    Issue {
        name: usize,
        key: usize,
        ca: usize,
    },
    /// Renews with the same key, or rekeys with another.
    Succeed {
        of: usize,
        key: usize,
    },
    Revoke {
        of: usize,
    },
    AddActor {
        key: u8,
        name: usize,
        is_admin: bool,
    },
    RemoveActor {
        key: u8,
    },
    Become {
        ca: usize,
        state: IssuerState,
    },
    Block {
        key: usize,
    },
    Unblock {
        key: usize,
    },
    SignCrl {
        number: u64,
    },
    ListPages {
        limit: usize,
    },
    /// Asks again with the request of an earlier leaf.
    Repeat {
        of: usize,
    },
    /// Issues to two names at once.
    IssueTwo {
        names: [usize; 2],
        keys: [usize; 2],
    },
    /// The process ends in order.
    Reopen,
    /// The process ends, and what was not synced is kept or lost.
    Crash {
        seed: u64,
    },
}

const NAMES: [&str; 4] = ["a.example", "b.example", "c.example", "d.example"];
const ACTORS: [&str; 3] = ["berta", "carla", "dora"];
const CAS: [&str; 2] = ["router-2026-1", "router-2026-2"];

fn operations() -> impl Strategy<Value = Vec<Operation>> {
    use Operation::{
        AddActor, Become, Block, Crash, Issue, IssueTwo, ListPages, RemoveActor, Reopen, Repeat,
        Revoke, SignCrl, Succeed, Unblock,
    };
    let state = prop_oneof![
        5 => Just(IssuerState::Active),
        3 => Just(IssuerState::Inactive),
        1 => Just(IssuerState::Retired),
    ];
    let one = prop_oneof![
        6 => (0..4_usize, 0..6_usize, 0..2_usize)
            .prop_map(|(name, key, ca)| Issue { name, key, ca }),
        4 => (0..12_usize, 0..6_usize).prop_map(|(of, key)| Succeed { of, key }),
        4 => (0..12_usize).prop_map(|of| Revoke { of }),
        2 => (1..5_u8, 0..3_usize, any::<bool>())
            .prop_map(|(key, name, is_admin)| AddActor { key, name, is_admin }),
        2 => (1..5_u8).prop_map(|key| RemoveActor { key }),
        1 => (0..2_usize, state).prop_map(|(ca, state)| Become { ca, state }),
        1 => (0..6_usize).prop_map(|key| Block { key }),
        1 => (0..6_usize).prop_map(|key| Unblock { key }),
        2 => (1..9_u64).prop_map(|number| SignCrl { number }),
        1 => (1..4_usize).prop_map(|limit| ListPages { limit }),
        2 => (0..20_usize).prop_map(|of| Repeat { of }),
        2 => ([0..4_usize, 0..4_usize], [0..6_usize, 0..6_usize])
            .prop_map(|(names, keys)| IssueTwo { names, keys }),
        1 => Just(Reopen),
        2 => any::<u64>().prop_map(|seed| Crash { seed }),
    ];
    proptest::collection::vec(one, 1..40)
}

/// A certificate as the model knows it; its place in the list is its serial number.
#[derive(Debug, Clone, Copy)]
struct Known {
    name: usize,
    key: usize,
    ca: usize,
    succeeds: Option<usize>,
    is_revoked: bool,
}

/// What a store should say.
#[derive(Debug)]
struct Model {
    certificates: Vec<Known>,
    actors: BTreeMap<u8, (String, Role)>,
    states: [IssuerState; 2],
    blocked: [bool; 6],
    /// To whom a key belongs, for ever.
    owners: [Option<usize>; 6],
    last_crl: u64,
    /// Each with the request that it answers.
    leaves: Vec<Entry>,
    /// How many requests there were; each has a number of its own.
    asked: usize,
}

/// What a store is asked for.
struct Asked {
    entry: Entry,
    /// What the model says.
    is_taken: bool,
    operation: Operation,
}

impl Model {
    fn new() -> Self {
        Self {
            certificates: Vec::new(),
            actors: BTreeMap::from([(1, ("anna".to_owned(), Role::Admin))]),
            states: [IssuerState::Active; 2],
            blocked: [false; 6],
            owners: [None; 6],
            last_crl: 0,
            leaves: Vec::new(),
            asked: 0,
        }
    }

    /// Makes the change, unless a rule forbids it, and returns what asks a store for the same.
    fn ask(&mut self, operation: Operation) -> Asked {
        let entry = self.entry(operation).unwrap();
        self.asked += 1;
        Asked {
            entry,
            is_taken: self.take(operation),
            operation,
        }
    }

    /// Expects of a store what the model has done.
    fn compare_outcome(&mut self, asked: Asked, outcome: Result<Committed, StoreError>) {
        let Asked {
            entry,
            is_taken,
            operation,
        } = asked;
        match outcome {
            Ok(Committed::New { leaf }) if is_taken => {
                assert_eq!(usize::try_from(leaf), Ok(self.leaves.len()));
                self.leaves.push(entry);
            }
            Err(_refused) if !is_taken => {}
            other => panic!("{operation:?}: expected {is_taken}, found {other:?}"),
        }
    }

    /// Makes the change, unless a rule forbids it.
    fn take(&mut self, operation: Operation) -> bool {
        match operation {
            Operation::Issue { name, key, ca } => self.issue(name, key, ca, None),
            Operation::Succeed { of, key } => match self.certificates.get(of).copied() {
                Some(former) if !former.is_revoked => {
                    self.issue(former.name, key, former.ca, Some(of))
                }
                Some(_) | None => false,
            },
            Operation::Revoke { of } => match self.certificates.get_mut(of) {
                Some(known) if !known.is_revoked => {
                    known.is_revoked = true;
                    true
                }
                Some(_) | None => false,
            },
            Operation::AddActor {
                key,
                name,
                is_admin,
            } => {
                let name = ACTORS[name].to_owned();
                let clashes = self.actors.values().any(|(other, _)| *other == name);
                if clashes || self.actors.contains_key(&key) {
                    return false;
                }
                let role = if is_admin { Role::Admin } else { Role::Agent };
                self.actors.insert(key, (name, role));
                true
            }
            Operation::RemoveActor { key } => {
                let is_admin = |role: &Role| *role == Role::Admin;
                let others = self.actors.iter().filter(|(other, _)| **other != key);
                let admin_stays = others.into_iter().any(|(_, (_, role))| is_admin(role));
                let goes = self
                    .actors
                    .get(&key)
                    .is_some_and(|(_, role)| !is_admin(role) || admin_stays);
                if goes {
                    self.actors.remove(&key);
                }
                goes
            }
            Operation::Become { ca, state } => {
                let may = match (self.states[ca], state) {
                    (IssuerState::Active, other) => other != IssuerState::Active,
                    (IssuerState::Inactive, other) => other != IssuerState::Inactive,
                    _ended => false,
                };
                if may {
                    self.states[ca] = state;
                }
                may
            }
            Operation::Block { key } => {
                self.blocked[key] = true;
                true
            }
            Operation::Unblock { key } => std::mem::take(&mut self.blocked[key]),
            Operation::SignCrl { number } => {
                let goes_up = number > self.last_crl;
                self.last_crl = self.last_crl.max(number);
                goes_up
            }
            Operation::ListPages { .. }
            | Operation::Repeat { .. }
            | Operation::IssueTwo { .. }
            | Operation::Reopen
            | Operation::Crash { .. } => false,
        }
    }

    fn issue(&mut self, name: usize, key: usize, ca: usize, succeeds: Option<usize>) -> bool {
        let line: Vec<usize> =
            std::iter::successors(succeeds, |of| self.certificates[*of].succeeds).collect();
        let has_rival = (0..)
            .zip(&self.certificates)
            .any(|(number, known): (usize, &Known)| {
                known.name == name && !known.is_revoked && !line.contains(&number)
            });
        let is_owned = self.owners[key].is_some_and(|owner| owner != name);
        if has_rival || is_owned || self.blocked[key] || self.states[ca] != IssuerState::Active {
            return false;
        }
        self.owners[key] = Some(name);
        self.certificates.push(Known {
            name,
            key,
            ca,
            succeeds,
            is_revoked: false,
        });
        true
    }

    /// Returns the entry that asks a store for the same.
    fn entry(&self, operation: Operation) -> Option<Entry> {
        let number = |of: usize| u64::try_from(of).unwrap();
        let next = self.certificates.len();
        let change = match operation {
            Operation::Issue { name, key, ca } => {
                certificate(NAMES[name], number(next), key, ca).change()
            }
            Operation::Succeed { of, key } => {
                let former = self.certificates.get(of);
                let (name, ca) = former.map_or((0, 0), |former| (former.name, former.ca));
                certificate(NAMES[name], number(next), key, ca)
                    .succeeding(number(of))
                    .change()
            }
            Operation::Revoke { of } => revoked(number(of)),
            Operation::AddActor {
                key,
                name,
                is_admin,
            } => {
                let role = if is_admin { Role::Admin } else { Role::Agent };
                actor(key, ACTORS[name], role)
            }
            Operation::RemoveActor { key } => Change::ActorRemoved([key; 32].into()),
            Operation::Become { ca, state } => Change::IssuerStateChanged(IssuerStateChanged {
                issuer: CAS[ca].parse().unwrap(),
                state,
            }),
            Operation::Block { key } => blocked(keys()[key].1),
            Operation::Unblock { key } => Change::KeyUnblocked(keys()[key].1),
            Operation::SignCrl { number } => crl(number),
            Operation::ListPages { .. }
            | Operation::Repeat { .. }
            | Operation::IssueTwo { .. }
            | Operation::Reopen
            | Operation::Crash { .. } => return None,
        };
        let request = u8::try_from(self.asked).unwrap();
        Some(asked(entry([change]), request, 1))
    }

    /// Compares all that a store says.
    async fn compare(&self, store: &LogStore) {
        let mut frontier = Frontier::new();
        let expected: Vec<Vec<u8>> = self
            .leaves
            .iter()
            .map(|leaf| leaf.to_der().unwrap())
            .collect();
        for leaf in &expected {
            frontier.push(leaf_hash(leaf));
        }
        let head = store.tree_head().await.unwrap();
        assert_eq!((head.size, head.root), (frontier.size(), frontier.root()));
        let leaves = store.leaves(0, 1000).await.unwrap();
        assert!(leaves.iter().map(|(_number, octets)| octets).eq(&expected));
        self.compare_rows(store, 1000).await;
        let known = |(key, (name, role)): (&u8, &(String, Role))| {
            (KeyId::from([*key; 32]), name.clone(), *role)
        };
        let mut expected: Vec<_> = self.actors.iter().map(known).collect();
        let actors = store.actors().await.unwrap();
        let mut found: Vec<_> = actors
            .into_iter()
            .map(|row| (row.actor.key, row.actor.name.to_string(), row.actor.role))
            .collect();
        expected.sort_by_key(|(key, ..)| *key);
        found.sort_by_key(|(key, ..)| *key);
        assert_eq!(found, expected);
        for (number, (_, key)) in keys().iter().enumerate() {
            let is_blocked = store.blocked_key(key).await.unwrap().is_some();
            assert_eq!(is_blocked, self.blocked[number]);
        }
        let rows = store.issuers().await.unwrap();
        let states: Vec<IssuerState> = rows.iter().map(|row| row.state).collect();
        assert_eq!(states, self.states);
        let last = store.last_crl(&router_ca()).await.unwrap();
        assert_eq!(last.map_or(0, |row| row.number), self.last_crl);
    }

    /// Lists certificates page by page.
    async fn compare_rows(&self, store: &LogStore, limit: usize) {
        let mut rows = Vec::new();
        let mut after: Option<PageToken> = None;
        loop {
            let mut query = everything();
            (query.after, query.limit) = (after, limit);
            let page = store.list(&query).await.unwrap();
            assert!(page.rows.len() <= limit);
            rows.extend(page.rows);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let found: Vec<_> = rows
            .iter()
            .map(|row| {
                (
                    row.serial,
                    row.name.as_str(),
                    row.key,
                    row.revocation.is_some(),
                )
            })
            .collect();
        let expected: Vec<_> = (0..)
            .zip(&self.certificates)
            .map(|(number, known)| {
                (
                    serial(number),
                    NAMES[known.name],
                    keys()[known.key].1,
                    known.is_revoked,
                )
            })
            .collect();
        assert_eq!(found, expected);
    }
}

fn keys() -> &'static [(Vec<u8>, KeyId)] {
    static KEYS: OnceLock<Vec<(Vec<u8>, KeyId)>> = OnceLock::new();
    KEYS.get_or_init(|| {
        let key = |_number| {
            let leaf = Leaf::new("a.example", 0);
            let der = leaf.der();
            let id = Certificate::from_der(&der).unwrap().public_key().key_id();
            (leaf.key.serialize_der(), id)
        };
        (0..6).map(key).collect()
    })
}

fn certificate(name: &'static str, number: u64, key: usize, ca: usize) -> Leaf {
    let der = keys()[key].0.as_slice().into();
    Leaf {
        key: KeyPair::from_pkcs8_der_and_sign_algo(&der, &PKCS_ECDSA_P256_SHA256).unwrap(),
        issuer: CAS[ca].parse().unwrap(),
        ..Leaf::new(name, number)
    }
}

/// Where a store keeps its files.
#[derive(Debug)]
enum Disk {
    /// A directory that is in memory only, so that there is no index; a crash may lose what was not synced.
    Recorded(RecordedFiles),
    /// A directory with an index; a crash leaves all files as they are at that moment.
    Real(TempDir),
}

impl Disk {
    fn recorded() -> Self {
        let disk = Self::Recorded(RecordedFiles::default());
        let Self::Recorded(files) = &disk else {
            unreachable!("it is recorded");
        };
        files.create_dir(&disk.data()).unwrap();
        crate::log::create(files, &disk.data().join("log"), [7; 16].into()).unwrap();
        files.sync_dir(Path::new("/dev/null")).unwrap();
        disk
    }

    fn real() -> Self {
        let dir = tempfile::tempdir().unwrap();
        LogStore::create(dir.path(), [7; 16].into()).unwrap();
        Self::Real(dir)
    }

    fn data(&self) -> PathBuf {
        match self {
            Self::Recorded(_) => PathBuf::from("/dev/null/data"),
            Self::Real(dir) => dir.path().to_owned(),
        }
    }

    fn open(&self) -> (LogStore, OpenReport) {
        let files: Arc<dyn Files> = match self {
            Self::Recorded(files) => Arc::new(files.clone()),
            Self::Real(_) => Arc::new(SystemFiles),
        };
        let options = OpenOptions {
            files,
            segment_octets: 4_000,
            reserve_octets: 64,
            ..OpenOptions::system()
        };
        LogStore::open(&self.data(), options).unwrap()
    }

    /// Returns the disk as a crash leaves it.
    fn crashed(&self, store: LogStore, seed: u64) -> Self {
        match self {
            Self::Recorded(files) => {
                drop(store);
                let steps = files.steps();
                let states = files.crashes(steps, 8, &mut Random::new(seed));
                let state = usize::try_from(seed).unwrap() % states.len();
                Self::Recorded(files.crashed(steps, &states[state]))
            }
            Self::Real(dir) => {
                let copy = tempfile::tempdir().unwrap();
                copy_while_it_changes(dir.path(), copy.path());
                drop(store);
                Self::Real(copy)
            }
        }
    }
}

/// Files of an index may come and go meanwhile: what is missing in the copy is what a crash may take.
fn copy_while_it_changes(from: &Path, to: &Path) {
    for found in std::fs::read_dir(from).unwrap() {
        let found = found.unwrap().path();
        let target = to.join(found.file_name().unwrap());
        if found.is_dir() {
            std::fs::create_dir(&target).unwrap();
            copy_while_it_changes(&found, &target);
        } else {
            drop(std::fs::copy(&found, target));
        }
    }
}

/// Does the operations one after the other, and compares after each start and at the end.
#[tokio::main(flavor = "current_thread")]
async fn check(mut disk: Disk, operations: &[Operation]) {
    let mut model = Model::new();
    let (mut store, _report) = disk.open();
    for first in [founding(), entry([issuer(CAS[1], "main")])] {
        model.leaves.push(first.clone());
        store.commit(first).await.unwrap();
    }
    for operation in operations {
        match *operation {
            Operation::Crash { seed } => {
                disk = disk.crashed(store, seed);
                store = disk.open().0;
                model.compare(&store).await;
            }
            Operation::Reopen => {
                drop(store);
                let (opened, report) = disk.open();
                if matches!(disk, Disk::Real(_)) {
                    assert_eq!(report.index, IndexReport::Used { replayed: 0 });
                }
                store = opened;
                model.compare(&store).await;
            }
            Operation::ListPages { limit } => model.compare_rows(&store, limit).await,
            Operation::Repeat { of } => {
                let number = of % model.leaves.len();
                let earlier = &model.leaves[number];
                if earlier.origin.request.is_some() {
                    let repeated = store.commit(earlier.clone()).await;
                    assert!(
                        matches!(&repeated, Ok(Committed::Repeated { leaf, .. }) if usize::try_from(*leaf) == Ok(number)),
                        "{repeated:?}"
                    );
                }
            }
            Operation::IssueTwo {
                names: [first, second],
                keys: [one, other],
            } => {
                let issue = |name, key| Operation::Issue { name, key, ca: 0 };
                let first = model.ask(issue(first, one));
                let second = model.ask(issue(second, other));
                let (one, other) = tokio::join!(
                    store.commit(first.entry.clone()),
                    store.commit(second.entry.clone())
                );
                model.compare_outcome(first, one);
                model.compare_outcome(second, other);
            }
            Operation::Issue { .. }
            | Operation::Succeed { .. }
            | Operation::Revoke { .. }
            | Operation::AddActor { .. }
            | Operation::RemoveActor { .. }
            | Operation::Become { .. }
            | Operation::Block { .. }
            | Operation::Unblock { .. }
            | Operation::SignCrl { .. } => {
                let asked = model.ask(*operation);
                let outcome = store.commit(asked.entry.clone()).await;
                model.compare_outcome(asked, outcome);
            }
        }
    }
    model.compare(&store).await;
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_store_does_what_the_model_does(operations in operations()) {
        check(Disk::recorded(), &operations);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn a_store_with_an_index_does_what_the_model_does(operations in operations()) {
        check(Disk::real(), &operations);
    }
}

fn check_both(operations: &[Operation]) {
    check(Disk::recorded(), operations);
    check(Disk::real(), operations);
}

/// A key stays with its name when its only certificate is revoked and the process has ended in between.
#[test]
fn a_key_is_not_free_again_after_a_crash() {
    check_both(&[
        Operation::Issue {
            name: 0,
            key: 0,
            ca: 0,
        },
        Operation::Revoke { of: 0 },
        Operation::Crash { seed: 1 },
        Operation::Issue {
            name: 1,
            key: 0,
            ca: 0,
        },
        Operation::Issue {
            name: 0,
            key: 0,
            ca: 1,
        },
    ]);
}

/// A line of successors is known again after a crash: a rival of its newest is refused, its next is not.
#[test]
fn a_line_of_successors_goes_on_after_a_crash() {
    check_both(&[
        Operation::Issue {
            name: 2,
            key: 1,
            ca: 1,
        },
        Operation::Succeed { of: 0, key: 2 },
        Operation::Crash { seed: 2 },
        Operation::Succeed { of: 0, key: 3 },
        Operation::Succeed { of: 1, key: 3 },
        Operation::Revoke { of: 0 },
        Operation::ListPages { limit: 1 },
    ]);
}
