//! What only a store on disk can show: crashes, damage, full disks, and the index behind the log.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ca_types::{Code, Hinted};
use ca_verify::{Change, Entry, Issued};
use tempfile::TempDir;

use crate::feed::{Feed, IndexRow};
use crate::files::{FakeFiles, Files, SystemFiles};
use crate::fixture::{
    Leaf, actor, answers, asked, at, crl, entry, founding, issuer, now, request_id, revoked,
    router_ca, serial,
};
use crate::index::{Index, Reader};
use crate::log::{Log, Segment, judge_tail, segments};
use crate::{
    CaStore, Committed, IndexReport, IndexStanding, LogStore, OpenOptions, OpenReport, Standing,
    StoreError, inspect, inspect_index, read_log, verify_log,
};

mod archive;
mod damage;
mod index;
mod opened;

/// A data directory with an empty log.
fn empty() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    LogStore::create(dir.path(), [7; 16].into()).unwrap();
    dir
}

fn open(dir: &TempDir) -> (LogStore, OpenReport) {
    LogStore::open(dir.path(), OpenOptions::system()).unwrap()
}

fn system() -> Arc<dyn Files> {
    Arc::new(SystemFiles)
}

fn open_with(dir: &TempDir, files: &FakeFiles) -> LogStore {
    let options = OpenOptions {
        files: Arc::new(files.clone()),
        ..OpenOptions::system()
    };
    LogStore::open(dir.path(), options).unwrap().0
}

/// A handful of leaves of every kind.
async fn fill(store: &LogStore) {
    store.commit(founding()).await.unwrap();
    for (number, name) in (1..).zip(["a.example", "b.example", "c.example", "d.example"]) {
        let id = u8::try_from(number).unwrap();
        let leaf = asked(Leaf::new(name, number).entry(), id, 1);
        store.commit(leaf).await.unwrap();
    }
    store.commit(entry([revoked(2), crl(1)])).await.unwrap();
    let bert = actor(2, "bert", ca_types::Role::Operator);
    store.commit(entry([bert])).await.unwrap();
}

fn segment(dir: &TempDir) -> PathBuf {
    dir.path().join("log/00000000000000000000.log")
}

fn change_file(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut octets = std::fs::read(path).unwrap();
    change(&mut octets);
    #[expect(clippy::disallowed_methods, reason = "a test damages files on purpose")]
    std::fs::write(path, octets).unwrap();
}

