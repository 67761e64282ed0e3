//! The log: segments of records, append only.
//!
//! `DIR/log/<index of the first leaf, 20 digits>.log`. The last segment grows; the others never
//! change. Beside them stand `lock`, `reserve` (room for revocations on a full disk) and
//! `torn-…` (ends that were cut off).

mod appender;
mod header;
mod lanes;
mod record;
mod segment;
mod tail;

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

pub use header::{HEADER_OCTETS, HeaderError, SegmentHeader};
pub use record::{RECORD_HEADER_OCTETS, Record, RecordError};

use crate::chunks::Chunks;
use crate::files::{Files, LogFile};
use crate::{LogId, StoreError};
pub(crate) use appender::{AppendError, Appender, RESERVE};
pub(crate) use lanes::{Visit, in_lanes};
use segment::damaged;
pub(crate) use segment::{
    Found, Place, Segment, file_error, known_segments, length, scan, scan_segment, segments,
};
pub(crate) use tail::{Behind, TailCut, judge_tail, next_record};

/// The segments of a log and where their leaves stand; for readers on any thread.
#[derive(Debug)]
pub(crate) struct Log {
    files: Arc<dyn Files>,
    dir: PathBuf,
    id: LogId,
    places: RwLock<Places>,
}

#[derive(Debug)]
struct Places {
    segments: Vec<Segment>,
    /// Where each durable leaf stands in its segment.
    offsets: Chunks<u32>,
}

/// Makes an empty log in the directory `dir`, which must not exist.
pub(crate) fn create(files: &dyn Files, dir: &Path, id: LogId) -> Result<(), StoreError> {
    files
        .create_dir(dir)
        .map_err(file_error(dir, "make the log's directory"))?;
    let header = SegmentHeader {
        log_id: id,
        first_leaf: 0,
        previous: 0,
        root: ca_verify::Frontier::new().root(),
    };
    segment::create(files, dir, &header)?;
    let Some(parent) = dir.parent() else {
        return Ok(());
    };
    files
        .sync_dir(parent)
        .map_err(file_error(parent, "sync the directory"))
}

impl Log {
    /// Takes the segments of a directory; no leaf is known yet.
    pub(crate) fn new(files: Arc<dyn Files>, dir: PathBuf, segments: Vec<Segment>) -> Option<Self> {
        Some(Self {
            files,
            dir,
            id: segments.first()?.header.log_id,
            places: RwLock::new(Places {
                segments,
                offsets: Chunks::new(),
            }),
        })
    }

    pub(crate) fn id(&self) -> LogId {
        self.id
    }

    /// Returns the number of leaves whose places are known.
    pub(crate) fn leaves(&self) -> u64 {
        u64::try_from(self.places().offsets.len()).unwrap_or(u64::MAX)
    }

    /// Reads the octets of a leaf; nothing when there is no such leaf.
    pub(crate) fn read(&self, leaf: u64) -> Result<Option<Vec<u8>>, StoreError> {
        Reading::new(self).leaf(leaf)
    }

    /// Hands over the leaves from number `first` up to, and without, `end`, in order.
    pub(crate) fn replay(
        &self,
        first: u64,
        end: u64,
        visit: &mut Visit<'_>,
    ) -> Result<(), StoreError> {
        if first >= end {
            return Ok(());
        }
        let segments = self.places().segments.clone();
        let skipped = segments.partition_point(|segment| segment.header.first_leaf <= first);
        let mut segments = segments.iter().skip(skipped.saturating_sub(1)).peekable();
        while let Some(segment) = segments.next() {
            let last = segments.peek().map(|next| next.header.first_leaf);
            if segment.header.first_leaf >= end {
                return Ok(());
            }
            let from = self.place_before(segment, first);
            let limit = last.unwrap_or(end).min(end);
            let file = self.open(segment)?;
            let scan = scan(&*file, segment, from, limit, &mut |found| {
                if found.leaf < first {
                    Ok(())
                } else {
                    visit(found)
                }
            })?;
            scan.reaches(segment, limit)?;
        }
        Ok(())
    }

