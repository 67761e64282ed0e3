//! Looking at an index without touching it: sled has no read-only mode, so a copy is opened.

use std::fs;
use std::path::{Path, PathBuf};

use ca_verify::{Frontier, leaf_hash};

use super::{Directories, Head, IndexError, config, guarded, head, pages};
use crate::StoreError;
use crate::files::{Files as _, SystemFiles};
use crate::inspect::read_log;
use crate::log::file_error;

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
}

/// Judges the index of a data directory by a copy in `scratch`, a directory that must not exist and is removed again.
///
/// # Errors
/// Fails when the log cannot be read, or the copy not be made.
pub fn inspect_index(dir: &Path, scratch: &Path) -> Result<IndexStanding, StoreError> {
    let Some(path) = Directories::list(&SystemFiles, dir)?.newest() else {
        return Ok(IndexStanding::Missing);
    };
    SystemFiles
        .create_dir(scratch)
        .map_err(file_error(scratch, "make a directory for a copy"))?;
    let _removed = Scratch(scratch.to_owned());
    copy(&path, scratch).map_err(file_error(&path, "copy the index"))?;
    match guarded(|| read(scratch)) {
        Ok(head) => against_log(dir, &head),
        Err(IndexError::Unusable(what)) => Ok(IndexStanding::Unusable(what)),
        Err(IndexError::InUse) => Ok(IndexStanding::Unusable("its copy is in use".to_owned())),
    }
}

/// Reads every row and the head of a copy.
fn read(path: &Path) -> Result<Head, IndexError> {
    let db = config(path).open()?;
    let head = head(&db)?;
    let mut reading = pages::Reading::default();
    for pair in pages::scan(&db) {
        let (place, octets) = pair?;
        reading.page(&place, &octets, &mut |_leaf, _offset, _row| Ok(()))?;
    }
    reading.end(head.frontier.size())?;
    Ok(head)
}

/// Compares the tree that the index has seen with the log as far as it goes.
fn against_log(dir: &Path, head: &Head) -> Result<IndexStanding, StoreError> {
    let leaves = head.frontier.size();
    let mut frontier = Frontier::new();
    let report = read_log(dir, &mut |leaf, entry| {
        if leaf < leaves {
            frontier.push(leaf_hash(&entry.to_der()?));
        }
        Ok(())
    })?;
    let unusable = |what: &str| Ok(IndexStanding::Unusable(what.to_owned()));
    if head.log_id != report.log_id {
        return unusable("it belongs to another log");
    }
    if leaves > report.head.size {
        return unusable("it is newer than the log");
    }
    if frontier.root() != head.frontier.root() {
        return unusable("it has seen other leaves than the log has");
    }
    Ok(IndexStanding::Sound { leaves })
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