fn copy_dir(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_name() == "reserve" {
            // Much room for nothing: it is made anew.
            continue;
        }
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_dir(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn copy_of(dir: &TempDir) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    for name in ["log", "index-1"] {
        copy_dir(&dir.path().join(name), &copy.path().join(name));
    }
    copy
}

/// A filled directory, closed, and what it answered.
async fn filled() -> (TempDir, String) {
    let dir = empty();
    let (store, report) = open(&dir);
    assert_eq!((report.leaves, &report.torn), (0, &None));
    fill(&store).await;
    let said = answers(&store).await;
    drop(store);
    (dir, said)
}

#[tokio::test]
async fn a_store_says_the_same_after_it_was_opened_again() {
    let (dir, said) = filled().await;
    let (store, report) = open(&dir);
    assert_eq!(answers(&store).await, said);
    assert_eq!(report.leaves, 7);
    assert_eq!(report.index, IndexReport::Used { replayed: 0 });
    // And goes on where it ended.
    let next = store.commit(Leaf::new("e.example", 5).entry()).await;
    assert_eq!(next.unwrap(), Committed::New { leaf: 7 });
    let repeated = store.commit(asked(Leaf::new("a.example", 9).entry(), 1, 1));
    assert!(matches!(
        repeated.await.unwrap(),
        Committed::Repeated { leaf: 1, .. }
    ));
}

#[tokio::test]
async fn a_directory_has_one_log_and_one_opener() {
    let dir = empty();
    let again = LogStore::create(dir.path(), [8; 16].into());
    assert!(matches!(again, Err(StoreError::File { .. })), "{again:?}");
    let (store, _report) = open(&dir);
    let second = LogStore::open(dir.path(), OpenOptions::system());
    assert!(matches!(second, Err(StoreError::InUse(_))), "{second:?}");
    store.close();
    let closed = store.commit(founding()).await;
    assert!(matches!(closed, Err(StoreError::Closed)), "{closed:?}");
    open(&dir);

    let nothing = tempfile::tempdir().unwrap();
    let absent = LogStore::open(nothing.path(), OpenOptions::system());
    assert!(matches!(absent, Err(StoreError::File { .. })), "{absent:?}");
    assert_eq!(std::fs::read_dir(nothing.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn every_torn_end_is_cut_off_and_kept_aside() {
    let (dir, _said) = filled().await;
    let whole = std::fs::read(segment(&dir)).unwrap();
    let head = inspect(dir.path()).unwrap().head;
    // The last record begins where the log of six leaves ends.
    let before_last = {
        let shorter = copy_of(&dir);
        change_file(&segment(&shorter), |octets| {
            octets.pop();
        });
        inspect(shorter.path()).unwrap().torn.unwrap().offset
    };
    let ends = [before_last + 1, before_last + 19, before_last + 20];
    let last = u64::try_from(whole.len()).unwrap() - 1;
    for end in ends.into_iter().chain([last]) {
        let torn = copy_of(&dir);
        change_file(&segment(&torn), |octets| {
            octets.truncate(usize::try_from(end).unwrap());
        });
        let report = inspect(torn.path()).unwrap();
        assert_eq!(report.head.size, 6);
        assert_eq!(report.torn.as_ref().unwrap().offset, before_last);
        let (store, opened) = open(&torn);
        let tail = opened.torn.unwrap();
        assert_eq!((tail.offset, tail.octets), (before_last, end - before_last));
        let kept = std::fs::read(tail.kept.unwrap()).unwrap();
        let cut = usize::try_from(before_last).unwrap()..usize::try_from(end).unwrap();
        assert_eq!(kept, whole[cut]);
        // The index had seen the leaf: it is not believed any more.
        assert!(matches!(opened.index, IndexReport::Rebuilt { .. }));
        assert_eq!(store.tree_head().await.unwrap().size, 6);
        let bert = actor(2, "bert", ca_types::Role::Operator);
        store.commit(entry([bert])).await.unwrap();
        assert_eq!(store.tree_head().await.unwrap(), head);
    }
}

#[tokio::test]
async fn zeros_behind_the_end_are_a_torn_end() {
    let (dir, said) = filled().await;
    change_file(&segment(&dir), |octets| {
        octets.extend_from_slice(&[0; 5000]);
    });
    let (store, report) = open(&dir);
    assert_eq!(report.torn.unwrap().octets, 5000);
    assert_eq!(answers(&store).await, said);
}

/// Of a group that was never synced a crash may leave any part, the later records before the earlier.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hole_in_the_last_group_is_a_torn_end() {
    let dir = empty();
    let files = FakeFiles::new();
    let store = Arc::new(open_with(&dir, &files));
    store.commit(founding()).await.unwrap();
    let first_group = std::fs::metadata(segment(&dir)).unwrap().len();
    group_behind_a_held_sync(&store, &files, 5).await;
    drop(store);
    let leaves = inspect(dir.path()).unwrap().head.size;
    assert_eq!(leaves, 7);
    // The last group begins with leaf 2; leaf 1 is the one that was held.
    for leaf in [2, 3] {
        let holed = copy_of(&dir);
        let offset = record_offset(&dir, leaf);
        change_file(&segment(&holed), |octets| {
            octets[usize::try_from(offset).unwrap() + 30] ^= 1;
        });
        let (_store, report) = open(&holed);
        assert_eq!(report.leaves, u64::try_from(leaf).unwrap());
        assert_eq!(report.torn.unwrap().offset, offset);
    }
    // In the first group it is damage: the others were written when it was durable.
    let damaged = copy_of(&dir);
    change_file(&segment(&damaged), |octets| {
        octets[usize::try_from(first_group).unwrap() - 1] ^= 1;
    });
    let refused = LogStore::open(damaged.path(), OpenOptions::system());
    let Err(StoreError::Damaged { path, offset, .. }) = refused else {
        panic!("not refused: {refused:?}");
    };
    assert_eq!((path, offset), (segment(&damaged), 82));
}

fn record_offset(dir: &TempDir, leaf: usize) -> u64 {
    let octets = std::fs::read(segment(dir)).unwrap();
    let mut offset = crate::log::HEADER_OCTETS;
    for _leaf in 0..leaf {
        offset += crate::log::Record::octets_wanted(&octets[offset..]).unwrap();
    }
    u64::try_from(offset).unwrap()
}

/// Commits one entry whose sync is held, and `more` behind it; then lets go.
async fn group_behind_a_held_sync(store: &Arc<LogStore>, files: &FakeFiles, more: u64) {
    let spawn = |number| {
        let store = Arc::clone(store);
        let entry = entry([issuer(&format!("ca-{number}"), "main")]);
        #[expect(clippy::disallowed_methods, reason = "the test waits for every task")]
        tokio::spawn(async move { store.commit(entry).await })
    };
    files.hold_syncs();
    let first = spawn(0);
    files.wait_for_held_sync();
    let others: Vec<_> = (1..=more).map(spawn).collect();
    // Every entry has a place in the queue before the sync goes on.
    while store.queued() < usize::try_from(more).unwrap() {
        tokio::task::yield_now().await;
    }
    assert!(!first.is_finished());
    files.release_syncs();
    first.await.unwrap().unwrap();
    for other in others {
        other.await.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_entries_behind_a_held_sync_share_the_next() {
    let dir = empty();
    let files = FakeFiles::new();
    let store = Arc::new(open_with(&dir, &files));
    store.commit(founding()).await.unwrap();
    let before = files.counts().syncs;
    group_behind_a_held_sync(&store, &files, 63).await;
    let syncs = files.counts().syncs - before;
    assert!((2..=3).contains(&syncs), "{syncs} syncs");
    assert_eq!(store.tree_head().await.unwrap().size, 65);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_seen_or_answered_before_its_sync() {
    let dir = empty();
    let files = FakeFiles::new();
    let store = Arc::new(open_with(&dir, &files));
    store.commit(founding()).await.unwrap();
    files.hold_syncs();
    let commit = {
        let store = Arc::clone(&store);
        let entry = asked(Leaf::new("a.example", 1).entry(), 1, 1);
        #[expect(clippy::disallowed_methods, reason = "the test waits for the task")]
        tokio::spawn(async move { store.commit(entry).await })
    };
    files.wait_for_held_sync();
    assert!(!commit.is_finished());
    assert_eq!(store.tree_head().await.unwrap().size, 1);
    assert_eq!(store.certificate(serial(1)).await.unwrap(), None);
    assert_eq!(store.answered(request_id(1)).await.unwrap(), None);
    assert_eq!(store.leaves(1, 1).await.unwrap(), []);
    files.release_syncs();
    commit.await.unwrap().unwrap();
    assert_eq!(store.tree_head().await.unwrap().size, 2);
}

#[tokio::test]
async fn after_a_failed_sync_nothing_more_is_accepted_and_reading_goes_on() {
    for fail in [FakeFiles::fail_syncs, FakeFiles::fail_writes] {
        let dir = empty();
        let files = FakeFiles::new();
        let store = open_with(&dir, &files);
        store.commit(founding()).await.unwrap();
        fail(&files, Some(ErrorKind::InvalidData));
        let failed = store.commit(Leaf::new("a.example", 1).entry()).await;
        assert!(matches!(failed, Err(StoreError::Stopped(_))), "{failed:?}");
        fail(&files, None);
        let stopped = store.commit(Leaf::new("b.example", 2).entry()).await;
        assert!(
            matches!(&stopped, Err(StoreError::Stopped(_))),
            "{stopped:?}"
        );
        assert_eq!(stopped.unwrap_err().code(), Code::Unavailable);
        let standing = store.standing();
        assert!(
            matches!(&standing, Standing::Stopped(why) if why.contains("the segment")),
            "{standing:?}"
        );
        assert_eq!(store.tree_head().await.unwrap().size, 1);
        assert_eq!(store.actors().await.unwrap().len(), 1);
        assert_eq!(store.leaves(0, 9).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_full_disk_stops_issuing_but_not_revoking() {
    let dir = empty();
    let files = FakeFiles::new();
    let store = open_with(&dir, &files);
    store.commit(founding()).await.unwrap();
    for (number, name) in [(1, "a.example"), (2, "b.example")] {
        store.commit(Leaf::new(name, number).entry()).await.unwrap();
    }
    files.leave_room(Some(0));
    let full = store.commit(Leaf::new("c.example", 3).entry()).await;
    assert_eq!(full.unwrap_err().code(), Code::ResourceExhausted);
    let standing = store.standing();
    assert!(matches!(standing, Standing::Full(_)), "{standing:?}");
    assert_eq!(inspect(dir.path()).unwrap().torn, None);
    store.commit(entry([revoked(1)])).await.unwrap();
    store.commit(entry([crl(1)])).await.unwrap();
    // What was given up for the revocation is not there for certificates.
    let full = store.commit(Leaf::new("c.example", 3).entry()).await;
    assert_eq!(full.unwrap_err().code(), Code::ResourceExhausted);
    store.commit(entry([revoked(2)])).await.unwrap();
    files.leave_room(None);
    store
        .commit(Leaf::new("c.example", 3).entry())
        .await
        .unwrap();
    assert_eq!(store.standing(), Standing::Open);
    let said = answers(&store).await;
    drop(store);
    let (store, report) = open(&dir);
    assert_eq!(report.torn, None);
    assert_eq!(answers(&store).await, said);
}

#[tokio::test]
async fn revoking_reads_nothing() {
    let dir = empty();
    let files = FakeFiles::new();
    let store = open_with(&dir, &files);
    fill(&store).await;
    let before = files.counts();
    store.commit(entry([revoked(3)])).await.unwrap();
    store.certificate(serial(3)).await.unwrap().unwrap();
    // The index has done its part too when the store is closed.
    store.close();
    let after = files.counts();
    assert_eq!(after.reads, before.reads);
    assert_eq!(
        (after.writes, after.syncs),
        (before.writes + 1, before.syncs + 1)
    );
}

/// A hundred thousand certificates that differ in their serial number, each issued and revoked.
fn entries_of_many_revoked(count: u64) -> impl Iterator<Item = Entry> {
    let template = Leaf::new("many.example.net", 0);
    let der = template.der();
    let octets = serial(0).octets();
    let place = der
        .windows(16)
        .position(|window| *window == octets)
        .unwrap();
    let certificate = move |number: u64| {
        let mut der = der.clone();
        der[place..place + 16].copy_from_slice(&serial(number).octets());
        der
    };
    let change = template.change();
    let issued = move |number: u64| {
        let Change::Issued(issued) = &change else {
            unreachable!("a leaf is issued")
        };
        Change::Issued(Issued {
            certificate: certificate(number),
            ..issued.clone()
        })
    };
    (0..count.div_ceil(50)).map(move |group| {
        entry((group * 50..group * 50 + 50).flat_map(|number| {
            let number = MANY_BEGIN + number;
            [issued(number), revoked(number)]
        }))
    })
}

const MANY_BEGIN: u64 = 1 << 32;

#[tokio::test]
async fn one_revocation_among_a_hundred_thousand_reads_nothing() {
    let dir = empty();
    let files = FakeFiles::new();
    let store = open_with(&dir, &files);
    fill(&store).await;
    for entry in entries_of_many_revoked(100_000) {
        store.commit(entry).await.unwrap();
    }
    let revoked_there = store.revoked(&router_ca()).await.unwrap().len();
    assert!(revoked_there > 100_000, "{revoked_there}");
    let before = files.counts();
    store.commit(entry([revoked(3)])).await.unwrap();
    let after = files.counts();
    assert_eq!(after.reads, before.reads);
    assert_eq!(
        (after.writes, after.syncs),
        (before.writes + 1, before.syncs + 1)
    );
}

#[tokio::test]
async fn a_log_of_many_segments_reads_as_one() {
    let dir = empty();
    let options = || OpenOptions {
        segment_octets: 700,
        ..OpenOptions::system()
    };
    let (store, _report) = LogStore::open(dir.path(), options()).unwrap();
    fill(&store).await;
    let said = answers(&store).await;
    let head = store.tree_head().await.unwrap();
    drop(store);
    let report = inspect(dir.path()).unwrap();
    assert!(report.segments > 2, "{} segments", report.segments);
    assert_eq!(report.head, head);
    let mut seen = 0;
    read_log(dir.path(), &mut |leaf, _entry| {
        assert_eq!(leaf, seen);
        seen += 1;
        Ok(())
    })
    .unwrap();
    assert_eq!(seen, head.size);
    for remove_index in [false, true] {
        if remove_index {
            std::fs::remove_dir_all(dir.path().join("index-1")).unwrap();
        }
        let (store, _report) = LogStore::open(dir.path(), options()).unwrap();
        assert_eq!(answers(&store).await, said);
    }
    // A segment that is missing is named, by start and by inspection.
    let mut paths = log_files(&dir);
    let missing = paths.remove(1);
    std::fs::remove_file(&missing).unwrap();
    for refused in [
        LogStore::open(dir.path(), options()).map(|_store| ()),
        inspect(dir.path()).map(|_report| ()),
    ] {
        let Err(StoreError::Damaged { path, what, .. }) = refused else {
            panic!("not refused: {refused:?}");
        };
        assert_eq!(
            (path, what.as_str()),
            (missing.clone(), "the segment is missing")
        );
    }
}

fn log_files(dir: &TempDir) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(dir.path().join("log"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "log"))
        .collect();
    paths.sort();
    paths
}

#[tokio::test]
async fn a_segment_of_another_past_is_refused() {
    let options = || OpenOptions {
        segment_octets: 1,
        ..OpenOptions::system()
    };
    let made_at = async |time| {
        let dir = empty();
        let (store, _report) = LogStore::open(dir.path(), options()).unwrap();
        store.commit(at(founding(), time)).await.unwrap();
        store.commit(entry([crl(1)])).await.unwrap();
        drop(store);
        dir
    };
    let dir = made_at(now()).await;
    let other = made_at(now().plus(1).unwrap()).await;
    assert_eq!(inspect(dir.path()).unwrap().segments, 2);
    std::fs::copy(segment(&other), segment(&dir)).unwrap();
    std::fs::remove_dir_all(dir.path().join("index-1")).unwrap();
    for refused in [
        LogStore::open(dir.path(), options()).map(|_store| ()),
        inspect(dir.path()).map(|_report| ()),
    ] {
        let Err(StoreError::Damaged { path, .. }) = refused else {
            panic!("not refused: {refused:?}");
        };
        assert_eq!(path, dir.path().join("log/00000000000000000001.log"));
    }
}

/// No flipped octet leads to a wrong answer: the start is refused, or the end is cut off and the rest as it was.
#[tokio::test]
async fn flipped_octets_of_the_log_never_change_an_answer() {
    let (dir, said) = filled().await;
    let octets = std::fs::read(segment(&dir)).unwrap();
    let last_group = record_offset(&dir, 6);
    let mut cut_off = 0;
    for at in (0..octets.len()).step_by(97) {
        let flipped = copy_of(&dir);
        change_file(&segment(&flipped), |octets| octets[at] ^= 0x40);
        // The record that it is in, or the header.
        let mut starts = (0..7).map(|leaf| record_offset(&dir, leaf)).rev();
        let start = starts.find(|start| *start <= u64::try_from(at).unwrap());
        let is_here =
            |path: &Path, offset: u64| path == segment(&flipped) && offset == start.unwrap_or(0);
        match verify_log(flipped.path(), &mut |_sound| Ok(())) {
            Ok(found) => {
                let torn = found.torn.iter().map(|torn| (&torn.segment, torn.offset));
                let damages = found
                    .damages
                    .iter()
                    .map(|damage| (&damage.path, damage.offset));
                let places: Vec<_> = damages.chain(torn).collect();
                assert!(
                    places.iter().any(|(path, offset)| is_here(path, *offset)),
                    "{at}: {places:?}"
                );
            }
            Err(StoreError::Damaged { path, offset, .. }) => assert!(is_here(&path, offset)),
            Err(other) => panic!("{at}: {other:?}"),
        }
        match LogStore::open(flipped.path(), OpenOptions::system()) {
            // The name of the format is the first that stands there.
            Err(StoreError::Format { path, .. }) => assert!(is_here(&path, 0), "{at}"),
            Err(StoreError::Damaged { path, offset, .. }) => {
                assert!(is_here(&path, offset), "{at}: {offset}");
            }
            Err(refusal) => panic!("{at}: {refusal:?}"),
            Ok((store, report)) => {
                // Without anything behind it the last record cannot be told from a torn one.
                assert_eq!(
                    report.torn.map(|torn| torn.offset),
                    Some(last_group),
                    "{at}"
                );
                assert_eq!(store.tree_head().await.unwrap().size, 6);
                assert_ne!(answers(&store).await, said);
                cut_off += 1;
            }
        }
    }
    assert!(cut_off < 5, "{cut_off}");
}

#[tokio::test]
async fn whatever_happens_to_the_index_the_answers_stay() {
    let dir = empty();
    let (store, _report) = open(&dir);
    store.commit(founding()).await.unwrap();
    store.close();
    let older = copy_of(&dir);
    let (store, _report) = open(&dir);
    fill_rest(&store).await;
    let said = answers(&store).await;
    drop(store);

    let replace = |target: &TempDir, source: &TempDir| {
        std::fs::remove_dir_all(target.path().join("index-1")).unwrap();
        copy_dir(
            &source.path().join("index-1"),
            &target.path().join("index-1"),
        );
    };
    // Older than the log: the rest is replayed.
    let behind = copy_of(&dir);
    replace(&behind, &older);
    check_index(&behind, &said, |index| {
        *index == IndexReport::Used { replayed: 4 }
    })
    .await;
    // Deleted.
    let deleted = copy_of(&dir);
    std::fs::remove_dir_all(deleted.path().join("index-1")).unwrap();
    check_index(&deleted, &said, is_rebuilt).await;
    // Newer than the log.
    let (newer, _said) = filled().await;
    let ahead = copy_of(&dir);
    replace(&ahead, &newer);
    check_index(&ahead, &said, is_rebuilt).await;
    // Of a log with the same identity and places, and another past.
    let other = empty();
    let (store, _report) = open(&other);
    let time = now().plus(1).unwrap();
    store.commit(at(founding(), time)).await.unwrap();
    drop(store);
    let contradicting = copy_of(&dir);
    replace(&contradicting, &other);
    check_index(&contradicting, &said, is_rebuilt).await;
    // Of another log.
    let foreign = tempfile::tempdir().unwrap();
    LogStore::create(foreign.path(), [9; 16].into()).unwrap();
    open(&foreign);
    let swapped = copy_of(&dir);
    replace(&swapped, &foreign);
    check_index(&swapped, &said, is_rebuilt).await;
    // Of an older and of a newer format.
    for format in [1, 4] {
        let other = copy_of(&dir);
        crate::index::set_format(&other.path().join("index-1"), format);
        check_index(&other, &said, is_rebuilt).await;
    }
    // Files cut to nothing, or full of something else.
    for file in ["db", "conf"] {
        for change in [Vec::clear, |octets: &mut Vec<u8>| octets.fill(0xa5)] {
            let broken = copy_of(&dir);
            change_file(&broken.path().join("index-1").join(file), change);
            check_index(&broken, &said, |_index| true).await;
        }
    }
}

/// What follows the founding, certificates and a revocation.
async fn fill_rest(store: &LogStore) {
    for (number, name) in (1..).zip(["a.example", "b.example", "c.example"]) {
        let leaf = asked(
            Leaf::new(name, number).entry(),
            1 + u8::try_from(number).unwrap(),
            1,
        );
        store.commit(leaf).await.unwrap();
    }
    store.commit(entry([revoked(2), crl(1)])).await.unwrap();
}

fn is_rebuilt(index: &IndexReport) -> bool {
    matches!(index, IndexReport::Rebuilt { .. })
}

async fn check_index(dir: &TempDir, said: &str, expected: impl Fn(&IndexReport) -> bool) {
    let (store, report) = open(dir);
    assert!(expected(&report.index), "{:?}", report.index);
    assert_eq!(answers(&store).await, said);
    drop(store);
    // The second start finds a sound index and nothing left over.
    let (store, report) = open(dir);
    assert_eq!(report.index, IndexReport::Used { replayed: 0 });
    assert_eq!(answers(&store).await, said);
    let indexes = std::fs::read_dir(dir.path())
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name() != "log")
        .count();
    assert_eq!(indexes, 1);
}

#[tokio::test]
async fn flipped_octets_of_the_index_never_change_an_answer() {
    let (dir, said) = filled().await;
    let files = files_below(&dir.path().join("index-1"));
    assert!(files.len() > 1, "{files:?}");
    let mut rebuilt = 0;
    for file in files {
        let octets = std::fs::read(&file).unwrap();
        // The files of sled are mostly zeros at their end.
        let end = octets.iter().rposition(|octet| *octet != 0).unwrap_or(0) + 1;
        for at in (0..end).step_by(29) {
            let flipped = copy_of(&dir);
            let below = file.strip_prefix(dir.path()).unwrap();
            change_file(&flipped.path().join(below), |octets| octets[at] ^= 0x40);
            let (store, report) = open(&flipped);
            assert_eq!(answers(&store).await, said, "{} at {at}", file.display());
            rebuilt += usize::from(is_rebuilt(&report.index));
        }
    }
    assert!(rebuilt > 20, "{rebuilt}");
}

/// The files in a directory and in those below it.
fn files_below(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            files.push(path);
        }
    }
    files.sort();
    files
}