    /// Replays the leaves with what `work`, in threads of its own, makes of each.
    pub(crate) fn replay_in_lanes<T: Send>(
        &self,
        first: u64,
        end: u64,
        work: impl Fn(&Found<'_>) -> T + Sync,
        take: &mut dyn FnMut(&Found<'_>, T) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        if first >= end {
            return Ok(());
        }
        in_lanes(|visit| self.replay(first, end, visit), work, take)
    }

    /// Returns a place at or before leaf `first` in its segment, as late as is known.
    fn place_before(&self, segment: &Segment, first: u64) -> Place {
        let begin = Place::begin(segment);
        let known = first.checked_sub(1).filter(|leaf| *leaf >= begin.leaf);
        known
            .and_then(|leaf| {
                Some(Place {
                    leaf,
                    offset: u64::from(self.offset(leaf)?),
                })
            })
            .unwrap_or(begin)
    }

    /// Returns where a leaf stands in its segment.
    pub(crate) fn offset(&self, leaf: u64) -> Option<u32> {
        self.places()
            .offsets
            .get(usize::try_from(leaf).ok()?)
            .copied()
    }

    /// Lets readers see the next leaves.
    pub(crate) fn publish(&self, offsets: impl IntoIterator<Item = u32>) {
        let mut places = self.places.write().unwrap_or_else(PoisonError::into_inner);
        for offset in offsets {
            places.offsets.push(offset);
        }
    }

    /// Forgets where leaves stand: the index that said so is not believed.
    pub(crate) fn forget_places(&self) {
        let mut places = self.places.write().unwrap_or_else(PoisonError::into_inner);
        places.offsets = Chunks::new();
    }

    fn add_segment(&self, segment: Segment) {
        let mut places = self.places.write().unwrap_or_else(PoisonError::into_inner);
        if places.segments.last() != Some(&segment) {
            places.segments.push(segment);
        }
    }

    fn segment_of(&self, leaf: u64) -> Option<Segment> {
        let places = self.places();
        let behind = places
            .segments
            .partition_point(|segment| segment.header.first_leaf <= leaf);
        places.segments.get(behind.checked_sub(1)?).cloned()
    }

    fn open(&self, segment: &Segment) -> Result<Arc<dyn LogFile>, StoreError> {
        self.files
            .open(&segment.path)
            .map_err(file_error(&segment.path, "open the segment"))
    }

    fn places(&self) -> RwLockReadGuard<'_, Places> {
        self.places.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads many leaves; keeps the segment open from one to the next.
#[derive(Debug)]
pub(crate) struct Reading<'l> {
    log: &'l Log,
    open: Option<(Segment, Arc<dyn LogFile>)>,
}

impl<'l> Reading<'l> {
    pub(crate) fn new(log: &'l Log) -> Self {
        Self { log, open: None }
    }

    pub(crate) fn leaf(&mut self, leaf: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let (Some(offset), Some(segment)) = (self.log.offset(leaf), self.log.segment_of(leaf))
        else {
            return Ok(None);
        };
        let file = match &self.open {
            Some((open, file)) if *open == segment => Arc::clone(file),
            Some(_) | None => {
                let file = self.log.open(&segment)?;
                self.open = Some((segment.clone(), Arc::clone(&file)));
                file
            }
        };
        let offset = u64::from(offset);
        let broken = |source: RecordError| damaged(&segment, offset, source.to_string());
        let mut octets = read(&*file, &segment, offset, USUAL_RECORD_OCTETS)?;
        let wanted = Record::octets_wanted(&octets).map_err(broken)?;
        if wanted > octets.len() {
            octets = read(&*file, &segment, offset, wanted)?;
        }
        let record = Record::decode(self.log.id, &octets).map_err(broken)?;
        if record.leaf != leaf {
            return Err(broken(RecordError::Leaf {
                wanted: leaf,
                found: record.leaf,
            }));
        }
        Ok(Some(record.octets.to_vec()))
    }
}

/// Most leaves are shorter, so that one read is enough.
const USUAL_RECORD_OCTETS: usize = 4096;

fn read(
    file: &dyn LogFile,
    segment: &Segment,
    offset: u64,
    octets: usize,
) -> Result<Vec<u8>, StoreError> {
    let mut buffer = vec![0; octets];
    let count = file
        .read_at(offset, &mut buffer)
        .map_err(file_error(&segment.path, "read the segment"))?;
    buffer.truncate(count);
    Ok(buffer)
}
