//! The end of the last segment after a crash: torn, or damaged.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ca_verify::MAX_ENTRY_OCTETS;

use super::segment::{HEADER, Place, Window, damaged, file_error, length, scan};
use super::{RECORD_HEADER_OCTETS, Record, Segment};
use crate::files::{Files, LogFile};
use crate::{StoreError, TornTail};

/// The sound part of the last segment, and what stands behind it.
#[derive(Debug)]
pub(crate) struct TailCut {
    /// Where the leaves of the segment stand.
    pub(crate) offsets: Vec<u32>,
    /// The number of leaves of the log.
    pub(crate) leaves: u64,
    /// Where the sound part ends.
    pub(crate) end: u64,
    /// What stands behind it.
    pub(crate) torn: Option<TornTail>,
}

/// Reads the last segment to its end and tells a torn end from damage.
///
/// An end is torn when no record of a later group stands behind it: a later group is written only
/// when the one before is durable.
pub(crate) fn judge_tail(file: &dyn LogFile, segment: &Segment) -> Result<TailCut, StoreError> {
    let mut offsets = Vec::new();
    let found = scan(
        file,
        segment,
        Place::begin(segment),
        u64::MAX,
        &mut |found| {
            offsets.push(found.offset);
            Ok(())
        },
    )?;
    let mut cut = TailCut {
        offsets,
        leaves: found.end.leaf,
        end: found.end.offset,
        torn: None,
    };
    if let Some(fault) = found.fault {
        let octets = file
            .octets()
            .map_err(file_error(&segment.path, "measure the segment"))?;
        if later_group(file, segment, found.end, octets)? {
            return Err(damaged(segment, found.end.offset, fault.to_string()));
        }
        cut.torn = Some(TornTail {
            segment: segment.path.clone(),
            offset: found.end.offset,
            octets: octets.saturating_sub(found.end.offset),
            kept: None,
        });
    }
    Ok(cut)
}

/// Looks behind a broken record for one that was written after the broken one was durable.
fn later_group(
    file: &dyn LogFile,
    segment: &Segment,
    broken: Place,
    octets: u64,
) -> Result<bool, StoreError> {
    let is_later =
        |record: &Record<'_>| record.leaf.saturating_sub(u64::from(record.position)) > broken.leaf;
    Ok(record_behind(file, segment, broken, octets, &is_later)?.is_some())
}

/// Finds the next sound record behind a damaged one; none when the end is only torn, or nothing is sound behind.
pub(crate) fn next_record(
    file: &dyn LogFile,
    segment: &Segment,
    broken: Place,
    octets: u64,
) -> Result<Behind, StoreError> {
    let next = record_behind(file, segment, broken, octets, &|_record| true)?;
    Ok(match next {
        None => Behind::Nothing,
        Some(next) if later_group(file, segment, broken, octets)? => Behind::Later(next),
        Some(next) => Behind::SameGroup(next),
    })
}

/// What stands behind a record that is not sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behind {
    Nothing,
    /// Records of the same group only: at the end of the log it is torn.
    SameGroup(Place),
    /// Records that were written when the broken one was durable: it is damaged. The first sound one stands here.
    Later(Place),
}

