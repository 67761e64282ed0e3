//! A data directory under construction: it appears whole, or not at all.

mod leftovers;

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ca_store::files::{Files, SystemFiles};

pub(crate) use self::leftovers::Leftovers;
use self::leftovers::{LIST, list, remove_beside};
use crate::atomic::{
    AtomicWriteError, create_private_dir_by, parent_of, sync_dir_by, temporary_beside, write_new_by,
};
use crate::data_dir::DataDir;
use crate::lock::{DataDirLock, LockError};

/// A directory beside or inside the target; it is removed when it is dropped unfinished.
#[derive(Debug)]
pub(crate) struct Staging {
    files: Arc<dyn Files>,
    built: DataDir,
    target: PathBuf,
    place: Place,
    /// It moves with the directory.
    _lock: DataDirLock,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// The target is absent: one rename makes it.
    Beside,
    /// The target is an empty directory, maybe a mount point of another file system that no rename replaces.
    Inside,
}

/// Who fills a directory: it stands in the name of an unfinished directory inside the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Word {
    Init,
    Restore,
}

impl Word {
    fn as_str(self) -> &'static str {
        match self {
            Self::Init => "init",
            Self::Restore => "restore",
        }
    }

    /// Tells whether a name is that of an unfinished directory.
    fn begins(name: &OsStr) -> bool {
        let name = name.as_encoded_bytes();
        [Self::Init, Self::Restore]
            .iter()
            .any(|word| name.starts_with(format!(".{}.", word.as_str()).as_bytes()))
    }
}

impl Staging {
    /// Makes a directory to build in, with nothing but its lock; what a killed process left of it is removed.
    ///
    /// Whoever calls has seen that nothing else is there ([`Leftovers::of`]).
    pub(crate) fn begin<E: From<AtomicWriteError> + From<LockError>>(
        target: &Path,
        word: Word,
    ) -> Result<Self, E> {
        Self::begin_by(Arc::new(SystemFiles), target, word)
    }

    /// Makes a directory to build in by way of these files.
    pub(crate) fn begin_by<E: From<AtomicWriteError> + From<LockError>>(
        files: Arc<dyn Files>,
        target: &Path,
        word: Word,
    ) -> Result<Self, E> {
        let (path, place) = if target.is_dir() {
            let data = DataDir::new(target);
            let unread = |source| AtomicWriteError::new("look into", target, source);
            if let Some(left) = Leftovers::of(&data).map_err(unread)? {
                left.remove::<E>(&*files, &data)?;
            }
            let inside = temporary_beside(&target.join(word.as_str()));
            (inside, Place::Inside)
        } else {
            remove_beside(&*files, target);
            (temporary_beside(target), Place::Beside)
        };
        create_private_dir_by(&*files, &path)?;
        let built = DataDir::new(path);
        Ok(Self {
            files,
            _lock: DataDirLock::take(&built)?,
            built,
            target: target.to_owned(),
            place,
        })
    }

    /// Returns the directory to build in.
    pub(crate) fn data(&self) -> &DataDir {
        &self.built
    }

    /// Puts everything in place; the settings come last, and without them no server starts.
    ///
    /// Each step lasts before the next, so that a crash leaves nothing in place of which the list tells no more, and no
    /// settings without the rest.
    pub(crate) fn finish(self) -> Result<(), AtomicWriteError> {
        let (files, source) = (&*self.files, self.built.path());
        let wrong = |source| AtomicWriteError::new("put in place", &self.target, source);
        sync_dir_by(files, source)?;
        match self.place {
            Place::Beside => files.rename(source, &self.target).map_err(wrong)?,
            Place::Inside => {
                let paths = entries(source, &self.built.settings_file()).map_err(wrong)?;
                let names: Vec<&OsStr> = paths.iter().filter_map(|path| path.file_name()).collect();
                write_new_by(files, &source.join(LIST), &list(&names), 0o600)?;
                sync_dir_by(files, &self.target)?;
                move_entries(files, &paths, &self.target).map_err(wrong)?;
                sync_dir_by(files, &self.target)?;
                files.remove_dir_all(source).map_err(wrong)?;
            }
        }
        sync_dir_by(files, &self.target)?;
        sync_dir_by(files, parent_of(&self.target))
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // After `finish` there is nothing left to remove; before it, the cause is what is reported.
        drop(self.files.remove_dir_all(self.built.path()));
    }
}

