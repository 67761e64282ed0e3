//! The writing end of the log.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::segment::{self, file_error, length};
use super::{Log, Record, Segment, SegmentHeader};
use crate::StoreError;
use crate::error::{is_full, is_out_of_files};
use crate::files::LogFile;

/// Appends groups of leaves; there is one per log, in the writer's thread.
#[derive(Debug)]
pub(crate) struct Appender {
    log: Arc<Log>,
    segment: Segment,
    file: Arc<dyn LogFile>,
    /// Where the next record goes.
    end: u64,
    next_leaf: u64,
    segment_octets: u64,
    buffer: Vec<u8>,
    reserve_octets: u64,
    has_reserve: bool,
}

/// Why a group was not appended.
#[derive(Debug)]
pub(crate) enum AppendError {
    /// There is no room, or no descriptor for a new segment; the log is as it was.
    Full(StoreError),
    /// What is durable is unknown: nothing more may be appended.
    Broken(StoreError),
}

impl AppendError {
    /// Nothing was written, or it was taken back: what comes from a lack of room or of descriptors passes.
    fn new(error: StoreError) -> Self {
        let passes = matches!(
            &error,
            StoreError::File { source, .. } if is_full(source) || is_out_of_files(source)
        );
        if passes {
            Self::Full(error)
        } else {
            Self::Broken(error)
        }
    }
}

impl Appender {
    /// Goes on behind leaf number `next_leaf`, at `end` of the last segment.
    pub(crate) fn new(
        log: Arc<Log>,
        (segment, file): (Segment, Arc<dyn LogFile>),
        (next_leaf, end): (u64, u64),
        (segment_octets, reserve_octets): (u64, u64),
    ) -> Result<Self, StoreError> {
        segment::remove_unnamed(&*log.files, &log.dir)?;
        // One that a full disk cut short, or that was made of another size, is made anew.
        let has_reserve = log
            .files
            .open(&log.dir.join(RESERVE))
            .and_then(|file| file.octets())
            .is_ok_and(|octets| octets == reserve_octets);
        Ok(Self {
            log,
            segment,
            file,
            end,
            next_leaf,
            segment_octets: segment_octets.min(MAX_SEGMENT_OCTETS),
            buffer: Vec::new(),
            reserve_octets,
            has_reserve,
        })
    }

    /// Appends leaves and syncs them together; returns where they stand in the segment.
    ///
    /// `root` is the root hash over all leaves before.
    pub(crate) fn append(
        &mut self,
        leaves: &[&[u8]],
        root: [u8; 32],
    ) -> Result<Vec<u32>, AppendError> {
        if self.end >= self.segment_octets && self.next_leaf > self.segment.header.first_leaf {
            self.begin_segment(root).map_err(AppendError::new)?;
        }
        let mut offsets = Vec::with_capacity(leaves.len());
        self.buffer.clear();
        for ((leaf, position), octets) in (self.next_leaf..).zip(0..).zip(leaves) {
            let offset = self.end + length(self.buffer.len());
            offsets.push(u32::try_from(offset).map_err(|_source| self.too_long())?);
            let record = Record {
                leaf,
                position,
                octets,
            };
            record.append_to(self.log.id, &mut self.buffer);
        }
        if let Err(source) = self.file.write_at(self.end, &self.buffer) {
            return Err(self.take_back(source));
        }
        self.file
            .sync_data()
            .map_err(file_error(&self.segment.path, "sync the segment"))
            .map_err(AppendError::Broken)?;
        self.end += length(self.buffer.len());
        self.next_leaf += length(leaves.len());
        Ok(offsets)
    }

    /// Cuts off what a failed write left, so that a full disk does not end the log.
    fn take_back(&self, source: io::Error) -> AppendError {
        let error = file_error(&self.segment.path, "write to the segment")(source);
        match self.file.truncate(self.end) {
            Ok(()) => AppendError::new(error),
            Err(_) => AppendError::Broken(error),
        }
    }

    fn too_long(&self) -> AppendError {
        AppendError::Broken(segment::damaged(
            &self.segment,
            self.end,
            "the segment is longer than 4 GiB".to_owned(),
        ))
    }

    fn begin_segment(&mut self, root: [u8; 32]) -> Result<(), StoreError> {
        let (files, dir) = (&*self.log.files, &self.log.dir);
        // An earlier attempt may have stopped on a full disk.
        segment::remove_unnamed(files, dir)?;
        let header = SegmentHeader {
            log_id: self.log.id,
            first_leaf: self.next_leaf,
            previous: self.segment.header.first_leaf,
            root,
        };
        let segment = segment::create(files, dir, &header)?;
        self.file = files
            .open_writable(&segment.path)
            .map_err(file_error(&segment.path, "open the segment"))?;
        self.end = length(super::HEADER_OCTETS);
        self.log.add_segment(segment.clone());
        self.segment = segment;
        Ok(())
    }

    /// Makes sure that room is kept for revocations and CRLs; fails when there is none to keep.
    pub(crate) fn keep_reserve(&mut self) -> Result<(), StoreError> {
        if self.has_reserve {
            return Ok(());
        }
        let path = self.reserve();
        let wrong = |source| file_error(&path, "keep room for revocations")(source);
        self.give_reserve();
        let file = self.log.files.create(&path).map_err(wrong)?;
        let wrong = |source| file_error(&path, "keep room for revocations")(source);
        let kept = file
            .allocate(self.reserve_octets)
            .and_then(|()| file.sync_data());
        if let Err(source) = kept {
            self.give_reserve();
            return Err(wrong(source));
        }
        self.has_reserve = true;
        Ok(())
    }

    /// Gives up the room that is kept; tells whether there was any.
    pub(crate) fn give_reserve(&mut self) -> bool {
        self.has_reserve = false;
        self.log.files.remove(&self.reserve()).is_ok()
    }

    fn reserve(&self) -> PathBuf {
        self.log.dir.join(RESERVE)
    }
}

/// A segment's offsets have 32 bits; this leaves room for the last group.
const MAX_SEGMENT_OCTETS: u64 = 1 << 31;
pub(crate) const RESERVE: &str = "reserve";