fn record_behind(
    file: &dyn LogFile,
    segment: &Segment,
    broken: Place,
    octets: u64,
    is_wanted: &dyn Fn(&Record<'_>) -> bool,
) -> Result<Option<Place>, StoreError> {
    let most_leaves = octets.saturating_sub(broken.offset) / length(RECORD_HEADER_OCTETS);
    let last_leaf = broken.leaf.saturating_add(most_leaves);
    let mut window = Window::new(file, segment);
    for offset in broken.offset + 1..octets {
        let rest = window.at(offset, RECORD_HEADER_OCTETS)?;
        let is_possible = rest
            .get(4..12)
            .and_then(|leaf| leaf.try_into().ok())
            .map(u64::from_be_bytes)
            .is_some_and(|leaf| broken.leaf < leaf && leaf <= last_leaf);
        if !is_possible {
            continue;
        }
        let rest = window.at(offset, RECORD_HEADER_OCTETS + MAX_ENTRY_OCTETS)?;
        if let Ok(record) = Record::decode(segment.header.log_id, rest)
            && is_wanted(&record)
        {
            return Ok(Some(Place {
                leaf: record.leaf,
                offset,
            }));
        }
    }
    Ok(None)
}

impl TailCut {
    /// Keeps the torn end aside and cuts it off the segment.
    pub(crate) fn cut(
        &mut self,
        files: &dyn Files,
        dir: &Path,
        file: &dyn LogFile,
    ) -> Result<(), StoreError> {
        let Some(torn) = self.torn.as_mut().filter(|torn| torn.kept.is_none()) else {
            return Ok(());
        };
        let (kept, aside) = create_aside(files, dir, torn.offset)?;
        let mut done = 0;
        let mut buffer = vec![0; 1 << 20];
        loop {
            let count = file
                .read_at(torn.offset + done, &mut buffer)
                .map_err(file_error(&torn.segment, "read the torn end"))?;
            let octets = buffer.get(..count).unwrap_or_default();
            if octets.is_empty() {
                break;
            }
            aside
                .write_at(done, octets)
                .map_err(file_error(&kept, "keep the torn end"))?;
            done += length(count);
        }
        aside
            .sync_data()
            .map_err(file_error(&kept, "keep the torn end"))?;
        files
            .sync_dir(dir)
            .map_err(file_error(dir, "sync the log's directory"))?;
        file.truncate(torn.offset)
            .and_then(|()| file.sync_data())
            .map_err(file_error(&torn.segment, "cut the torn end off"))?;
        tracing::warn!(
            segment = %torn.segment.display(),
            offset = torn.offset,
            octets = torn.octets,
            kept = %kept.display(),
            "the last write to the log was torn and has been cut off"
        );
        torn.kept = Some(kept);
        Ok(())
    }

    /// Makes durable what is shown from now on.
    ///
    /// A process that was killed left its last group to the system, and a sync that failed made the system take for
    /// written what is not on the disk: a sync alone would not write it. So the group is written again as it is. Those
    /// before it are durable, since a group is written only behind one that is.
    pub(crate) fn settle(
        &self,
        files: &dyn Files,
        dir: &Path,
        (segment, file): (&Segment, &dyn LogFile),
    ) -> Result<(), StoreError> {
        let begin = self
            .last_group(file)
            .map_err(segment.cannot("read the last group"))?;
        let wanted = usize::try_from(self.end - begin).unwrap_or(usize::MAX);
        let mut group = vec![0; wanted];
        let count = file
            .read_at(begin, &mut group)
            .map_err(segment.cannot("read the last group"))?;
        group.truncate(count);
        file.write_at(begin, &group)
            .and_then(|()| file.sync_data())
            .map_err(segment.cannot("write the last group again"))?;
        files
            .sync_dir(dir)
            .map_err(file_error(dir, "sync the log's directory"))
    }

    /// Returns where the last group begins; the end when there is none.
    fn last_group(&self, file: &dyn LogFile) -> io::Result<u64> {
        let Some(last) = self.offsets.last() else {
            return Ok(self.end);
        };
        let mut position = [0; 4];
        file.read_at(u64::from(*last) + POSITION, &mut position)?;
        let before = usize::try_from(u32::from_be_bytes(position)).unwrap_or(usize::MAX);
        let first = self.offsets.iter().nth_back(before);
        Ok(first.copied().map_or(HEADER, u64::from))
    }
}

/// Where the position in its group stands in a record.
const POSITION: u64 = 12;

/// Makes `torn-<offset>`, or with a number behind it when an earlier end was kept there.
fn create_aside(
    files: &dyn Files,
    dir: &Path,
    offset: u64,
) -> Result<(PathBuf, Arc<dyn LogFile>), StoreError> {
    let mut path = dir.join(format!("torn-{offset}"));
    for number in 1..u32::MAX {
        match files.create(&path) {
            Err(source) if source.kind() == io::ErrorKind::AlreadyExists => {
                path = dir.join(format!("torn-{offset}-{number}"));
            }
            created => {
                let file = created.map_err(file_error(&path, "keep the torn end"))?;
                return Ok((path, file));
            }
        }
    }
    Err(file_error(&path, "keep the torn end")(
        io::ErrorKind::AlreadyExists.into(),
    ))
}
