//! Reads the leaves of a log as they stand on the disk, beside a running server or without one.

use std::path::{Path, PathBuf};

use crate::files::{Files, SystemFiles};
use crate::log::{Found, Segment, Visit, in_lanes, judge_tail, scan_segment, segments};
use crate::{LogId, StoreError, TornTail};

/// The segments of a log, to read their leaves from the first to the last.
#[derive(Debug)]
pub struct LeafReader {
    segments: Vec<Segment>,
}

/// What the header of a segment says of the leaves before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentStart {
    /// The file.
    pub path: PathBuf,
    /// The index of its first leaf.
    pub first_leaf: u64,
    /// The root hash over the leaves before.
    pub root: [u8; 32],
}

impl LeafReader {
    /// Finds the segments of a data directory, without a lock.
    ///
    /// # Errors
    /// Fails when there is no log, a segment is missing, or a header is damaged.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        let segments = segments(&SystemFiles, &dir.join("log"))?;
        Ok(Self { segments })
    }

    /// Returns the identity of the log.
    pub fn log_id(&self) -> Option<LogId> {
        self.segments.first().map(|segment| segment.header.log_id)
    }

    /// Lists what the headers say.
    pub fn starts(&self) -> Vec<SegmentStart> {
        self.segments
            .iter()
            .map(|segment| SegmentStart {
                path: segment.path.clone(),
                first_leaf: segment.header.first_leaf,
                root: segment.header.root,
            })
            .collect()
    }

    /// Returns how many octets the segments have.
    pub fn octets(&self) -> u64 {
        let files = SystemFiles;
        self.segments
            .iter()
            .filter_map(|segment| files.open(&segment.path).ok()?.octets().ok())
            .sum()
    }

    /// Hands over what `work`, in threads of its own, makes of the octets of every leaf, in order; returns the torn end,
    /// which beside a running server may be a write under way. The hashes in the headers are not compared.
    ///
    /// # Errors
    /// Fails at the first record that is damaged.
    pub fn read<T: Send>(
        &self,
        work: impl Fn(&[u8]) -> T + Sync,
        take: &mut dyn FnMut(T),
    ) -> Result<Option<TornTail>, StoreError> {
        let work = |found: &Found<'_>| work(found.octets);
        in_lanes(|visit| self.scan(visit), work, &mut |_found, made| {
            take(made);
            Ok(())
        })
    }

    fn scan(&self, visit: &mut Visit<'_>) -> Result<Option<TornTail>, StoreError> {
        let files = SystemFiles;
        let mut torn = None;
        for (place, segment) in self.segments.iter().enumerate() {
            let file = files
                .open(&segment.path)
                .map_err(segment.cannot("open the segment"))?;
            let next = self.segments.get(place + 1);
            let limit = next.map(|next| next.header.first_leaf);
            let is_sound = scan_segment(&*file, segment, limit, visit)?;
            if limit.is_none() && !is_sound {
                torn = judge_tail(&*file, segment)?.torn;
            }
        }
        Ok(torn)
    }
}
