//! What opening or reading a log found.

use std::fmt;
use std::path::PathBuf;

use ca_types::UnixTime;

use crate::TreeHead;

/// The identity of a log: drawn once, in every segment.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogId([u8; 16]);

impl LogId {
    /// Returns the 16 octets.
    pub fn octets(&self) -> &[u8; 16] {
        &self.0
    }
}

impl From<[u8; 16]> for LogId {
    fn from(octets: [u8; 16]) -> Self {
        Self(octets)
    }
}

impl fmt::Display for LogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl fmt::Debug for LogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LogId({self})")
    }
}

/// What [`crate::LogStore::open`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenReport {
    /// The log.
    pub log_id: LogId,
    /// How many leaves it has.
    pub leaves: u64,
    /// The end of the log that was cut off, if the last write was torn.
    pub torn: Option<TornTail>,
    /// What became of the index.
    pub index: IndexReport,
}

/// What became of the index when the store was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IndexReport {
    /// It was sound; so many leaves that it had not yet seen were applied.
    Used {
        /// How many leaves were applied.
        replayed: u64,
    },
    /// It was built anew from the log.
    Rebuilt {
        /// Why.
        reason: String,
    },
}

/// An end of the log that no acknowledged change needed: a write that a crash tore.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TornTail {
    /// The segment.
    pub segment: PathBuf,
    /// Where in the segment the torn record begins.
    pub offset: u64,
    /// How many octets lie behind.
    pub octets: u64,
    /// Where the octets were kept aside; none if the log was only read.
    pub kept: Option<PathBuf>,
}

/// What [`crate::inspect`] found in a log directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogReport {
    /// The log.
    pub log_id: LogId,
    /// How many segments it has.
    pub segments: usize,
    /// How many octets they have.
    pub octets: u64,
    /// The tree over all leaves.
    pub head: TreeHead,
    /// The time of the last entry.
    pub last_time: Option<UnixTime>,
    /// A torn end; beside a running server it may be a write under way.
    pub torn: Option<TornTail>,
}

/// How far opening has come, when it takes long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub step: OpenStep,
    /// How many leaves are done.
    pub done: u64,
    /// How many leaves there are.
    pub total: u64,
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let step = match self.step {
            OpenStep::Reading => "the index is read",
            OpenStep::Replaying => "the end of the log is read",
            OpenStep::Rebuilding => "the index is built anew from the log",
        };
        write!(f, "{step}: {} of {} leaves", self.done, self.total)
    }
}

/// The steps of opening.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenStep {
    /// The rows of the index are read into the tables.
    Reading,
    /// Leaves that the index has not seen are applied.
    Replaying,
    /// The index is built anew from the log.
    Rebuilding,
}

/// Whether a store takes changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Standing {
    /// It takes every change.
    #[default]
    Open,
    /// It takes what takes trust away, and nothing else until there is room again; why.
    Full(String),
    /// It takes nothing until a restart; why.
    Stopped(String),
}
