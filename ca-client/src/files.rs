//! Reading and writing files: atomically, with the right mode, and never over something else.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use ca_types::{Code, Hinted, RequestId, SystemEntropy};

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Its owner: 0600.
    Private,
    /// Everyone, as far as the umask allows: 0644.
    Public,
}

impl Mode {
    /// Returns the mode that a file keeps when it is replaced; one that is not there is for everyone.
    pub(crate) fn kept(path: &Path) -> Self {
        if exists(path) && !is_readable_by_others(path) {
            Self::Private
        } else {
            Self::Public
        }
    }
}

/// What happens to a file that is there already with other content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Existing {
    /// It stays, and the write is refused.
    Keep,
    /// It is replaced.
    Replace,
}

impl Existing {
    /// Returns what `--force` asks for.
    pub(crate) fn forced(force: bool) -> Self {
        if force { Self::Replace } else { Self::Keep }
    }
}

/// Writes a file as a whole or not at all; identical content that is there already is left alone.
///
/// # Errors
/// Fails when another content is there and shall stay, or the file cannot be written.
pub(crate) fn write(
    path: &Path,
    octets: &[u8],
    mode: Mode,
    existing: Existing,
) -> Result<(), FileError> {
    if holds(path, octets, mode) {
        return Ok(());
    }
    if existing == Existing::Keep && exists(path) {
        return Err(FileError::Exists {
            path: path.to_owned(),
        });
    }
    let directory = directory_of(path);
    let temporary = directory.join(temporary_name(path));
    let written = write_new(&temporary, octets, mode)
        .and_then(|()| put_in_place(&temporary, path, existing))
        .and_then(|()| File::open(directory)?.sync_all());
    if let Err(source) = written {
        // The cause is reported; that the temporary file may be gone already is no further news.
        drop(fs::remove_file(&temporary));
        return Err(if source.kind() == ErrorKind::AlreadyExists {
            FileError::Exists {
                path: path.to_owned(),
            }
        } else {
            FileError::from_io("write", path, source)
        });
    }
    Ok(())
}

/// Keeps every other writer of the files of a directory that asks for it waiting, until it is dropped.
#[derive(Debug)]
#[must_use = "it is given back when it is dropped"]
pub(crate) struct Turn {
    _directory: File,
}

/// Waits until nobody else changes a file whose new content comes from the old one.
///
/// The directory is locked: the file itself is replaced by each writer, and its lock with it.
///
/// # Errors
/// Fails when the directory is absent or cannot be locked.
pub(crate) fn turn(path: &Path) -> Result<Turn, FileError> {
    let directory = directory_of(path);
    let lock = || {
        let file = File::open(directory)?;
        file.lock()?;
        Ok(Turn { _directory: file })
    };
    lock().map_err(|source| FileError::from_io("lock", directory, source))
}

/// Reads a file of at most 16 MiB.
///
/// # Errors
/// Fails when it is absent, unreadable or larger.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, FileError> {
    let read = || {
        let mut octets = Vec::new();
        File::open(path)?
            .take(LARGEST + 1)
            .read_to_end(&mut octets)?;
        Ok(octets)
    };
    let octets = read().map_err(|source| FileError::from_io("read", path, source))?;
    if u64::try_from(octets.len()).is_ok_and(|length| length <= LARGEST) {
        Ok(octets)
    } else {
        Err(FileError::TooLarge {
            path: path.to_owned(),
        })
    }
}

/// The directories that were made for what should come into them; those still empty are gone when it is dropped.
#[derive(Debug)]
#[must_use = "it removes empty directories when it is dropped"]
pub(crate) struct NewDirectories(Vec<PathBuf>);

impl Drop for NewDirectories {
    fn drop(&mut self) {
        for directory in &self.0 {
            // Only an empty one goes; that it has something in it is what was wanted.
            drop(fs::remove_dir(directory));
        }
    }
}

/// Makes a directory and those above it, as far as they are missing.
///
/// # Errors
/// Fails when it cannot be made, or something else has its name.
pub(crate) fn create_directory(path: &Path) -> Result<NewDirectories, FileError> {
    let missing = path
        .ancestors()
        .take_while(|above| !above.as_os_str().is_empty() && !exists(above));
    let new = NewDirectories(missing.map(Path::to_owned).collect());
    DirBuilder::new()
        .recursive(true)
        .mode(0o755)
        .create(path)
        .map_err(|source| FileError::from_io("make the directory", path, source))?;
    Ok(new)
}