/// Lists what is in a directory, `last` behind everything else.
fn entries(directory: &Path, last: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = fs::read_dir(directory)?
        .map(|entry| Ok(entry?.path()))
        .collect::<io::Result<Vec<PathBuf>>>()?;
    paths.sort_by_key(|path| (path == last, path.clone()));
    Ok(paths)
}

/// Moves all, and the last of them when the others are where they belong for good.
fn move_entries(files: &dyn Files, paths: &[PathBuf], to: &Path) -> io::Result<()> {
    let mut moved: Vec<PathBuf> = Vec::new();
    for path in paths {
        let target = to.join(path.file_name().unwrap_or_default());
        let others_last = if moved.len() + 1 == paths.len() {
            files.sync_dir(to)
        } else {
            Ok(())
        };
        if let Err(source) = others_last.and_then(|()| files.rename(path, &target)) {
            for (taken, home) in moved.iter().zip(paths) {
                // Back to where the drop of the staging removes it.
                drop(files.rename(taken, home));
            }
            return Err(source);
        }
        moved.push(target);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use ca_store::files::TracedFiles;

    use super::*;
    use crate::atomic::{create_private_dir, write_new};
    use crate::backup::BackupError;
    use crate::crash::{check_crashes, each_crash};

    fn names_in(dir: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(dir)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn begin(target: &Path) -> Staging {
        Staging::begin::<BackupError>(target, Word::Restore).unwrap()
    }

    fn build(staging: &Staging) {
        write_new(&staging.data().settings_file(), b"", 0o644).unwrap();
        create_private_dir(&staging.data().keys()).unwrap();
    }

    #[test]
    fn an_absent_target_appears_as_a_whole() {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("data");
        let staging = begin(&target);
        build(&staging);
        assert!(!target.exists());
        staging.finish().unwrap();
        assert_eq!(names_in(&target), ["ca-server.toml", "keys", "lock"]);
        assert_eq!(names_in(home.path()), ["data"]);
    }

    #[test]
    fn an_empty_target_is_filled_and_stays_the_same_directory() {
        use std::os::unix::fs::MetadataExt as _;

        let home = tempfile::tempdir().unwrap();
        let before = home.path().metadata().unwrap().ino();
        let staging = begin(home.path());
        build(&staging);
        staging.finish().unwrap();
        assert_eq!(names_in(home.path()), ["ca-server.toml", "keys", "lock"]);
        assert_eq!(home.path().metadata().unwrap().ino(), before);
    }

    #[test]
    fn what_is_not_finished_leaves_nothing() {
        let home = tempfile::tempdir().unwrap();
        let staging = begin(&home.path().join("data"));
        build(&staging);
        drop(staging);
        assert_eq!(names_in(home.path()), Vec::<String>::new());
    }

    const MOVED: [&str; 4] = ["keys", "lock", "log", "ca-server.toml"];

    /// What a process leaves that was killed when it had moved so many.
    fn left_by_a_killed(home: &Path, moved: usize) -> DataDir {
        let unfinished = home.join(".restore.1");
        create_private_dir(&unfinished).unwrap();
        for directory in ["keys", "log"] {
            create_private_dir(&unfinished.join(directory)).unwrap();
        }
        for file in ["lock", "ca-server.toml"] {
            write_new(&unfinished.join(file), b"", 0o644).unwrap();
        }
        let names: Vec<&OsStr> = MOVED.iter().map(OsStr::new).collect();
        write_new(&unfinished.join(LIST), &list(&names), 0o600).unwrap();
        for name in &MOVED[..moved] {
            fs::rename(unfinished.join(name), home.join(name)).unwrap();
        }
        DataDir::new(home)
    }

    #[test]
    fn what_a_killed_process_left_is_removed_unless_it_is_whole() {
        for moved in 0..=MOVED.len() {
            let home = tempfile::tempdir().unwrap();
            let data = left_by_a_killed(home.path(), moved);
            let is_whole = moved == MOVED.len();
            assert_eq!(Leftovers::of(&data).unwrap().is_none(), is_whole, "{moved}");
            if !is_whole {
                let staging = begin(home.path());
                build(&staging);
                staging.finish().unwrap();
                let names = names_in(home.path());
                assert_eq!(names, ["ca-server.toml", "keys", "lock"], "{moved}");
            }
        }
    }

    #[test]
    fn what_nobody_left_over_stays() {
        for (moved, name) in [(0, "keys"), (2, "note"), (3, ".other")] {
            let home = tempfile::tempdir().unwrap();
            let data = left_by_a_killed(home.path(), moved);
            create_private_dir(&home.path().join(name)).unwrap();
            assert!(Leftovers::of(&data).unwrap().is_none(), "{name}");
        }
        let home = tempfile::tempdir().unwrap();
        create_private_dir(&home.path().join("lost+found")).unwrap();
        let data = DataDir::new(home.path());
        assert!(Leftovers::of(&data).unwrap().is_some());
    }

    #[test]
    fn what_another_process_is_filling_is_refused() {
        for moved in [0, 2] {
            let home = tempfile::tempdir().unwrap();
            let data = left_by_a_killed(home.path(), moved);
            let lock = if moved == 0 { ".restore.1" } else { "" };
            let _running = DataDirLock::take(&DataDir::new(home.path().join(lock))).unwrap();
            let refused: Result<Staging, BackupError> = Staging::begin(home.path(), Word::Init);
            assert!(
                matches!(refused, Err(BackupError::Lock(_))),
                "{moved}: {refused:?}"
            );
            assert!(Leftovers::of(&data).unwrap().is_some(), "{moved}");
        }
    }

    const OTHERS: [&str; 3] = [
        ".data.01234567-89ab-cdef-0123-456789abcdef",
        ".data.old",
        ".database.0123456789abcdef0123456789abcdef",
    ];

    #[test]
    fn what_was_built_beside_is_removed_unless_somebody_is_at_work() {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("data");
        let left = temporary_beside(&target);
        create_private_dir(&left).unwrap();
        let at_work = DataDirLock::take(&DataDir::new(&left)).unwrap();
        for other in OTHERS {
            create_private_dir(&home.path().join(other)).unwrap();
        }
        drop(begin(&target));
        assert!(left.exists());
        drop(at_work);
        drop(begin(&target));
        assert!(!left.exists());
        assert_eq!(names_in(home.path()), OTHERS);
    }

    const CONTENT: &[u8] = b"what is in each of the files";

    /// Where a traced directory is filled: absent before, or empty.
    fn target_in(home: &Path, place: Place) -> PathBuf {
        let target = home.join("data");
        if place == Place::Inside {
            create_private_dir(&target).unwrap();
        }
        target
    }

    fn fill(files: &TracedFiles, target: &Path) {
        let traced = Arc::new(files.clone());
        let staging = Staging::begin_by::<BackupError>(traced, target, Word::Restore).unwrap();
        let data = staging.data();
        for folder in [data.keys(), data.crls()] {
            create_private_dir_by(files, &folder).unwrap();
            write_new_by(files, &folder.join("one"), CONTENT, 0o600).unwrap();
        }
        write_new_by(files, &data.settings_file(), CONTENT, 0o644).unwrap();
        staging.finish().unwrap();
    }

    fn judge(found: &Path, is_done: bool) -> Result<(), String> {
        let data = DataDir::new(found);
        let files = [
            data.settings_file(),
            data.keys().join("one"),
            data.crls().join("one"),
        ];
        if data.settings_file().exists() {
            let sound = |path: &PathBuf| fs::read(path).is_ok_and(|octets| octets == CONTENT);
            return match files.iter().find(|path| !sound(path)) {
                Some(path) => Err(format!("{} is not whole", path.display())),
                None => Ok(()),
            };
        }
        if is_done {
            return Err("the settings are gone".to_owned());
        }
        if found.exists() && Leftovers::of(&data).unwrap().is_none() {
            return Err(format!("what is left is not known: {:?}", names_in(found)));
        }
        Ok(())
    }

    fn fill_again(found: &Path) -> Result<(), String> {
        let staging = begin(found);
        build(&staging);
        staging.finish().map_err(|error| error.to_string())?;
        match names_in(found.parent().unwrap()).as_slice() {
            [_target] => Ok(()),
            more => Err(format!("{more:?} are there")),
        }
    }

    /// What is found is whole, or is known for unfinished.
    #[test]
    fn a_crash_at_any_point_leaves_it_whole_or_to_be_filled_again() {
        for place in [Place::Beside, Place::Inside] {
            check_crashes(50, &mut |files| {
                let home = tempfile::tempdir().unwrap();
                fill(&files, &target_in(home.path(), place));
                let prepare = |dir: &Path| drop(target_in(dir, place));
                each_crash(&files, (home.path(), 20), &prepare, &mut |found| {
                    let target = found.dir.join("data");
                    judge(&target, found.is_done)?;
                    let is_unfinished = !target.join("ca-server.toml").exists();
                    if found.number.is_multiple_of(16) && is_unfinished {
                        fill_again(&target)?;
                    }
                    Ok(())
                })
            });
        }
    }
}
