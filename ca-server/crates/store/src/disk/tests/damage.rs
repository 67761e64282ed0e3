//! Damage in the middle of a log: named, and the rest saved.

use std::path::PathBuf;

use super::{change_file, empty, fill, log_files, record_offset, segment, system};
use crate::{CaStore, LogStore, OpenOptions, salvage, verify_log};

#[tokio::test]
async fn every_damage_is_named_and_what_is_sound_is_saved() {
    let dir = empty();
    let options = || OpenOptions {
        segment_octets: 700,
        ..OpenOptions::system()
    };
    let (store, _report) = LogStore::open(dir.path(), options()).unwrap();
    fill(&store).await;
    let leaves = store.leaves(0, 99).await.unwrap();
    let head = store.tree_head().await.unwrap();
    drop(store);
    let sound = verify_log(dir.path(), &mut |_sound| Ok(())).unwrap();
    assert_eq!((sound.damages.len(), &sound.torn), (0, &None));
    assert_eq!((sound.leaves, sound.leaves_before_damage), (7, 7));

    // Leaf 1 and the header of the second segment.
    let second = log_files(&dir).remove(1);
    let offset = record_offset(&dir, 1);
    change_file(&segment(&dir), |octets| {
        octets[usize::try_from(offset).unwrap() + 40] ^= 1;
    });
    change_file(&second, |octets| octets[30] ^= 1);
    let before: Vec<Vec<u8>> = log_files(&dir)
        .iter()
        .map(|path| std::fs::read(path).unwrap())
        .collect();
    let mut seen = Vec::new();
    let found = verify_log(dir.path(), &mut |sound| {
        seen.push((sound.leaf, sound.octets.to_vec()));
        Ok(())
    })
    .unwrap();
    let places: Vec<(PathBuf, u64)> = found
        .damages
        .iter()
        .map(|damage| (damage.path.clone(), damage.offset))
        .collect();
    assert_eq!(places, [(segment(&dir), offset), (second, 0)]);
    assert_eq!((found.leaves, found.leaves_before_damage), (6, 1));
    let mut expected = leaves.clone();
    expected.remove(1);
    assert_eq!(seen, expected);

    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("saved");
    let saved = salvage(&system(), dir.path(), &out, &mut |_leaves| {}).unwrap();
    assert_eq!(saved.verdict, found);
    let behind: Vec<u8> = leaves[2..]
        .iter()
        .flat_map(|(_leaf, octets)| octets.clone())
        .collect();
    assert_eq!(std::fs::read(saved.behind.unwrap()).unwrap(), behind);
    let (store, _report) = LogStore::open(&out, OpenOptions::system()).unwrap();
    assert_eq!(store.leaves(0, 99).await.unwrap(), leaves[..1]);
    drop(store);
    // The damaged log is as it was, and nothing is written over what is there.
    let after: Vec<Vec<u8>> = log_files(&dir)
        .iter()
        .map(|path| std::fs::read(path).unwrap())
        .collect();
    assert_eq!(after, before);
    salvage(&system(), dir.path(), &out, &mut |_leaves| {}).unwrap_err();
    assert_eq!(head.size, 7);
}