/// Moves a file to another name in its directory, over what is there.
///
/// # Errors
/// Fails when the directory cannot be written.
pub(crate) fn replace(from: &Path, to: &Path) -> Result<(), FileError> {
    fs::rename(from, to)
        .and_then(|()| File::open(directory_of(to))?.sync_all())
        .map_err(|source| FileError::from_io("write", to, source))
}

/// Removes a file; one that is gone already is fine.
///
/// # Errors
/// Fails when the directory cannot be written.
pub(crate) fn remove(path: &Path) -> Result<(), FileError> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != ErrorKind::NotFound => {
            Err(FileError::from_io("remove", path, source))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Removes what killed writers of files `NAME.*` left in a directory: unfinished files, keys among them.
///
/// # Errors
/// Fails when the directory cannot be read or written.
pub(crate) fn remove_unfinished(directory: &Path, name: &str) -> Result<(), FileError> {
    let entries =
        fs::read_dir(directory).map_err(|source| FileError::from_io("read", directory, source))?;
    for entry in entries {
        let entry = entry.map_err(|source| FileError::from_io("read", directory, source))?;
        if is_temporary_of(&entry.file_name().to_string_lossy(), name) {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

fn is_temporary_of(file: &str, name: &str) -> bool {
    let rest = file
        .strip_prefix('.')
        .and_then(|rest| rest.strip_prefix(name));
    let Some((front, tail)) = rest.and_then(|rest| rest.rsplit_once('.')) else {
        return false;
    };
    ENDINGS.contains(&front)
        && tail.len() == 32
        && tail.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Tells whether something has this name, a dangling link included.
pub(crate) fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// Tells whether two names lead to one file.
pub(crate) fn is_same(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        (Ok(_) | Err(_), Ok(_) | Err(_)) => false,
    }
}

/// Tells whether others than the owner may read a file.
pub(crate) fn is_readable_by_others(path: &Path) -> bool {
    path.metadata()
        .is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
}

/// Tells whether a file has exactly this content, and no wider mode than wanted.
fn holds(path: &Path, octets: &[u8], mode: Mode) -> bool {
    let is_narrow = mode == Mode::Public || !is_readable_by_others(path);
    is_narrow && read(path).is_ok_and(|present| present == octets)
}

fn write_new(path: &Path, octets: &[u8], mode: Mode) -> io::Result<()> {
    let mode = match mode {
        Mode::Private => 0o600,
        Mode::Public => 0o644,
    };
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)?;
    file.write_all(octets)?;
    file.sync_all()
}

fn put_in_place(temporary: &Path, path: &Path, existing: Existing) -> io::Result<()> {
    match existing {
        Existing::Replace => fs::rename(temporary, path),
        // Unlike a rename, a hard link never takes the place of a file that came in between.
        Existing::Keep => match fs::hard_link(temporary, path) {
            Ok(()) => fs::remove_file(temporary),
            Err(source) if source.kind() == ErrorKind::AlreadyExists => Err(source),
            // A file system without hard links: the look beforehand has to do.
            Err(_) => fs::rename(temporary, path),
        },
    }
}

fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    }
}

fn temporary_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    format!(".{name}.{}", RequestId::generate(&mut SystemEntropy))
}

/// Why a file was not read or written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// Another content is there.
    #[error("{} is there already", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// Larger than anything this program reads.
    #[error("{} is larger than 16 MiB", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// The system refused.
    #[error("cannot {action} {}: {source}", path.display())]
    System {
        /// What was wanted.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl FileError {
    /// Tells whether nothing has the name.
    pub(crate) fn is_absent(&self) -> bool {
        matches!(self, Self::System { source, .. } if source.kind() == ErrorKind::NotFound)
    }

    fn from_io(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::System {
            action,
            path: path.to_owned(),
            source,
        }
    }
}

