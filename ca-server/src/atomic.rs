//! Files that are there as a whole or not at all.

use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use ca_store::files::{self, Files, Sequential, SystemFiles};
use ca_types::{Code, Hinted, RequestId, SystemEntropy};

pub use ca_store::files::parent_of;

/// Writes a file, in the place of the one that may be there; a crash leaves the old or the new one.
///
/// # Errors
/// Fails when the file cannot be written; what was there stays then.
pub fn atomic_write(path: &Path, octets: &[u8], mode: u32) -> Result<(), AtomicWriteError> {
    atomic_write_by(&SystemFiles, path, octets, mode)
}

/// Writes a file by way of these files, in the place of the one that may be there.
pub(crate) fn atomic_write_by(
    files: &dyn Files,
    path: &Path,
    octets: &[u8],
    mode: u32,
) -> Result<(), AtomicWriteError> {
    files::replace(files, &temporary_beside(path), path, octets, mode)
        .map_err(|source| AtomicWriteError::new("write", path, source))
}

/// Writes a file that must not be there yet.
///
/// # Errors
/// Fails when something has this name, a dangling link included, or the file cannot be written.
pub fn write_new(path: &Path, octets: &[u8], mode: u32) -> Result<(), AtomicWriteError> {
    write_new_by(&SystemFiles, path, octets, mode)
}

/// Writes a new file by way of these files.
pub(crate) fn write_new_by(
    files: &dyn Files,
    path: &Path,
    octets: &[u8],
    mode: u32,
) -> Result<(), AtomicWriteError> {
    files::add(files, &temporary_beside(path), path, octets, mode)
        .map_err(|source| AtomicWriteError::new("write", path, source))
}

/// Writes a file of any length that must not be there yet, for its owner only: it is there as a whole or not at all.
///
/// # Errors
/// Fails when something has this name, `write` fails, or the file cannot be written.
pub fn write_whole<T, E: From<AtomicWriteError>>(
    path: &Path,
    write: impl FnOnce(&mut Sequential) -> Result<T, E>,
) -> Result<T, E> {
    write_whole_by(&SystemFiles, path, write)
}

/// Writes a new file of any length by way of these files.
pub(crate) fn write_whole_by<T, E: From<AtomicWriteError>>(
    files: &dyn Files,
    path: &Path,
    write: impl FnOnce(&mut Sequential) -> Result<T, E>,
) -> Result<T, E> {
    let wrong = |source| E::from(AtomicWriteError::new("write", path, source));
    let temporary = temporary_beside(path);
    let mut file = Sequential::new(files.create(&temporary).map_err(wrong)?);
    let written = write(&mut file).and_then(|written| {
        file.sync()
            .and_then(|()| files.link(&temporary, path))
            .map_err(wrong)?;
        Ok(written)
    });
    // It has its name now, or nobody needs it.
    drop(files.remove(&temporary));
    let written = written?;
    sync_dir_by(files, parent_of(path))?;
    Ok(written)
}

/// Makes a directory for its owner only; its parent must exist.
///
/// # Errors
/// Fails when something has this name, or the parent cannot be written.
pub fn create_private_dir(path: &Path) -> Result<(), AtomicWriteError> {
    create_private_dir_by(&SystemFiles, path)
}

/// Makes a directory by way of these files.
pub(crate) fn create_private_dir_by(
    files: &dyn Files,
    path: &Path,
) -> Result<(), AtomicWriteError> {
    files
        .create_dir(path)
        .map_err(|source| AtomicWriteError::new("make the directory", path, source))
}

/// Makes the names in a directory durable by way of these files.
pub(crate) fn sync_dir_by(files: &dyn Files, path: &Path) -> Result<(), AtomicWriteError> {
    files
        .sync_dir(path)
        .map_err(|source| AtomicWriteError::new("sync", path, source))
}

/// Draws a name beside `path` that nothing else has.
pub(crate) fn temporary_beside(path: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}", RequestId::generate(&mut SystemEntropy)));
    parent_of(path).join(name)
}

