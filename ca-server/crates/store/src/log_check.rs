//! Reading the segments of a log as they stream by: a backup is proved without being put anywhere.

use std::io::{self, Read};
use std::path::Path;

use ca_types::{IssuerId, UnixTime};
use ca_verify::leaf_hash;

use crate::leaf_row::LeafRow;
use crate::log::{
    Found, HEADER_OCTETS, HeaderError, RECORD_HEADER_OCTETS, Record, Segment, SegmentHeader,
};
use crate::state::State;
use crate::{CrlRow, IssuerRow, LogId, StoreError, TreeHead};

/// A log that is read segment by segment, in order; every leaf is applied to tables, so that none contradicts another.
#[derive(Debug)]
pub struct LogCheck {
    state: State,
    last: Option<SegmentHeader>,
    last_time: Option<UnixTime>,
    /// An earlier tree, of which the root is wanted.
    earlier: Option<TreeHead>,
    wanted: Option<u64>,
}

impl LogCheck {
    /// Begins before the first segment.
    pub fn new() -> Self {
        Self {
            state: State::new(),
            last: None,
            last_time: None,
            earlier: None,
            wanted: None,
        }
    }

    /// Keeps the root that the tree has when it is so large; it must be told before the leaves are read.
    pub fn want_root_at(&mut self, size: u64) {
        self.wanted = Some(size);
        self.keep_root();
    }

    fn keep_root(&mut self) {
        if self.wanted == Some(self.state.frontier.size()) {
            self.earlier = Some(self.state.tree_head());
        }
    }

    /// Reads the next segment to the end of `input`; `path` names it in errors.
    ///
    /// # Errors
    /// Fails when anything in it is not what the log must hold there.
    pub fn segment(&mut self, path: &Path, input: &mut dyn Read) -> Result<(), StoreError> {
        let header = read_up_to(input, HEADER_OCTETS, path)?;
        let header = SegmentHeader::decode(&header).map_err(|fault| match fault {
            HeaderError::Format(_) | HeaderError::Magic => StoreError::Format {
                path: path.to_owned(),
                what: fault.to_string(),
            },
            HeaderError::Short(_) | HeaderError::Checksum => damaged(path, 0, fault.to_string()),
        })?;
        let segment = Segment {
            path: path.to_owned(),
            header,
        };
        segment.follows(&self.state.frontier)?;
        let is_next = match &self.last {
            None => header.previous == header.first_leaf,
            Some(last) => last.log_id == header.log_id && last.first_leaf == header.previous,
        };
        if !is_next {
            let what = "it does not belong behind the segment before".to_owned();
            return Err(damaged(path, 0, what));
        }
        let mut offset = length(HEADER_OCTETS);
        while let Some(octets) = self.record(&segment, offset, input)? {
            offset += octets;
        }
        self.last = Some(header);
        Ok(())
    }

    /// Reads one record; nothing at the end of the input, else how many octets it has.
    fn record(
        &mut self,
        segment: &Segment,
        offset: u64,
        input: &mut dyn Read,
    ) -> Result<Option<u64>, StoreError> {
        let path = segment.path.as_path();
        let mut octets = read_up_to(input, RECORD_HEADER_OCTETS, path)?;
        if octets.is_empty() {
            return Ok(None);
        }
        let broken = |what: String| damaged(path, offset, what);
        let wanted = Record::octets_wanted(&octets).map_err(|fault| broken(fault.to_string()))?;
        let more = wanted.saturating_sub(octets.len());
        octets.extend(read_up_to(input, more, path)?);
        let record = Record::decode(segment.header.log_id, &octets)
            .map_err(|fault| broken(fault.to_string()))?;
        if record.leaf != self.state.frontier.size() {
            return Err(broken(format!(
                "record of leaf {}, leaf {} must stand here",
                record.leaf,
                self.state.frontier.size()
            )));
        }
        let found = Found {
            leaf: record.leaf,
            offset: u32::try_from(offset).unwrap_or(u32::MAX),
            octets: record.octets,
            segment,
        };
        let entry = found.entry()?;
        let row = LeafRow::project(&entry).map_err(|error| found.damaged(error.to_string()))?;
        self.state
            .apply(&row, leaf_hash(record.octets))
            .map_err(|error| found.damaged(error.to_string()))?;
        self.last_time = Some(entry.time);
        self.keep_root();
        Ok(Some(length(octets.len())))
    }

    /// Returns the identity of the log; none before the first segment.
    pub fn log_id(&self) -> Option<LogId> {
        self.last.map(|header| header.log_id)
    }

    /// Returns the tree over all leaves that were read.
    pub fn head(&self) -> TreeHead {
        self.state.tree_head()
    }

    /// Returns the tree whose root was wanted; nothing when the log has not come so far.
    pub fn earlier(&self) -> Option<TreeHead> {
        self.earlier
    }

    /// Returns the statement about the key that signs checkpoints, as the last leaf about it has it.
    pub fn log_key(&self) -> Option<&str> {
        self.state.tables.log_key()
    }

    /// Returns the time of the last entry.
    pub fn last_time(&self) -> Option<UnixTime> {
        self.last_time
    }

    /// Lists the CAs.
    pub fn issuers(&self) -> Vec<IssuerRow> {
        self.state.tables.issuers()
    }

    /// Finds the last CRL of a CA.
    pub fn last_crl(&self, issuer: &IssuerId) -> Option<&CrlRow> {
        self.state.tables.last_crl(issuer)
    }
}

impl Default for LogCheck {
    fn default() -> Self {
        Self::new()
    }
}

fn read_up_to(input: &mut dyn Read, wanted: usize, path: &Path) -> Result<Vec<u8>, StoreError> {
    let mut octets = Vec::with_capacity(wanted);
    input
        .take(length(wanted))
        .read_to_end(&mut octets)
        .map_err(|source: io::Error| StoreError::File {
            path: path.to_owned(),
            action: "read the segment",
            source,
        })?;
    Ok(octets)
}

fn damaged(path: &Path, offset: u64, what: String) -> StoreError {
    StoreError::Damaged {
        path: path.to_owned(),
        offset,
        what,
    }
}

fn length(octets: usize) -> u64 {
    u64::try_from(octets).unwrap_or(u64::MAX)
}
