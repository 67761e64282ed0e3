//! Opening in bad times: a torn end on a full disk, a log of a newer build, and a log so long that it takes a while.

use std::sync::{Arc, Mutex};

use ca_types::{Code, Hinted as _};

use tempfile::TempDir;

use super::{change_file, copy_dir, empty, fill, filled, segment, system};
use crate::files::FakeFiles;
use crate::fixture::{Leaf, crl, entry, founding, revoked};
use crate::log::Record;
use crate::{
    CaStore, LogImport, LogStore, OpenOptions, OpenStep, Progress, Standing, StoreError, inspect,
    salvage, verify_log,
};

/// What is cut off is kept aside in the room that was kept for such a time.
#[tokio::test]
async fn a_torn_end_on_a_full_disk_is_cut_off_and_revoking_goes_on() {
    let dir = empty();
    let files = FakeFiles::new();
    let options = || OpenOptions {
        files: Arc::new(files.clone()),
        reserve_octets: 1 << 16,
        ..OpenOptions::system()
    };
    let (store, _report) = LogStore::open(dir.path(), options()).unwrap();
    fill(&store).await;
    drop(store);
    change_file(&segment(&dir), |octets| {
        octets.pop();
    });
    files.leave_room(Some(0));
    let (store, report) = LogStore::open(dir.path(), options()).unwrap();
    assert_eq!(report.leaves, 6);
    let torn = report.torn.unwrap();
    let kept = std::fs::metadata(torn.kept.unwrap()).unwrap().len();
    assert_eq!(kept, torn.octets);
    let standing = store.standing();
    assert!(matches!(standing, Standing::Full(_)), "{standing:?}");
    store.commit(entry([revoked(1), crl(2)])).await.unwrap();
    let full = store.commit(Leaf::new("e.example", 5).entry()).await;
    assert_eq!(full.unwrap_err().code(), Code::ResourceExhausted);
    files.leave_room(None);
    store
        .commit(Leaf::new("e.example", 5).entry())
        .await
        .unwrap();
    assert_eq!(store.standing(), Standing::Open);
    drop(store);
    assert_eq!(inspect(dir.path()).unwrap().torn, None);
}

/// The next segment is a file more: without a descriptor for it nothing is taken, and nothing is broken either.
#[tokio::test]
async fn a_segment_that_cannot_be_made_for_want_of_descriptors_is_made_later() {
    let dir = empty();
    let files = FakeFiles::new();
    let options = || OpenOptions {
        files: Arc::new(files.clone()),
        segment_octets: 1,
        ..OpenOptions::system()
    };
    let (store, _report) = LogStore::open(dir.path(), options()).unwrap();
    fill(&store).await;
    let before = store.tree_head().await.unwrap();
    files.run_out_of_descriptors(true);
    // The kept room is given up at the first, and is a file itself.
    for what in ["segment", "keep room"] {
        let refused = store.commit(Leaf::new("e.example", 5).entry()).await;
        let refused = refused.unwrap_err();
        assert_eq!(refused.code(), Code::ResourceExhausted, "{refused}");
        assert!(refused.to_string().contains(what), "{refused}");
        assert!(refused.hint().unwrap().contains("open files"), "{refused}");
    }
    assert_eq!(store.tree_head().await.unwrap(), before);
    assert_eq!(store.leaves(0, 99).await.unwrap().len(), 7);
    files.run_out_of_descriptors(false);
    store
        .commit(Leaf::new("e.example", 5).entry())
        .await
        .unwrap();
    assert_eq!(store.standing(), Standing::Open);
    drop(store);
    let (_store, report) = LogStore::open(dir.path(), options()).unwrap();
    assert_eq!((report.leaves, report.torn), (before.size + 1, None));
}

/// Nobody is told that such a log is damaged, and nothing of it is cut off.
#[tokio::test]
async fn a_leaf_of_a_newer_format_is_refused_as_such() {
    let (dir, _said) = filled().await;
    let mut newer = founding().to_der().unwrap();
    let place = newer.windows(3).position(|octets| octets == [2, 1, 1]);
    newer[place.unwrap() + 2] = 2;
    change_file(&segment(&dir), |octets| {
        let record = Record {
            leaf: 7,
            position: 0,
            octets: &newer,
        };
        record.append_to([7; 16].into(), octets);
    });
    let before = std::fs::read(segment(&dir)).unwrap();
    for refused in [
        LogStore::open(dir.path(), OpenOptions::system()).map(|_store| ()),
        inspect(dir.path()).map(|_report| ()),
        verify_log(dir.path(), &mut |_sound| Ok(())).map(|_verdict| ()),
        salvage(
            &system(),
            dir.path(),
            &dir.path().join("out"),
            &mut |_leaves| {},
        )
        .map(|_salvaged| ()),
    ] {
        let Err(StoreError::Format { path, what }) = refused else {
            panic!("{refused:?}");
        };
        assert_eq!(path, segment(&dir));
        let expected = "leaf 7: log entry has format 2, this build knows format 1";
        assert_eq!(what, expected);
    }
    assert_eq!(std::fs::read(segment(&dir)).unwrap(), before);
}

/// Whoever waits for a long log is told how far it is, in each way to open it.
#[tokio::test]
async fn opening_tells_how_far_it_is() {
    let (dir, short) = (imported(LEAVES), imported(50));
    let rebuilt = told_while_opening(&dir);
    let expected = |step| Progress {
        step,
        done: 10_000,
        total: LEAVES,
    };
    assert_eq!(rebuilt, [expected(OpenStep::Rebuilding)]);

    let read = told_while_opening(&dir);
    let done: Vec<u64> = read.iter().map(|progress| progress.done).collect();
    assert!(!read.is_empty() && done.is_sorted(), "{done:?}");
    assert_eq!(done.last(), Some(&LEAVES));
    let is_reading = |told: &Progress| (told.step, told.total) == (OpenStep::Reading, LEAVES);
    assert!(read.iter().all(is_reading), "{read:?}");

    // With the index of its first leaves.
    told_while_opening(&short);
    let index = |dir: &TempDir| dir.path().join("index-1");
    std::fs::remove_dir_all(index(&dir)).unwrap();
    copy_dir(&index(&short), &index(&dir));
    let mut replayed = told_while_opening(&dir);
    let last = replayed.pop().unwrap();
    assert_eq!(last.step, OpenStep::Replaying);
    assert_eq!((last.done, last.total), (10_000, LEAVES - 50));
    assert_eq!(replayed.last().map(|told| told.done), Some(50));
    assert_eq!(
        last.to_string(),
        "the end of the log is read: 10000 of 10020 leaves"
    );
}

const LEAVES: u64 = 10_070;

/// A log of so many leaves, the same in every directory.
fn imported(leaves: u64) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let mut import = LogImport::create(&system(), &dir.path().join("log"), [7; 16].into()).unwrap();
    import.push(founding().to_der().unwrap()).unwrap();
    for number in 1..leaves {
        let leaf = entry([crl(number)]).to_der().unwrap();
        import.push(leaf).unwrap();
    }
    import.finish().unwrap();
    dir
}

fn told_while_opening(dir: &TempDir) -> Vec<Progress> {
    let told = Arc::new(Mutex::new(Vec::new()));
    let options = OpenOptions {
        progress: Box::new({
            let told = Arc::clone(&told);
            move |progress| told.lock().unwrap().push(progress)
        }),
        ..OpenOptions::system()
    };
    LogStore::open(dir.path(), options).unwrap().0.close();
    std::mem::take(&mut *told.lock().unwrap())
}
