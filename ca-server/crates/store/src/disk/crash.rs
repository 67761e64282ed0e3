//! What a crash may leave, state by state: the log on files in memory that record every call.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ca_verify::{Change, Entry, Frontier, leaf_hash};

use super::opening::{Filling, recover};
use crate::files::{Call, Fate, Fault, Files, Lie, Random, RecordedFiles, replace};
use crate::fixture::{Leaf, actor, crl, entry, founding, revoked};
use crate::index::IndexError;
use crate::log;
use crate::state::State;
use crate::{CaStore, Committed, LogStore, OpenOptions, OpenStep, StoreError};

/// A directory that is in memory only: an index cannot be made there, and the store works without.
fn data() -> PathBuf {
    PathBuf::from("/dev/null/data")
}

fn checkpoint() -> PathBuf {
    log_dir().join("checkpoint")
}

fn log_dir() -> PathBuf {
    data().join("log")
}

/// Entries of every kind, in groups that are sent at once.
fn entries(groups: u64) -> Vec<Vec<Entry>> {
    let mut all = vec![vec![founding()]];
    for group in 1..=groups {
        // Long enough to be torn in many ways.
        let mut changes: Vec<Change> = [
            "a.example",
            "b.example",
            "c.example",
            "d.example",
            "e.example",
            "f.example",
            "g.example",
            "h.example",
            "i.example",
            "j.example",
            "k.example",
        ]
        .into_iter()
        .zip(group * 11..)
        .map(|(name, number)| Leaf::new(name, number).change())
        .collect();
        if group > 1 {
            changes.splice(0..0, (group * 11 - 11..group * 11).map(revoked));
        }
        let agent = actor(
            u8::try_from(group + 8).unwrap(),
            &format!("agent-{group}"),
            ca_types::Role::Agent,
        );
        all.push(vec![entry([crl(group)]), entry(changes), entry([agent])]);
    }
    all
}

/// What happened to a log, call by call.
struct History {
    files: RecordedFiles,
    /// Where the checks begin: the empty log is durable.
    begin: usize,
    /// Each acknowledged leaf: after how many steps, its number, its octets.
    acknowledged: Vec<(usize, u64, Vec<u8>)>,
    /// Each checkpoint that was written: after how many steps, and of how many leaves it tells.
    checkpoints: Vec<(usize, u64)>,
    /// Everything that was ever sent.
    sent: BTreeSet<Vec<u8>>,
    /// Whether the store took one more entry at the end.
    goes_on: bool,
}

/// An empty log that is durable, and some room that is kept.
fn empty_disk() -> RecordedFiles {
    let files = RecordedFiles::default();
    files.create_dir(&data()).unwrap();
    log::create(&files, &log_dir(), [7; 16].into()).unwrap();
    let reserve = files.create(&log_dir().join("reserve")).unwrap();
    reserve.write_at(0, &[0xff; 64]).unwrap();
    reserve.sync_data().unwrap();
    for dir in [&log_dir(), &data(), Path::new("/dev/null")] {
        files.sync_dir(dir).unwrap();
    }
    files
}

fn open(files: &RecordedFiles) -> Result<LogStore, StoreError> {
    let options = OpenOptions {
        files: Arc::new(files.clone()),
        segment_octets: 12_000,
        reserve_octets: 64,
        ..OpenOptions::system()
    };
    Ok(LogStore::open(&data(), options)?.0)
}

impl History {
    /// Runs the entries against a store; what fails is not acknowledged.
    async fn of(files: RecordedFiles, groups: &[Vec<Entry>]) -> Self {
        let mut history = Self {
            begin: files.steps(),
            files,
            acknowledged: Vec::new(),
            checkpoints: Vec::new(),
            sent: BTreeSet::new(),
            goes_on: false,
        };
        let Ok(store) = open(&history.files) else {
            return history;
        };
        for group in groups {
            let octets: Vec<Vec<u8>> = group.iter().map(|entry| entry.to_der().unwrap()).collect();
            history.sent.extend(octets.iter().cloned());
            let outcomes = match group.as_slice() {
                [one] => vec![store.commit(one.clone()).await],
                [one, two, three] => {
                    let (one, two, three) = tokio::join!(
                        store.commit(one.clone()),
                        store.commit(two.clone()),
                        store.commit(three.clone())
                    );
                    vec![one, two, three]
                }
                other => unreachable!("{} entries in a group", other.len()),
            };
            let after = history.files.steps();
            for (outcome, octets) in outcomes.into_iter().zip(octets) {
                if let Ok(Committed::New { leaf }) = outcome {
                    history.acknowledged.push((after, leaf, octets));
                }
            }
            history.checkpoint(&store).await;
        }
        let last = entry([actor(199, "one-more", ca_types::Role::Agent)]);
        let octets = last.to_der().unwrap();
        history.sent.insert(octets.clone());
        // The failure may come to the first attempt.
        for _attempt in 0..2 {
            if let Ok(Committed::New { leaf }) = store.commit(last.clone()).await {
                let steps = history.files.steps();
                history.acknowledged.push((steps, leaf, octets));
                history.goes_on = true;
                break;
            }
        }
        history
    }

