//! What an append costs that is nothing but an append and a sync.

use std::{fs::File, os::unix::fs::FileExt as _, time::Duration, time::Instant};

/// About as long as the leaf of a certificate.
const RECORD: [u8; 1_100] = [7; 1_100];

/// Appends to a file so many times, a sync behind each; returns how long each took.
pub(crate) fn appends(times: u64) -> anyhow::Result<Vec<Duration>> {
    let folder = tempfile::tempdir()?;
    let file = File::create(folder.path().join("log"))?;
    let mut took = Vec::new();
    for (time, offset) in (0..times).zip((0_u64..).step_by(RECORD.len())) {
        let begun = Instant::now();
        file.write_all_at(&RECORD, offset)?;
        file.sync_data()?;
        // The first syncs make the file.
        if time >= times / 10 {
            took.push(begun.elapsed());
        }
    }
    Ok(took)
}