impl Hinted for FileError {
    fn code(&self) -> Code {
        match self {
            Self::Exists { .. } | Self::System { .. } => Code::FailedPrecondition,
            Self::TooLarge { .. } => Code::ResourceExhausted,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Exists { .. } => {
                Some("choose another place with --out, or replace it with --force".to_owned())
            }
            Self::TooLarge { .. } => {
                Some("no certificate, key or CRL is so large: look for the right file".to_owned())
            }
            Self::System { source, path, .. } => match source.kind() {
                ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Some(format!(
                    "check the rights on {}",
                    directory_of(path).display()
                )),
                ErrorKind::NotADirectory => {
                    Some("a part of the path is a file: choose a directory".to_owned())
                }
                ErrorKind::NotFound => Some(format!(
                    "look for it with `ls {}`; a path begins at the current directory",
                    directory_of(path).display()
                )),
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
                    Some("free some space, then repeat the command".to_owned())
                }
                ErrorKind::AlreadyExists => {
                    Some("something else has this name: choose another place".to_owned())
                }
                ErrorKind::IsADirectory => Some("name a file in the directory".to_owned()),
                _ => Some(format!(
                    "look at what {} is, and at the disk below it",
                    path.display()
                )),
            },
        }
    }
}

/// The endings of the files that belong to a NAME.
const ENDINGS: [&str; 5] = [".pem", ".key", ".key.next", ".p12", ".pending"];
const LARGEST: u64 = 16 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn mode_of(path: &Path) -> u32 {
        path.metadata().unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn keys_are_private_and_nothing_is_left_beside_them() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.key");
        write(&path, b"secret", Mode::Private, Existing::Keep).unwrap();
        assert_eq!(mode_of(&path), 0o600);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn new_directories_are_gone_unless_something_came_into_them() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a/b");
        drop(create_directory(&path).unwrap());
        assert!(!exists(&directory.path().join("a")));
        let new = create_directory(&path).unwrap();
        write(&path.join("x"), b"x", Mode::Public, Existing::Keep).unwrap();
        drop(new);
        assert!(exists(&path.join("x")));
        // One that was there before stays, empty or not.
        remove(&path.join("x")).unwrap();
        drop(create_directory(&path).unwrap());
        assert!(exists(&path));
    }

    #[test]
    fn another_content_stays_unless_it_shall_be_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.pem");
        write(&path, b"one", Mode::Public, Existing::Keep).unwrap();
        let refused = write(&path, b"two", Mode::Public, Existing::Keep).unwrap_err();
        assert!(matches!(refused, FileError::Exists { .. }), "{refused}");
        assert_eq!(read(&path).unwrap(), b"one");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
        write(&path, b"two", Mode::Public, Existing::Replace).unwrap();
        assert_eq!(read(&path).unwrap(), b"two");
    }

    #[test]
    fn identical_content_is_kept() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("chain.pem");
        write(&path, b"chain", Mode::Public, Existing::Keep).unwrap();
        let before = path.metadata().unwrap().modified().unwrap();
        write(&path, b"chain", Mode::Public, Existing::Keep).unwrap();
        assert_eq!(path.metadata().unwrap().modified().unwrap(), before);
    }

    #[test]
    fn what_a_killed_writer_left_is_cleared_away_for_its_name_only() {
        let directory = tempfile::tempdir().unwrap();
        let unfinished = temporary_name(Path::new("a.example.key"));
        let others = [
            temporary_name(Path::new("b.a.example.key")),
            ".a.example.key".to_owned(),
            "a.example.key".to_owned(),
        ];
        for file in others.iter().chain([&unfinished]) {
            write(
                &directory.path().join(file),
                b"x",
                Mode::Private,
                Existing::Keep,
            )
            .unwrap();
        }
        remove_unfinished(directory.path(), "a.example").unwrap();
        let is_there = |file: &String| exists(&directory.path().join(file));
        assert!(!is_there(&unfinished));
        assert_eq!(others.iter().filter(|file| is_there(file)).count(), 3);
    }

    #[test]
    fn a_dangling_link_is_not_followed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.key");
        let target = directory.path().join("elsewhere");
        std::os::unix::fs::symlink(&target, &path).unwrap();
        let refused = write(&path, b"secret", Mode::Private, Existing::Keep).unwrap_err();
        assert!(matches!(refused, FileError::Exists { .. }), "{refused}");
        assert!(!target.exists());
    }

    #[test]
    fn a_place_that_cannot_be_written_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        write(&file, b"x", Mode::Public, Existing::Keep).unwrap();
        let error = write(&file.join("a.key"), b"k", Mode::Private, Existing::Keep).unwrap_err();
        assert!(error.to_string().starts_with("cannot write "), "{error}");
        assert!(error.hint().is_some());
    }
}