    /// Writes the head of the tree as the server does with its signed checkpoints.
    async fn checkpoint(&mut self, store: &LogStore) {
        let head = store.tree_head().await.unwrap();
        let octets = [&head.size.to_be_bytes()[..], &head.root].concat();
        let temporary = log_dir().join(format!(".checkpoint.{}", self.files.steps()));
        if replace(&self.files, &temporary, &checkpoint(), &octets, 0o600).is_ok() {
            self.checkpoints.push((self.files.steps(), head.size));
        }
    }

    /// Judges what is found after a crash: acknowledged ⊆ found ⊆ sent, each once, and found again the same.
    ///
    /// Returns the digest of what the crash left.
    fn judge(
        &self,
        steps: usize,
        fates: &BTreeMap<usize, Fate>,
        thorough: bool,
    ) -> Result<[u8; 32], String> {
        let crashed = self.files.crashed(steps, fates);
        let digest = crashed.digest();
        let context = |what: String| format!("after step {steps} with {fates:?}: {what}");
        let found = found(&crashed, thorough).map_err(|error| context(format!("{error:?}")))?;
        for (after, leaf, octets) in &self.acknowledged {
            let stands = found.leaves.get(usize::try_from(*leaf).unwrap());
            if *after <= steps && stands != Some(octets) {
                return Err(context(format!("leaf {leaf} was acknowledged and is gone")));
            }
        }
        let mut once = BTreeSet::new();
        for (leaf, octets) in found.leaves.iter().enumerate() {
            if !self.sent.contains(octets) {
                return Err(context(format!("leaf {leaf} was never sent")));
            }
            if !once.insert(octets) {
                return Err(context(format!("leaf {leaf} is there twice")));
            }
        }
        self.judge_checkpoint(steps, &crashed, &found)
            .map_err(context)?;
        if thorough {
            // A crash in the middle of the recovery, and the recovery of that.
            for steps in 0..=crashed.steps() {
                for fates in crashed.crashes(steps, 4, &mut Random::new(1)) {
                    let again = self::found(&crashed.crashed(steps, &fates), false);
                    if again.as_ref().ok() != Some(&found) {
                        return Err(context(format!(
                            "found again, after {steps} steps: {again:?}"
                        )));
                    }
                }
            }
        }
        Ok(digest)
    }

    /// The checkpoint is whole, is not older than the last that was written, and the tree goes on from it.
    fn judge_checkpoint(
        &self,
        steps: usize,
        crashed: &RecordedFiles,
        found: &Found,
    ) -> Result<(), String> {
        let written = self.checkpoints.iter().filter(|(after, _)| *after <= steps);
        let oldest = written.map(|(_after, size)| *size).max();
        let mut octets = [0; 64];
        let read = match crashed.open(&checkpoint()) {
            Ok(file) => file.read_at(0, &mut octets).unwrap(),
            Err(_absent) if oldest.is_none() => return Ok(()),
            Err(absent) => return Err(format!("no checkpoint: {absent}")),
        };
        let (Some((size, root)), 40) = (octets.split_first_chunk::<8>(), read) else {
            return Err(format!("a checkpoint of {read} octets"));
        };
        let size = u64::from_be_bytes(*size);
        if Some(size) < oldest {
            return Err(format!("a checkpoint of {size} leaves, after {oldest:?}"));
        }
        match found.roots.get(usize::try_from(size).unwrap()) {
            Some(stands) if root.starts_with(stands) => Ok(()),
            Some(_) | None => Err(format!("the log contradicts its checkpoint of {size}")),
        }
    }

