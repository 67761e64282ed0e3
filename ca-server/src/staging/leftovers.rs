//! What a killed process left in a directory that it was filling.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use ca_store::files::{Files, SystemFiles};

use super::Word;
use crate::atomic::{AtomicWriteError, is_temporary, parent_of, sync_dir_by};
use crate::data_dir::DataDir;
use crate::lock::{self, DataDirLock, LockError};

/// Unfinished directories, and what had been moved out of them to where it belongs.
///
/// The settings are moved last: where they are, everything is, and nothing is left over.
#[derive(Debug, Default)]
pub(crate) struct Leftovers {
    unfinished: Vec<PathBuf>,
    moved: Vec<PathBuf>,
}

impl Leftovers {
    /// Looks at a directory that is to be filled; none when anything else is in it.
    pub(crate) fn of(target: &DataDir) -> io::Result<Option<Self>> {
        let names = SystemFiles.list(target.path())?;
        let mut left = Self::default();
        let mut listed = BTreeSet::new();
        for name in names.iter().filter(|name| Word::begins(name)) {
            let unfinished = target.path().join(name);
            listed.extend(moved_from(&unfinished)?);
            left.unfinished.push(unfinished);
        }
        for name in names {
            let path = target.path().join(&name);
            if listed.contains(&name) && path != target.settings_file() {
                left.moved.push(path);
            } else if !Word::begins(&name) && name != VOLUME {
                return Ok(None);
            }
        }
        Ok(Some(left))
    }

    /// Removes everything; what was moved goes first, so that a killed removal can be repeated.
    pub(super) fn remove<E: From<AtomicWriteError> + From<LockError>>(
        self,
        files: &dyn Files,
        target: &DataDir,
    ) -> Result<(), E> {
        let mut alone = Vec::new();
        for path in &self.unfinished {
            alone.push(DataDirLock::take(&DataDir::new(path))?);
        }
        // Its lock moves too.
        if !self.unfinished.is_empty() && lock::is_held(target) {
            let data = target.path().to_owned();
            return Err(LockError::Held { data }.into());
        }
        for paths in [&self.moved, &self.unfinished] {
            for path in paths {
                let removed = if path.is_dir() {
                    files.remove_dir_all(path)
                } else {
                    files.remove(path)
                };
                removed.map_err(|source| AtomicWriteError::new("remove", path, source))?;
            }
            // What was moved is gone for good before its list is.
            if !paths.is_empty() {
                sync_dir_by(files, target.path())?;
            }
        }
        drop(alone);
        Ok(())
    }
}

/// Removes what killed processes were building beside a target that is absent.
///
/// Whoever is at work there holds its lock; what is somebody else's or cannot be removed stands in nobody's way.
pub(super) fn remove_beside(files: &dyn Files, target: &Path) {
    let parent = parent_of(target);
    for name in files.list(parent).unwrap_or_default() {
        let path = parent.join(&name);
        let is_directory = path.symlink_metadata().is_ok_and(|found| found.is_dir());
        if !is_directory || !is_temporary(&name, target) {
            continue;
        }
        if let Ok(_alone) = DataDirLock::take(&DataDir::new(&path))
            && let Err(error) = files.remove_dir_all(&path)
        {
            tracing::warn!(path = %path.display(), %error, "what a killed process left cannot be removed");
        }
    }
}

/// Writes down what is moved out of an unfinished directory, before anything is.
pub(super) fn list(names: &[&OsStr]) -> Vec<u8> {
    let lines = names.iter().map(|name| name.as_encoded_bytes());
    lines.collect::<Vec<_>>().join(&b'\n')
}

/// Returns what was moved out of an unfinished directory.
fn moved_from(unfinished: &Path) -> io::Result<BTreeSet<OsString>> {
    let text = match fs::read_to_string(unfinished.join(LIST)) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(BTreeSet::new());
        }
        read => read?,
    };
    let is_gone = |name: &&str| *name == LOCK || !unfinished.join(name).exists();
    Ok(text.lines().filter(is_gone).map(OsString::from).collect())
}

/// The names of what is moved, a line each, in an unfinished directory.
pub(super) const LIST: &str = "moving";
/// Whoever removes an unfinished directory locks it, and may make this anew.
const LOCK: &str = "lock";
/// Every ext4 volume is born with one.
const VOLUME: &str = "lost+found";
