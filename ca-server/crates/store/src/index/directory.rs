//! The directories of the index: `DIR/index-<n>`, the highest number counts.

use std::path::{Path, PathBuf};

use crate::StoreError;
use crate::files::{Files, SystemFiles};
use crate::log::file_error;

/// The directories that are there, by number.
#[derive(Debug)]
pub(crate) struct Directories {
    dir: PathBuf,
    numbers: Vec<u64>,
}

impl Directories {
    pub(crate) fn list(files: &dyn Files, dir: &Path) -> Result<Self, StoreError> {
        let names = files
            .list(dir)
            .map_err(file_error(dir, "read the data directory"))?;
        let mut numbers: Vec<u64> = names
            .iter()
            .filter_map(|name| number(name.to_str()?))
            .collect();
        numbers.sort_unstable();
        Ok(Self {
            dir: dir.to_owned(),
            numbers,
        })
    }

    /// Returns the directory in use.
    pub(crate) fn newest(&self) -> Option<PathBuf> {
        self.numbers.last().map(|number| self.path(*number))
    }

    /// Returns the directory for an index that is built anew.
    pub(crate) fn next(&mut self) -> PathBuf {
        let number = self.numbers.last().map_or(1, |last| last.saturating_add(1));
        self.numbers.push(number);
        self.path(number)
    }

    /// Removes all but the newest.
    pub(crate) fn remove_old(&self) {
        let old = self
            .numbers
            .split_last()
            .map_or(&[][..], |(_newest, old)| old);
        for number in old {
            let path = self.path(*number);
            if let Err(error) = SystemFiles.remove_dir_all(&path) {
                tracing::warn!(path = %path.display(), %error, "an old index cannot be removed");
            }
        }
    }

    fn path(&self, number: u64) -> PathBuf {
        self.dir.join(format!("index-{number}"))
    }
}

fn number(name: &str) -> Option<u64> {
    let digits = name.strip_prefix("index-")?;
    let is_ours = !digits.starts_with('0') && digits.bytes().all(|digit| digit.is_ascii_digit());
    is_ours.then(|| digits.parse().ok()).flatten()
}