    /// Opens the log as a process does after another was killed; what that one shows and takes survives a crash.
    ///
    /// Returns how many crashes were judged.
    async fn go_on_and_crash(&mut self) -> Result<usize, String> {
        let store = open(&self.files).map_err(|error| format!("{error:?}"))?;
        let head = store.tree_head().await.unwrap();
        let shown = store.leaves(0, usize::MAX).await.unwrap();
        let opened = self.files.steps();
        let more = entry([actor(200, "last", ca_types::Role::Agent)]);
        let octets = more.to_der().unwrap();
        self.sent.insert(octets.clone());
        let next = store.commit(more).await;
        if !matches!(next, Ok(Committed::New { leaf }) if leaf == head.size) {
            return Err(format!("it does not go on: {next:?}"));
        }
        let (first_shown, taken) = (self.acknowledged.len(), self.files.steps());
        let shown = shown
            .into_iter()
            .map(|(leaf, octets)| (opened, leaf, octets));
        self.acknowledged.extend(shown);
        assert_eq!(
            u64::try_from(self.acknowledged.len() - first_shown),
            Ok(head.size)
        );
        self.acknowledged.push((taken, head.size, octets));
        let mut states = 0;
        for steps in [opened, taken] {
            for fates in self.files.crashes(steps, 6, &mut Random::new(11)) {
                self.judge(steps, &fates, false)?;
                states += 1;
            }
        }
        Ok(states)
    }

    /// Returns what is known when the process is killed after so many steps.
    fn killed(&self, steps: usize) -> Self {
        let acknowledged = self.acknowledged.iter();
        let checkpoints = self.checkpoints.iter();
        Self {
            files: self.files.killed(steps),
            begin: self.begin,
            acknowledged: acknowledged
                .filter(|(after, ..)| *after <= steps)
                .cloned()
                .collect(),
            checkpoints: checkpoints
                .filter(|(after, _size)| *after <= steps)
                .copied()
                .collect(),
            sent: self.sent.clone(),
            goes_on: false,
        }
    }

    /// Judges the crashes after every step from `begin` on; returns what they left, each state once.
    fn judge_all(&self, begin: usize, most: usize) -> Result<BTreeSet<[u8; 32]>, String> {
        let mut random = Random::new(0x5eed);
        let mut states = BTreeSet::new();
        for steps in begin..=self.files.steps() {
            for fates in self.files.crashes(steps, most, &mut random) {
                let thorough = states.len().is_multiple_of(THOROUGH);
                states.insert(self.judge(steps, &fates, thorough)?);
            }
        }
        Ok(states)
    }
}

/// Of so many states one is recovered with crashes in the middle of it.
const THOROUGH: usize = 499;

/// A log after its recovery.
#[derive(Debug, PartialEq, Eq)]
struct Found {
    leaves: Vec<Vec<u8>>,
    /// The root hash of the tree of each size.
    roots: Vec<[u8; 32]>,
}

/// Recovers a log and returns its leaves; when `thorough`, as the tables are built from it.
fn found(files: &RecordedFiles, thorough: bool) -> Result<Found, StoreError> {
    let files: Arc<dyn Files> = Arc::new(files.clone());
    let recovered = recover(&files, &log_dir())?;
    let mut frontier = Frontier::new();
    let mut whole = Found {
        leaves: Vec::new(),
        roots: vec![frontier.root()],
    };
    recovered
        .log
        .replay(0, recovered.tail.leaves, &mut |found| {
            if found.leaf == found.segment.header.first_leaf {
                found.segment.follows(&frontier)?;
            }
            frontier.push(leaf_hash(found.octets));
            whole.leaves.push(found.octets.to_vec());
            whole.roots.push(frontier.root());
            Ok(())
        })?;
    if thorough {
        let mut state = State::new();
        let none = Err(IndexError::Unusable("there is none in memory".to_owned()));
        Filling {
            log: &recovered.log,
            segment: &recovered.segment,
            tail: &recovered.tail,
            progress: &mut |_progress| {},
        }
        .replay(none, &mut state, OpenStep::Rebuilding)?;
        assert_eq!(state.tree_head().root, frontier.root());
    }
    Ok(whole)
}

#[tokio::test]
async fn every_crash_leaves_what_was_acknowledged() {
    let history = History::of(empty_disk(), &entries(14)).await;
    assert_eq!(
        (history.acknowledged.len(), history.checkpoints.len()),
        (44, 15)
    );
    let states = history.judge_all(history.begin, MOST_STATES).unwrap().len();
    println!("{states} states after {} steps", history.files.steps());
    assert!(states >= 10_000, "{states} different states");
}

/// How many states after one step: enough for 10 000 different ones in all.
const MOST_STATES: usize = 1_400;

