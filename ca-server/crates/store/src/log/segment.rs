//! Segments: their names, headers and records.

use std::io;
use std::path::{Path, PathBuf};

use super::{HEADER_OCTETS, HeaderError, Record, RecordError, SegmentHeader};
use crate::files::{Files, LogFile};
use crate::{Damage, StoreError};
use ca_verify::{Entry, EntryError, Frontier, MAX_ENTRY_OCTETS};

/// A segment file and what its header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) path: PathBuf,
    pub(crate) header: SegmentHeader,
}

/// A leaf that was read from a segment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found<'a> {
    pub(crate) leaf: u64,
    /// Where its record begins in the segment.
    pub(crate) offset: u32,
    pub(crate) octets: &'a [u8],
    pub(crate) segment: &'a Segment,
}

impl Found<'_> {
    pub(crate) fn entry(&self) -> Result<Entry, StoreError> {
        Entry::from_der(self.octets).map_err(|source| match source {
            EntryError::Format(_) => self.segment.of_newer_format(self.leaf, &source),
            EntryError::Der(_)
            | EntryError::Field(_)
            | EntryError::NotCanonical
            | EntryError::TooLong { .. } => self.damaged(source.to_string()),
        })
    }

    /// Says what is wrong with the leaf.
    pub(crate) fn damaged(&self, what: String) -> StoreError {
        damaged(
            self.segment,
            u64::from(self.offset),
            format!("leaf {}: {what}", self.leaf),
        )
    }
}

impl Segment {
    /// Says that a leaf was written by a newer build: nothing is damaged.
    pub(crate) fn of_newer_format(&self, leaf: u64, source: &EntryError) -> StoreError {
        StoreError::Format {
            path: self.path.clone(),
            what: format!("leaf {leaf}: {source}"),
        }
    }

    /// Fails when the tree over the leaves before is not the one that the header names.
    pub(crate) fn follows(&self, frontier: &Frontier) -> Result<(), StoreError> {
        let is_next = frontier.size() == self.header.first_leaf;
        if is_next && frontier.root() == self.header.root {
            return Ok(());
        }
        let what = "the leaves before are not those that the segment was begun behind";
        Err(damaged(self, 0, what.to_owned()))
    }

    /// Says that the system refused something to the file.
    pub(crate) fn cannot(
        &self,
        action: &'static str,
    ) -> impl FnOnce(io::Error) -> StoreError + use<> {
        file_error(&self.path, action)
    }
}

/// Hands over all records of a segment; those up to `limit` must be sound.
///
/// Tells whether the segment ends with a sound record.
pub(crate) fn scan_segment(
    file: &dyn LogFile,
    segment: &Segment,
    limit: Option<u64>,
    visit: &mut dyn FnMut(Found<'_>) -> Result<(), StoreError>,
) -> Result<bool, StoreError> {
    let begin = Place::begin(segment);
    let scan = scan(file, segment, begin, limit.unwrap_or(u64::MAX), visit)?;
    if let Some(limit) = limit {
        scan.reaches(segment, limit)?;
    }
    Ok(scan.fault.is_none())
}

/// Where a record begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) leaf: u64,
    pub(crate) offset: u64,
}

/// How far the records of a segment are sound.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scan {
    /// The place behind the last sound record.
    pub(crate) end: Place,
    /// Why what stands there is no record; none at the end of the file.
    pub(crate) fault: Option<RecordError>,
}

impl Place {
    pub(crate) fn begin(segment: &Segment) -> Self {
        Self {
            leaf: segment.header.first_leaf,
            offset: HEADER,
        }
    }
}

impl Scan {
    /// Fails when the sound records end before leaf number `limit`.
    pub(super) fn reaches(&self, segment: &Segment, limit: u64) -> Result<(), StoreError> {
        if self.end.leaf >= limit {
            return Ok(());
        }
        let what = match self.fault {
            Some(fault) => fault.to_string(),
            None => format!(
                "the segment ends before leaf {}, the next begins with leaf {limit}",
                self.end.leaf
            ),
        };
        Err(damaged(segment, self.end.offset, what))
    }
}

/// Lists the segments of a directory in order, their headers checked against each other.
pub(crate) fn segments(files: &dyn Files, dir: &Path) -> Result<Vec<Segment>, StoreError> {
    let firsts = first_leaves(files, dir)?;
    let mut segments: Vec<Segment> = Vec::with_capacity(firsts.len());
    for first in firsts {
        let segment = read_segment(files, dir, first)?;
        let before = segments.last().map(|before| &before.header);
        let wanted = (first > 0).then_some(segment.header.previous);
        if wanted != before.map(|before| before.first_leaf) {
            return Err(missing(dir, wanted.unwrap_or(0)));
        }
        if before.is_some_and(|before| before.log_id != segment.header.log_id) {
            let what = format!("belongs to another log, {}", segment.header.log_id);
            return Err(damaged(&segment, 0, what));
        }
        segments.push(segment);
    }
    if segments.is_empty() {
        return Err(no_log(dir));
    }
    Ok(segments)
}

