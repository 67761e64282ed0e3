//! A part of the log that stays: what a backup or an export copies beside a running server.

use std::path::{Path, PathBuf};

use ca_types::UnixTime;
use ca_verify::{Entry, Frontier, leaf_hash};

use crate::files::{Files, SystemFiles};
use crate::log::{Found, HEADER_OCTETS, RECORD_HEADER_OCTETS, Segment, scan_segment, segments};
use crate::{LogId, StoreError, TreeHead};

/// The log up to a leaf: its octets never change any more, however long the server goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogSnapshot {
    /// The log.
    pub log_id: LogId,
    /// The tree over its leaves.
    pub head: TreeHead,
    /// The time of its last entry.
    pub last_time: Option<UnixTime>,
    /// Its segments in order.
    pub segments: Vec<SnapshotSegment>,
}

/// A segment as far as a snapshot goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotSegment {
    /// The file.
    pub path: PathBuf,
    /// How many of its octets belong to the snapshot.
    pub octets: u64,
}

/// Reads the log of a data directory up to the last leaf that is whole, makes that durable, and hands over every entry.
///
/// # Errors
/// Fails when there is no log, it is damaged before its end, or `visit` fails.
pub fn snapshot(
    dir: &Path,
    visit: &mut dyn FnMut(u64, Entry) -> Result<(), StoreError>,
) -> Result<LogSnapshot, StoreError> {
    let files = SystemFiles;
    let segments = segments(&files, &dir.join("log"))?;
    let mut frontier = Frontier::new();
    let mut snapshot = LogSnapshot {
        log_id: [0; 16].into(),
        head: TreeHead {
            size: 0,
            root: frontier.root(),
        },
        last_time: None,
        segments: Vec::with_capacity(segments.len()),
    };
    for (place, segment) in segments.iter().enumerate() {
        snapshot.log_id = segment.header.log_id;
        segment.follows(&frontier)?;
        let limit = segments.get(place + 1).map(|next| next.header.first_leaf);
        let mut octets = length(HEADER_OCTETS);
        let mut read = |found: Found<'_>| {
            let entry = found.entry()?;
            frontier.push(leaf_hash(found.octets));
            snapshot.last_time = Some(entry.time);
            octets = end_of(&found);
            visit(found.leaf, entry)
        };
        let file = files
            .open(&segment.path)
            .map_err(segment.cannot("open the segment"))?;
        scan_segment(&*file, segment, limit, &mut read)?;
        if limit.is_none() {
            // What was read may be younger than the server's own sync.
            file.sync_data()
                .map_err(segment.cannot("sync the segment"))?;
            keeps(&files, segment, frontier.size())?;
        }
        snapshot.segments.push(SnapshotSegment {
            path: segment.path.clone(),
            octets,
        });
    }
    snapshot.head = TreeHead {
        size: frontier.size(),
        root: frontier.root(),
    };
    Ok(snapshot)
}

/// Fails when the last segment has lost leaves since: a server takes back what it cannot write as a whole.
fn keeps(files: &dyn Files, segment: &Segment, leaves: u64) -> Result<(), StoreError> {
    let file = files
        .open(&segment.path)
        .map_err(segment.cannot("open the segment"))?;
    let mut end = segment.header.first_leaf;
    scan_segment(&*file, segment, None, &mut |found| {
        end = found.leaf + 1;
        Ok(())
    })?;
    if end >= leaves {
        return Ok(());
    }
    Err(segment.cannot("keep the last leaves of the segment")(
        std::io::ErrorKind::Interrupted.into(),
    ))
}

fn end_of(found: &Found<'_>) -> u64 {
    u64::from(found.offset) + length(RECORD_HEADER_OCTETS + found.octets.len())
}

fn length(octets: usize) -> u64 {
    u64::try_from(octets).unwrap_or(u64::MAX)
}
