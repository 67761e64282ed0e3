//! Reading a log from end to end, beside a running server or without one.

use std::path::Path;

use ca_verify::{Entry, Frontier, leaf_hash};

use crate::files::{Files, SystemFiles};
use crate::log::{Found, judge_tail, scan_segment, segments};
use crate::{LogReport, StoreError, TreeHead};

/// Reads the log of a data directory from end to end, without a lock and without changing anything.
///
/// # Errors
/// Fails when there is no log, or it is damaged before its end.
pub fn inspect(dir: &Path) -> Result<LogReport, StoreError> {
    read_log(dir, &mut |_leaf, _entry| Ok(()))
}

/// Reads as [`inspect`] does, and hands over every entry with the index of its leaf.
///
/// # Errors
/// Fails as [`inspect`] does, and when `visit` does.
pub fn read_log(
    dir: &Path,
    visit: &mut dyn FnMut(u64, Entry) -> Result<(), StoreError>,
) -> Result<LogReport, StoreError> {
    let files = SystemFiles;
    let segments = segments(&files, &dir.join("log"))?;
    let mut frontier = Frontier::new();
    let mut report = LogReport {
        log_id: [0; 16].into(),
        segments: segments.len(),
        octets: 0,
        head: TreeHead {
            size: 0,
            root: frontier.root(),
        },
        last_time: None,
        torn: None,
    };
    for (place, segment) in segments.iter().enumerate() {
        report.log_id = segment.header.log_id;
        segment.follows(&frontier)?;
        let file = files
            .open(&segment.path)
            .map_err(segment.cannot("open the segment"))?;
        let limit = segments.get(place + 1).map(|next| next.header.first_leaf);
        let mut read = |found: Found<'_>| {
            let entry = found.entry()?;
            frontier.push(leaf_hash(found.octets));
            report.last_time = Some(entry.time);
            visit(found.leaf, entry)
        };
        let is_sound = scan_segment(&*file, segment, limit, &mut read)?;
        if limit.is_none() && !is_sound {
            // A write under way may be whole by now.
            report.torn = judge_tail(&*file, segment)?.torn;
        }
        report.octets += file
            .octets()
            .map_err(segment.cannot("measure the segment"))?;
    }
    report.head = TreeHead {
        size: frontier.size(),
        root: frontier.root(),
    };
    Ok(report)
}