/// A process is killed, the next one goes on with what the system had not written yet, and then the machine crashes.
#[tokio::test]
async fn what_a_restart_shows_survives_a_crash() {
    let history = History::of(empty_disk(), &entries(6)).await;
    for steps in history.begin..=history.files.steps() {
        let judged = history.killed(steps).go_on_and_crash().await;
        judged.unwrap_or_else(|what| panic!("killed after step {steps}: {what}"));
    }
}

/// The checker sees what it is there for: each of these is a store that loses something.
#[tokio::test]
async fn a_missing_sync_or_wait_is_seen() {
    let groups = entries(8);
    let seen_as = [
        (Lie::OfFiles, "was acknowledged and is gone"),
        (Lie::OfDirectories, "checkpoint"),
        (Lie::Late, "was acknowledged and is gone"),
    ];
    for (lie, word) in seen_as {
        let files = empty_disk();
        files.lie(lie);
        let history = History::of(files, &groups).await;
        let seen = history.judge_all(history.begin, 4);
        assert!(
            matches!(&seen, Err(what) if what.contains(word)),
            "{lie:?}: {seen:?}"
        );
    }
}

const EIO: i32 = 5;
const ENOSPC: i32 = 28;

/// A store that meets a fault, and is judged afterwards.
struct Faulty {
    history: History,
    fault: Fault,
    kind: Call,
    /// Behind how many steps the call came that failed first.
    since: usize,
}

impl Faulty {
    /// None when there is no such call.
    async fn of(fault: Fault, groups: &[Vec<Entry>]) -> Option<Self> {
        let files = empty_disk();
        files.fail(Some(fault));
        let history = History::of(files, groups).await;
        let hit = history.files.hit()?;
        history.files.fail(None);
        Some(Self {
            history,
            fault,
            kind: hit.kind,
            since: hit.steps,
        })
    }

    /// Whether the store went on, as it has to when a disk was full for once, and must not when nothing lasts.
    fn judge_what_was_taken(&self) -> Result<(), String> {
        let goes_on = self.history.goes_on;
        let wanted = match (self.kind, self.fault.lasts) {
            (Call::Write, false) if self.fault.errno == ENOSPC => true,
            (Call::Write | Call::Sync, true) => false,
            (Call::Write | Call::Sync | Call::Other, _) => goes_on,
        };
        if goes_on != wanted {
            return Err(format!("it takes one more: {goes_on}"));
        }
        Ok(())
    }

    /// Judges crashes at every step since the fault for some of them, else those at the end, and what comes later.
    async fn judge(&mut self) -> Result<usize, String> {
        self.judge_what_was_taken()?;
        let last = self.history.files.steps();
        let (begin, most) = if self.fault.call.is_multiple_of(9) {
            (self.since, 3)
        } else {
            (last, 4)
        };
        let states = self.history.judge_all(begin, most)?;
        Ok(states.len() + self.history.go_on_and_crash().await?)
    }
}

/// Every call that changes something fails, once or from then on, in one of two ways; then the machine crashes.
///
/// How the writer groups what is sent is different in every run, and so is what a call is: it is told by the files.
#[tokio::test]
async fn a_failure_at_any_call_loses_nothing_that_was_acknowledged() {
    let groups = entries(8);
    let begin = empty_disk().calls();
    let mut hits: BTreeMap<(i32, Call, bool), usize> = BTreeMap::new();
    let mut states = 0;
    for (errno, lasts) in [(EIO, false), (ENOSPC, false), (EIO, true), (ENOSPC, true)] {
        // What lasts is much the same wherever it begins.
        for call in (begin..).step_by(if lasts { 4 } else { 1 }) {
            let fault = Fault { call, errno, lasts };
            let Some(mut faulty) = Faulty::of(fault, &groups).await else {
                assert!(call > begin + 60, "{call} calls only");
                break;
            };
            *hits.entry((errno, faulty.kind, lasts)).or_default() += 1;
            let judged = faulty.judge().await;
            states +=
                judged.unwrap_or_else(|what| panic!("{fault:?} at a {:?}: {what}", faulty.kind));
        }
    }
    println!("{states} states; {hits:?}");
    for (errno, kind) in [(EIO, Call::Write), (EIO, Call::Sync), (ENOSPC, Call::Write)] {
        for (lasts, least) in [(false, 10), (true, 0)] {
            let tried = hits.get(&(errno, kind, lasts)).copied().unwrap_or(0);
            assert!(
                tried > least,
                "{errno} at a {kind:?}, lasting {lasts}: {tried} times"
            );
        }
    }
}