/// Lists the segments of a directory in order, those with a damaged header too, and says what is wrong with headers.
///
/// A segment whose header is damaged is read as one of the log that the others belong to.
pub(crate) fn known_segments(
    files: &dyn Files,
    dir: &Path,
) -> Result<(Vec<Segment>, Vec<Damage>), StoreError> {
    let mut damages = Vec::new();
    let mut read = Vec::new();
    for first in first_leaves(files, dir)? {
        match read_segment(files, dir, first) {
            Ok(segment) => read.push((first, Some(segment.header))),
            Err(StoreError::Damaged { path, offset, what }) => {
                damages.push(Damage { path, offset, what });
                read.push((first, None));
            }
            // Magic and format are no use to tell a newer format from a flipped bit.
            Err(StoreError::Format { path, what }) => {
                let offset = 0;
                damages.push(Damage { path, offset, what });
                read.push((first, None));
            }
            Err(error) => return Err(error),
        }
    }
    let Some(log_id) = read
        .iter()
        .find_map(|(_first, header)| header.map(|header| header.log_id))
    else {
        return Err(match damages.into_iter().next() {
            None => no_log(dir),
            Some(Damage { path, offset, what }) => StoreError::Damaged { path, offset, what },
        });
    };
    let segments = read.into_iter().map(|(first, header)| {
        let unread = SegmentHeader {
            log_id,
            first_leaf: first,
            previous: 0,
            root: [0; 32],
        };
        Segment {
            path: path(dir, first),
            header: header.unwrap_or(unread),
        }
    });
    Ok((segments.collect(), damages))
}

fn first_leaves(files: &dyn Files, dir: &Path) -> Result<Vec<u64>, StoreError> {
    let names = files
        .list(dir)
        .map_err(file_error(dir, "read the log's directory"))?;
    let mut firsts: Vec<u64> = names
        .iter()
        .filter_map(|name| first_leaf(name.to_str()?))
        .collect();
    firsts.sort_unstable();
    Ok(firsts)
}

fn read_segment(files: &dyn Files, dir: &Path, first: u64) -> Result<Segment, StoreError> {
    let segment = read_header(files, path(dir, first))?;
    if segment.header.first_leaf != first {
        let what = format!("its first leaf is {}", segment.header.first_leaf);
        return Err(damaged(&segment, 0, what));
    }
    Ok(segment)
}

fn no_log(dir: &Path) -> StoreError {
    file_error(&path(dir, 0), "open the log")(io::ErrorKind::NotFound.into())
}

fn read_header(files: &dyn Files, path: PathBuf) -> Result<Segment, StoreError> {
    let file = files
        .open(&path)
        .map_err(file_error(&path, "open the segment"))?;
    let mut octets = [0; HEADER_OCTETS];
    let count = file
        .read_at(0, &mut octets)
        .map_err(file_error(&path, "read the segment"))?;
    match SegmentHeader::decode(octets.get(..count).unwrap_or(&octets)) {
        Ok(header) => Ok(Segment { path, header }),
        Err(fault @ (HeaderError::Format(_) | HeaderError::Magic)) => Err(StoreError::Format {
            path,
            what: fault.to_string(),
        }),
        Err(fault @ (HeaderError::Short(_) | HeaderError::Checksum)) => Err(StoreError::Damaged {
            path,
            offset: 0,
            what: fault.to_string(),
        }),
    }
}

/// Makes a segment that is durable, header and name, before it has its name.
pub(super) fn create(
    files: &dyn Files,
    dir: &Path,
    header: &SegmentHeader,
) -> Result<Segment, StoreError> {
    let unnamed = dir.join(UNNAMED);
    let segment = Segment {
        path: path(dir, header.first_leaf),
        header: *header,
    };
    let file = files
        .create(&unnamed)
        .map_err(file_error(&unnamed, "make a segment"))?;
    file.write_at(0, &header.to_octets())
        .map_err(file_error(&unnamed, "write the segment's header"))?;
    file.sync_data()
        .map_err(file_error(&unnamed, "sync the segment's header"))?;
    files
        .rename(&unnamed, &segment.path)
        .map_err(file_error(&segment.path, "name the segment"))?;
    files
        .sync_dir(dir)
        .map_err(file_error(dir, "sync the log's directory"))?;
    Ok(segment)
}

/// Removes a segment that never got its name, for good: after a crash it must not stand in the place of the next.
pub(super) fn remove_unnamed(files: &dyn Files, dir: &Path) -> Result<(), StoreError> {
    let unnamed = dir.join(UNNAMED);
    match files.remove(&unnamed) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            return Err(file_error(&unnamed, "remove the unfinished segment")(
                source,
            ));
        }
        // An earlier attempt may have removed it and got no further.
        Ok(()) | Err(_) => {}
    }
    files
        .sync_dir(dir)
        .map_err(file_error(dir, "sync the log's directory"))
}

