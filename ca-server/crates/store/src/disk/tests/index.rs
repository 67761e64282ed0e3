//! An index against the leaves, and the seal that vouches for it.

use super::*;
use crate::IndexSeal;
use crate::state::State;

#[tokio::test]
async fn an_index_is_judged_by_a_copy() {
    let (dir, _said) = filled().await;
    let scratch = dir.path().join("scratch");
    let judge = || inspect_index(dir.path(), &scratch).unwrap();
    let IndexStanding::Sound { leaves } = judge() else {
        panic!("sound, and {:?}", judge());
    };
    assert_eq!(leaves, inspect(dir.path()).unwrap().head.size);
    assert!(!scratch.exists());

    let other = filled().await.0;
    std::fs::remove_dir_all(dir.path().join("log")).unwrap();
    copy_dir(&other.path().join("log"), &dir.path().join("log"));
    assert!(
        matches!(judge(), IndexStanding::Unusable(_)),
        "{:?}",
        judge()
    );

    let index = dir.path().join("index-1");
    change_file(&index.join("db"), |octets| {
        let middle = octets.len() / 2;
        octets[middle..].fill(0xa5);
    });
    assert!(
        matches!(judge(), IndexStanding::Unusable(_)),
        "{:?}",
        judge()
    );
    std::fs::remove_dir_all(index).unwrap();
    assert_eq!(judge(), IndexStanding::Missing);
}

/// Rows behind the seal are compared with the log, those before it by their digest.
#[tokio::test]
async fn rows_that_are_not_of_the_log_are_not_believed() {
    let (dir, _said) = filled().await;
    let (store, _report) = open(&dir);
    let digest = store.index_digest();
    let signature = b"whoever opens it judges".to_vec();
    let seal = IndexSeal { digest, signature };
    store.seal_index(seal.clone()).await;
    store.commit(entry([revoked(3)])).await.unwrap();
    let said = answers(&store).await;
    drop(store);
    let found = |dir: &TempDir, vouches: bool| {
        let (sender, seals) = std::sync::mpsc::channel();
        let options = OpenOptions {
            vouch: Box::new(move |seal| {
                sender.send(seal.cloned()).unwrap();
                Ok(vouches)
            }),
            ..OpenOptions::system()
        };
        let (store, report) = LogStore::open(dir.path(), options).unwrap();
        drop(store);
        (report.index, seals.try_iter().collect::<Vec<_>>())
    };
    let used = IndexReport::Used { replayed: 0 };
    assert_eq!(found(&dir, true), (used, vec![Some(seal)]));
    let doubted = copy_of(&dir);
    let (index, _seals) = found(&doubted, false);
    assert!(is_rebuilt(&index), "{index:?}");
    // It is built without a seal.
    let used = IndexReport::Used { replayed: 0 };
    assert_eq!(found(&doubted, true), (used, vec![None]));
    for leaf in [1, digest.leaves] {
        let edited = copy_of(&dir);
        crate::index::change_row(&edited.path().join("index-1"), leaf);
        let standing = inspect_index(edited.path(), &edited.path().join("scratch")).unwrap();
        assert!(
            matches!(standing, IndexStanding::Contradicts(_)),
            "leaf {leaf}: {standing:?}"
        );
        check_index(&edited, &said, is_rebuilt).await;
    }
}

/// The writer never waits for the index: what found no place in the queue is read from the log.
#[tokio::test]
async fn an_index_that_missed_leaves_reads_them_from_the_log() {
    let (dir, _said) = filled().await;
    let (store, _report) = open(&dir);
    let path = dir.path().join("another");
    let gaps = Feed::new();
    gaps.push(rows(&store).filter(|row| [0, 1, 4].contains(&row.leaf)));
    gaps.close();
    let index = Index::create(&path, store.log.id()).unwrap();
    index.follow(&store.log, &gaps).unwrap();

    let (index, state) = load(&dir, &path);
    assert_eq!(state.frontier.size(), 5);
    let full = Feed::new();
    full.ignore();
    full.push(rows(&store));
    full.close();
    index.follow(&store.log, &full).unwrap();
    let (_index, state) = load(&dir, &path);
    assert_eq!(state.tree_head(), store.tree_head().await.unwrap());
}

/// It has noted where everything stands, and loses nothing.
#[tokio::test]
async fn an_index_that_was_opened_again_goes_on() {
    let (dir, _said) = filled().await;
    let (store, _report) = open(&dir);
    let path = dir.path().join("another");
    let has_note = || {
        let files = files_below(&path);
        files.iter().any(|file| {
            file.file_name()
                .unwrap()
                .to_string_lossy()
                .starts_with("snap.")
        })
    };
    let rows: Vec<IndexRow> = rows(&store).collect();
    let (before, behind) = rows.split_at(4);
    let mut index = Index::create(&path, store.log.id()).unwrap();
    index.apply(before).unwrap();
    let mut index = index.settle().unwrap();
    assert!(!has_note(), "so few rows are not worth it");
    // There is nothing to note before the first page.
    index.write().unwrap();
    let mut index = index.reopen().unwrap();
    assert!(has_note());
    index.apply(behind).unwrap();
    let end = Feed::new();
    end.close();
    index.follow(&store.log, &end).unwrap();
    let (_index, state) = load(&dir, &path);
    assert_eq!(state.tree_head(), store.tree_head().await.unwrap());
}

/// The rows of the leaves of a store.
fn rows(store: &LogStore) -> impl Iterator<Item = IndexRow> {
    let mut rows = Vec::new();
    let leaves = store.log.leaves();
    let read = store.log.replay(0, leaves, &mut |found| {
        rows.push(IndexRow::read(&found)?.1);
        Ok(())
    });
    read.unwrap();
    rows.into_iter()
}

/// Opens an index beside the log in `dir`.
fn load(dir: &TempDir, path: &Path) -> (Index, State) {
    let segments = segments(&SystemFiles, &dir.path().join("log")).unwrap();
    let log = Log::new(Arc::new(SystemFiles), dir.path().join("log"), segments).unwrap();
    let file = SystemFiles.open(&segment(dir)).unwrap();
    let tail = judge_tail(&*file, &log_segment(dir)).unwrap().offsets;
    std::thread::scope(|scope| {
        let reader = Reader::begin(scope, path.to_owned(), log.id());
        Index::load(reader, &log, (0, &tail), &mut |_progress| {}).unwrap()
    })
}

fn log_segment(dir: &TempDir) -> Segment {
    segments(&SystemFiles, &dir.path().join("log"))
        .unwrap()
        .remove(0)
}
