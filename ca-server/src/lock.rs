//! One process at a time changes a data directory.

use std::fs::{File, TryLockError};
use std::io;
use std::path::PathBuf;

use ca_store::files::{FileLock, Files as _, SystemFiles};
use ca_types::{Code, Hinted};

use crate::data_dir::DataDir;

/// The lock on a data directory; it ends when it is dropped, and with the process, however that ends.
#[derive(Debug)]
pub struct DataDirLock {
    _lock: Box<dyn FileLock>,
}

impl DataDirLock {
    /// Takes the lock.
    ///
    /// # Errors
    /// Fails when another process, or another part of this one, holds it, and for a backup that was unpacked by hand.
    pub fn take(data: &DataDir) -> Result<Self, LockError> {
        if data.is_unpacked_backup() {
            return Err(LockError::NotRestored {
                data: data.path().to_owned(),
            });
        }
        match SystemFiles.lock(&data.lock_file()) {
            Ok(lock) => Ok(Self { _lock: lock }),
            Err(source) if source.kind() == io::ErrorKind::WouldBlock => Err(LockError::Held {
                data: data.path().to_owned(),
            }),
            Err(source) => Err(LockError::System {
                path: data.lock_file(),
                source,
            }),
        }
    }
}

/// Tells whether a process holds the lock, without taking it away from one that wants it.
pub fn is_held(data: &DataDir) -> bool {
    let Ok(file) = File::open(data.lock_file()) else {
        return false;
    };
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
}

/// Why a data directory is not ours.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// A server runs on it.
    #[error("{} is in use by another ca-server", data.display())]
    Held {
        /// The data directory.
        data: PathBuf,
    },
    /// A backup lies there as it came out of its tar.
    #[error("{} was taken out of a backup and never restored: what was revoked since would be valid again", data.display())]
    NotRestored {
        /// The data directory.
        data: PathBuf,
    },
    /// The system refused.
    #[error("cannot lock {}: {source}", path.display())]
    System {
        /// The lock file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Hinted for LockError {
    fn code(&self) -> Code {
        Code::FailedPrecondition
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Held { .. } => "stop that server first, or name another directory".to_owned(),
            Self::NotRestored { .. } => {
                "put the tar back: ca-server backup restore FILE --data DIR --published-crl FILE|URL"
                    .to_owned()
            }
            Self::System { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                "make the directory with `ca-server init --data DIR …`".to_owned()
            }
            Self::System { source, .. } => ca_store::hint_of(source)
                .unwrap_or("run it as the user who owns the data directory")
                .to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_holder_is_refused_until_the_first_lets_go() {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::new(dir.path());
        let first = DataDirLock::take(&data).unwrap();
        assert!(matches!(
            DataDirLock::take(&data),
            Err(LockError::Held { .. })
        ));
        drop(first);
        DataDirLock::take(&data).unwrap();
    }

    #[test]
    fn an_unpacked_backup_is_nobodys_to_change() {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::new(dir.path());
        std::fs::create_dir(dir.path().join("log")).unwrap();
        File::create(data.not_restored()).unwrap();
        let error = DataDirLock::take(&data).unwrap_err();
        assert!(error.hint().unwrap().contains("backup restore"), "{error}");
        assert!(!data.lock_file().exists());
    }

    #[test]
    fn an_absent_directory_says_how_to_make_one() {
        let error = DataDirLock::take(&DataDir::new("/nowhere/at/all")).unwrap_err();
        assert!(error.hint().unwrap().contains("init"), "{error}");
    }
}