/// Hands over the records from a place on, up to leaf number `limit`, as far as they are sound.
pub(crate) fn scan(
    file: &dyn LogFile,
    segment: &Segment,
    from: Place,
    limit: u64,
    visit: &mut dyn FnMut(Found<'_>) -> Result<(), StoreError>,
) -> Result<Scan, StoreError> {
    let mut window = Window::new(file, segment);
    let mut end = from;
    while end.leaf < limit {
        let header = window.at(end.offset, super::RECORD_HEADER_OCTETS)?;
        if header.is_empty() {
            break;
        }
        let record = match Record::octets_wanted(header) {
            Ok(wanted) => Record::decode(segment.header.log_id, window.at(end.offset, wanted)?),
            Err(fault) => Err(fault),
        };
        let fault = match (record, u32::try_from(end.offset)) {
            (Ok(record), Ok(offset)) if record.leaf == end.leaf => {
                visit(Found {
                    leaf: record.leaf,
                    offset,
                    octets: record.octets,
                    segment,
                })?;
                end.leaf += 1;
                end.offset += length(super::RECORD_HEADER_OCTETS + record.octets.len());
                continue;
            }
            (Ok(record), _) => RecordError::Leaf {
                wanted: end.leaf,
                found: record.leaf,
            },
            (Err(fault), _) => fault,
        };
        return Ok(Scan {
            end,
            fault: Some(fault),
        });
    }
    Ok(Scan { end, fault: None })
}

/// A piece of a segment in memory.
pub(super) struct Window<'f> {
    file: &'f dyn LogFile,
    segment: &'f Segment,
    buffer: Vec<u8>,
    /// How much of the buffer was read.
    filled: usize,
    /// Where the buffer stands in the file.
    begin: u64,
}

impl<'f> Window<'f> {
    pub(super) fn new(file: &'f dyn LogFile, segment: &'f Segment) -> Self {
        Self {
            file,
            segment,
            buffer: vec![0; WINDOW_OCTETS],
            filled: 0,
            begin: 0,
        }
    }

    /// Returns what stands at `offset`: at least `wanted` octets, fewer only at the end of the file.
    pub(super) fn at(&mut self, offset: u64, wanted: usize) -> Result<&[u8], StoreError> {
        let is_inside = offset
            .checked_sub(self.begin)
            .and_then(|skipped| usize::try_from(skipped).ok())
            .and_then(|skipped| self.content().get(skipped..))
            .is_some_and(|rest| rest.len() >= wanted);
        if !is_inside {
            self.filled = self
                .file
                .read_at(offset, &mut self.buffer)
                .map_err(file_error(&self.segment.path, "read the segment"))?;
            self.begin = offset;
        }
        let skipped = usize::try_from(offset - self.begin).unwrap_or(usize::MAX);
        Ok(self.content().get(skipped..).unwrap_or_default())
    }

    fn content(&self) -> &[u8] {
        self.buffer.get(..self.filled).unwrap_or_default()
    }
}

/// More than the longest record, so that one window always holds a whole one.
const WINDOW_OCTETS: usize = 1 << 20;
const _: () = assert!(WINDOW_OCTETS > super::RECORD_HEADER_OCTETS + MAX_ENTRY_OCTETS);

/// The name of a segment that is not durable yet.
const UNNAMED: &str = "unnamed";
pub(super) const HEADER: u64 = 82;
const _: () = assert!(HEADER_OCTETS == 82);

pub(crate) fn length(octets: usize) -> u64 {
    u64::try_from(octets).unwrap_or(u64::MAX)
}

fn path(dir: &Path, first_leaf: u64) -> PathBuf {
    dir.join(format!("{first_leaf:020}.log"))
}

fn first_leaf(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(".log")?;
    let is_ours = digits.len() == 20 && digits.bytes().all(|digit| digit.is_ascii_digit());
    is_ours.then(|| digits.parse().ok()).flatten()
}

fn missing(dir: &Path, first_leaf: u64) -> StoreError {
    StoreError::Damaged {
        path: path(dir, first_leaf),
        offset: 0,
        what: "the segment is missing".to_owned(),
    }
}

pub(super) fn damaged(segment: &Segment, offset: u64, what: String) -> StoreError {
    StoreError::Damaged {
        path: segment.path.clone(),
        offset,
        what,
    }
}

pub(crate) fn file_error(
    path: &Path,
    action: &'static str,
) -> impl FnOnce(io::Error) -> StoreError + use<> {
    let path = path.to_owned();
    move |source| StoreError::File {
        path,
        action,
        source,
    }
}
