//! A data directory under construction: it appears whole, or not at all.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ca_store::files::{Files as _, SystemFiles};

use crate::atomic::{AtomicWriteError, create_private_dir, parent_of, sync_dir, temporary_beside};
use crate::data_dir::DataDir;

/// A directory beside or inside the target; it is removed when it is dropped unfinished.
#[derive(Debug)]
pub(crate) struct Staging {
    built: DataDir,
    target: PathBuf,
    place: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// The target is absent: one rename makes it.
    Beside,
    /// The target is an empty directory, maybe a mount point of another file system that no rename replaces.
    Inside,
}

impl Staging {
    /// Makes an empty directory to build in; `word` stands in its name when it lies inside the target.
    pub(crate) fn begin(target: &Path, word: &str) -> Result<Self, AtomicWriteError> {
        let (path, place) = if target.is_dir() {
            (temporary_beside(&target.join(word)), Place::Inside)
        } else {
            (temporary_beside(target), Place::Beside)
        };
        create_private_dir(&path)?;
        Ok(Self {
            built: DataDir::new(path),
            target: target.to_owned(),
            place,
        })
    }

    /// Returns the directory to build in.
    pub(crate) fn data(&self) -> &DataDir {
        &self.built
    }

    /// Puts everything in place; the settings come last, and without them no server starts.
    pub(crate) fn finish(self) -> Result<(), AtomicWriteError> {
        let source = self.built.path();
        let moved = match self.place {
            Place::Beside => SystemFiles.rename(source, &self.target),
            Place::Inside => move_entries(source, &self.target, &self.built.settings_file()),
        };
        moved.map_err(|source| AtomicWriteError::new("put in place", &self.target, source))?;
        sync_dir(&self.target)?;
        sync_dir(parent_of(&self.target))
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // After `finish` there is nothing left to remove; before it, the cause is what is reported.
        drop(SystemFiles.remove_dir_all(self.built.path()));
    }
}

fn move_entries(from: &Path, to: &Path, last: &Path) -> io::Result<()> {
    let mut paths = fs::read_dir(from)?
        .map(|entry| Ok(entry?.path()))
        .collect::<io::Result<Vec<PathBuf>>>()?;
    paths.sort_by_key(|path| path == last);
    let mut moved: Vec<PathBuf> = Vec::new();
    for path in &paths {
        let target = to.join(path.file_name().unwrap_or_default());
        if let Err(source) = SystemFiles.rename(path, &target) {
            for (taken, home) in moved.iter().zip(&paths) {
                // Back to where the drop of the staging removes it.
                drop(SystemFiles.rename(taken, home));
            }
            return Err(source);
        }
        moved.push(target);
    }
    SystemFiles.remove_dir_all(from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::atomic::write_new;

    fn names_in(dir: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(dir)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn build(staging: &Staging) {
        write_new(&staging.data().settings_file(), b"", 0o644).unwrap();
        create_private_dir(&staging.data().keys()).unwrap();
    }

    #[test]
    fn an_absent_target_appears_as_a_whole() {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("data");
        let staging = Staging::begin(&target, "test").unwrap();
        build(&staging);
        assert!(!target.exists());
        staging.finish().unwrap();
        assert_eq!(names_in(&target), ["ca-server.toml", "keys"]);
        assert_eq!(names_in(home.path()), ["data"]);
    }

    #[test]
    fn an_empty_target_is_filled_and_stays_the_same_directory() {
        use std::os::unix::fs::MetadataExt as _;

        let home = tempfile::tempdir().unwrap();
        let before = home.path().metadata().unwrap().ino();
        let staging = Staging::begin(home.path(), "test").unwrap();
        build(&staging);
        staging.finish().unwrap();
        assert_eq!(names_in(home.path()), ["ca-server.toml", "keys"]);
        assert_eq!(home.path().metadata().unwrap().ino(), before);
    }

    #[test]
    fn what_is_not_finished_leaves_nothing() {
        let home = tempfile::tempdir().unwrap();
        let staging = Staging::begin(&home.path().join("data"), "test").unwrap();
        build(&staging);
        drop(staging);
        assert_eq!(names_in(home.path()), Vec::<String>::new());
    }
}
