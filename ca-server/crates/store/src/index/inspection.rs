//! Comparing an index with its leaves without touching it: sled has no read-only mode, so a copy is opened.

use std::fs;
use std::path::{Path, PathBuf};

use ca_verify::{Entry, Frontier, leaf_hash};

use super::{Directories, Head, IndexError, config, guarded, head, pages};
use crate::files::{Files as _, SystemFiles};
use crate::leaf_row::LeafRow;
use crate::log::file_error;
use crate::seal::Rows;
use crate::{LeafReader, LogId, StoreError};

/// How an index stands to its log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IndexStanding {
    /// There is none: the next start builds it.
    Missing,
    /// It is sound, and has so many leaves.
    Sound {
        /// How many leaves it has; the next start adds the rest.
        leaves: u64,
    },
    /// It cannot be used: the next start builds it anew. Beside a running server a copy can be torn.
    Unusable(String),
    /// It can be read, and says other things than the leaves do: somebody wrote it who is no server.
    Contradicts(PathBuf),
}

/// An index whose rows are compared with the leaves of its log, from the first to the last.
#[derive(Debug)]
pub struct IndexInspection {
    path: PathBuf,
    read: Result<(Head, Rows), String>,
    frontier: Frontier,
    rows: Rows,
    /// Every leaf so far could be read.
    is_whole: bool,
}

/// What an index should have of a leaf; many threads can make them.
#[derive(Debug)]
pub struct IndexedLeaf {
    hash: [u8; 32],
    row: Option<Vec<u8>>,
}

impl IndexedLeaf {
    /// Makes the row of a leaf, of which the hash is known; there is none of a leaf that cannot be read.
    pub fn new(hash: [u8; 32], entry: Option<&Entry>) -> Self {
        let row = entry.and_then(|entry| LeafRow::project(entry).ok());
        Self {
            hash,
            row: row.map(|row| row.to_octets()),
        }
    }
}

impl IndexInspection {
    /// Reads the index of a data directory by a copy in `scratch`, a directory that must not exist and is removed again;
    /// nothing when there is no index.
    ///
    /// # Errors
    /// Fails when the copy cannot be made.
    pub fn begin(dir: &Path, scratch: &Path) -> Result<Option<Self>, StoreError> {
        let Some(path) = Directories::list(&SystemFiles, dir)?.newest() else {
            return Ok(None);
        };
        SystemFiles
            .create_dir(scratch)
            .map_err(file_error(scratch, "make a directory for a copy"))?;
        let _removed = Scratch(scratch.to_owned());
        copy(&path, scratch).map_err(file_error(&path, "copy the index"))?;
        let read = guarded(|| read(scratch)).map_err(|error| match error {
            IndexError::Unusable(what) => what,
            IndexError::InUse => "its copy is in use".to_owned(),
        });
        Ok(Some(Self {
            path,
            read,
            frontier: Frontier::new(),
            rows: Rows::default(),
            is_whole: true,
        }))
    }

    /// Takes in the next leaf.
    pub fn take(&mut self, leaf: IndexedLeaf) {
        let Ok((head, _rows)) = &self.read else {
            return;
        };
        if self.rows.leaves() < head.frontier.size() {
            self.frontier.push(leaf.hash);
            self.is_whole &= leaf.row.is_some();
            self.rows.push(&leaf.row.unwrap_or_default());
        }
    }

    /// Judges it, behind the last leaf.
    pub fn end(self, log_id: Option<LogId>) -> IndexStanding {
        let unusable = |what: &str| IndexStanding::Unusable(what.to_owned());
        let (head, rows) = match self.read {
            Ok(read) => read,
            Err(what) => return IndexStanding::Unusable(what),
        };
        let leaves = head.frontier.size();
        if Some(head.log_id) != log_id {
            return unusable("it belongs to another log");
        }
        if leaves > self.rows.leaves() {
            return unusable("it is newer than the log");
        }
        if self.frontier.root() != head.frontier.root() {
            return unusable("it has seen other leaves than the log has");
        }
        if !self.is_whole {
            return unusable("there are leaves that no row can be made of");
        }
        if self.rows.digest(head.log_id) != rows.digest(head.log_id) {
            return IndexStanding::Contradicts(self.path);
        }
        IndexStanding::Sound { leaves }
    }
}

/// Compares the index of a data directory with its log as [`IndexInspection`] does.
///
/// # Errors
/// Fails when the log cannot be read, or the copy not be made.
pub fn inspect_index(dir: &Path, scratch: &Path) -> Result<IndexStanding, StoreError> {
    let Some(mut inspection) = IndexInspection::begin(dir, scratch)? else {
        return Ok(IndexStanding::Missing);
    };
    let reader = LeafReader::open(dir)?;
    let digest = |octets: &[u8]| {
        let entry = Entry::from_der(octets).ok();
        IndexedLeaf::new(leaf_hash(octets), entry.as_ref())
    };
    reader.read(digest, &mut |leaf| inspection.take(leaf))?;
    Ok(inspection.end(reader.log_id()))
}

/// Reads the head and every row of a copy.
fn read(path: &Path) -> Result<(Head, Rows), IndexError> {
    let db = config(path).open()?;
    let head = head(&db)?;
    let mut reading = pages::Reading::default();
    for pair in pages::scan(&db) {
        let (place, octets) = pair?;
        reading.page(&place, &octets, &mut |_offset, _row| {})?;
    }
    let all = reading.end(head.frontier.size())?;
    Ok((head, all.rows))
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            SystemFiles.create_dir(&target)?;
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}

/// Removes the copy.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = SystemFiles.remove_dir_all(&self.0) {
            tracing::warn!(path = %self.0.display(), %error, "the copy of an index cannot be removed");
        }
    }
}