/// Tells whether a name was drawn for what was to become `path`.
pub(crate) fn is_temporary(name: &OsStr, path: &Path) -> bool {
    let name = name.to_str().and_then(|name| name.strip_prefix('.'));
    let target = path.file_name().and_then(OsStr::to_str);
    name.zip(target)
        .and_then(|(name, target)| name.strip_prefix(target)?.strip_prefix('.'))
        .is_some_and(|id| {
            id.parse::<RequestId>()
                .is_ok_and(|drawn| drawn.to_string() == id)
        })
}

/// Why a file was not written.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {}: {source}", path.display())]
pub struct AtomicWriteError {
    /// What was wanted.
    pub action: &'static str,
    /// The file.
    pub path: PathBuf,
    /// What the system said.
    pub source: io::Error,
}

impl AtomicWriteError {
    pub(crate) fn new(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self {
            action,
            path: path.to_owned(),
            source,
        }
    }
}

impl Hinted for AtomicWriteError {
    fn code(&self) -> Code {
        match self.source.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Code::ResourceExhausted,
            _ => Code::FailedPrecondition,
        }
    }

    fn hint(&self) -> Option<String> {
        let directory = parent_of(&self.path).display();
        match self.source.kind() {
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Some(format!(
                "run it as the user who owns {directory}, or choose another place"
            )),
            ErrorKind::NotADirectory => {
                Some("a part of the path is a file: choose another place".to_owned())
            }
            ErrorKind::NotFound => Some(format!("make the directory {directory} first")),
            ErrorKind::AlreadyExists => {
                Some("move away what is there; nothing is overwritten".to_owned())
            }
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
                Some("free some space, then repeat the command".to_owned())
            }
            _ => ca_store::hint_of(&self.source).map(str::to_owned),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write as _;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::crash::{check_crashes, each_crash};

    fn mode_of(path: &Path) -> u32 {
        path.metadata().unwrap().permissions().mode() & 0o777
    }

    fn names_in(dir: &Path) -> usize {
        fs::read_dir(dir).unwrap().count()
    }

    #[test]
    fn a_file_is_replaced_as_a_whole_with_its_mode() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.crl");
        atomic_write(&path, b"one", 0o644).unwrap();
        atomic_write(&path, b"two", 0o600).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!((mode_of(&path), names_in(dir.path())), (0o600, 1));
    }

    #[test]
    fn a_new_file_never_takes_the_place_of_another() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.key");
        write_new(&path, b"one", 0o600).unwrap();
        let refused = write_new(&path, b"two", 0o600).unwrap_err();
        assert_eq!(refused.source.kind(), ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"one");
        assert_eq!(names_in(dir.path()), 1, "the temporary file is gone");
    }

    #[test]
    fn a_place_that_cannot_be_written_is_named_with_a_hint() {
        let dir = tempfile::tempdir().unwrap();
        let error = atomic_write(&dir.path().join("absent/a"), b"x", 0o600).unwrap_err();
        assert!(error.to_string().starts_with("cannot write "), "{error}");
        assert!(
            error.hint().unwrap().contains("absent"),
            "{:?}",
            error.hint()
        );
    }

    const PIECES: [&[u8]; 2] = [b"the beginning of a backup, ", b"and its end"];

    #[test]
    fn a_crash_at_any_point_leaves_a_whole_file_or_none() {
        check_crashes(30, &mut |files| {
            let home = tempfile::tempdir().unwrap();
            write_whole_by(&files, &home.path().join("a.tar"), |file| {
                PIECES
                    .iter()
                    .for_each(|piece| file.write_all(piece).unwrap());
                Ok::<_, AtomicWriteError>(())
            })
            .unwrap();
            each_crash(
                &files,
                (home.path(), 40),
                &|_new| {},
                &mut |found| match fs::read(found.dir.join("a.tar")) {
                    Ok(octets) if octets == PIECES.concat() => Ok(()),
                    Err(_absent) if !found.is_done => Ok(()),
                    other => Err(format!("{other:?}")),
                },
            )
        });
    }
}
