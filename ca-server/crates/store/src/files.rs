//! The file seam: everything that is written below the data directory goes through it.

#[cfg(any(test, feature = "fake"))]
mod fake;
#[cfg(test)]
mod recorded;
#[cfg(any(test, feature = "fake"))]
mod traced;
mod whole;

use std::ffi::OsString;
use std::fmt;
use std::fs::{File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;

#[cfg(any(test, feature = "fake"))]
pub use fake::{Counts, FakeFiles};
#[cfg(test)]
pub(crate) use recorded::{Call, Fate, Fault, Lie, Random, RecordedFiles};
#[cfg(any(test, feature = "fake"))]
pub use traced::{Crash, LeftOut, TracedFiles};
pub use whole::{Sequential, add, parent_of, replace};

/// A file system as the log and the files beside it see it.
///
/// Names and contents are durable only after [`Files::sync_dir`] and [`LogFile::sync_data`]: what
/// lies between is what a crash may take away.
pub trait Files: fmt::Debug + Send + Sync {
    /// Makes a directory for the owner only; its parent must exist.
    ///
    /// # Errors
    /// Fails when the directory exists.
    fn create_dir(&self, dir: &Path) -> io::Result<()>;

    /// Lists the names in a directory, in no order.
    ///
    /// # Errors
    /// Fails when the directory cannot be read.
    fn list(&self, dir: &Path) -> io::Result<Vec<OsString>>;

    /// Makes the names in a directory durable.
    ///
    /// # Errors
    /// Fails when the system does.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;

    /// Makes a file that does not exist, for the owner only.
    ///
    /// # Errors
    /// Fails when the file exists.
    fn create(&self, path: &Path) -> io::Result<Arc<dyn LogFile>> {
        self.create_as(path, 0o600)
    }

    /// Makes a file that does not exist, with these rights whatever the umask says.
    ///
    /// # Errors
    /// Fails when the file exists.
    fn create_as(&self, path: &Path, mode: u32) -> io::Result<Arc<dyn LogFile>>;

    /// Opens a file for reading.
    ///
    /// # Errors
    /// Fails when the system does.
    fn open(&self, path: &Path) -> io::Result<Arc<dyn LogFile>>;

    /// Opens a file for reading and writing.
    ///
    /// # Errors
    /// Fails when the system does.
    fn open_writable(&self, path: &Path) -> io::Result<Arc<dyn LogFile>>;

    /// Gives a file or a directory another name.
    ///
    /// # Errors
    /// Fails when the system does.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Gives a file a second name.
    ///
    /// # Errors
    /// Fails when something has that name.
    fn link(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// Fails when the system does.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Removes a directory with all that is in it.
    ///
    /// # Errors
    /// Fails when the system does; a part may be gone then.
    fn remove_dir_all(&self, dir: &Path) -> io::Result<()>;

    /// Locks a file, which is made when it is absent, against every other process and opener.
    ///
    /// # Errors
    /// Fails with [`io::ErrorKind::WouldBlock`] when another holds the lock.
    fn lock(&self, path: &Path) -> io::Result<Box<dyn FileLock>>;
}

/// An open file.
pub trait LogFile: fmt::Debug + Send + Sync {
    /// Reads at `offset`; fewer octets than asked only at the end of the file.
    ///
    /// # Errors
    /// Fails when the system does.
    fn read_at(&self, offset: u64, octets: &mut [u8]) -> io::Result<usize>;

    /// Lets the system know that all of the file is read soon.
    ///
    /// # Errors
    /// Fails when the system takes no such hint.
    fn read_ahead(&self) -> io::Result<()> {
        Ok(())
    }

    /// Writes all octets at `offset`.
    ///
    /// # Errors
    /// Fails when the system does; some of the octets may be written then.
    fn write_at(&self, offset: u64, octets: &[u8]) -> io::Result<()>;

    /// Takes room for so many octets from the beginning of the file, whether anything is written there or not.
    ///
    /// # Errors
    /// Fails when the system does; some of the room may be taken then.
    fn allocate(&self, octets: u64) -> io::Result<()> {
        fill(&mut |at, piece| self.write_at(at, piece), octets)
    }

    /// Cuts the file.
    ///
    /// # Errors
    /// Fails when the system does.
    fn truncate(&self, octets: u64) -> io::Result<()>;

    /// Returns the length of the file in octets.
    ///
    /// # Errors
    /// Fails when the system does.
    fn octets(&self) -> io::Result<u64>;

    /// Makes content and length durable.
    ///
    /// # Errors
    /// Fails when the system does; what is durable is unknown then.
    fn sync_data(&self) -> io::Result<()>;
}

/// Writes so many octets: a file of zeros that was never written takes no room.
fn fill(write_at: &mut dyn FnMut(u64, &[u8]) -> io::Result<()>, octets: u64) -> io::Result<()> {
    let piece = vec![0xff; 1 << 16];
    let mut at = 0;
    while at < octets {
        let wanted = usize::try_from(octets - at).unwrap_or(usize::MAX);
        let part = piece.get(..wanted).unwrap_or(&piece);
        write_at(at, part)?;
        at += u64::try_from(part.len()).unwrap_or(octets);
    }
    Ok(())
}

/// A lock that ends when it is dropped.
pub trait FileLock: fmt::Debug + Send + Sync {}

/// The file system of the machine.
#[derive(Debug, Clone, Copy)]
pub struct SystemFiles;

impl Files for SystemFiles {
    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        std::fs::DirBuilder::new().mode(0o700).create(dir)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<OsString>> {
        std::fs::read_dir(dir)?
            .map(|entry| Ok(entry?.file_name()))
            .collect()
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        File::open(dir)?.sync_all()
    }

    fn create_as(&self, path: &Path, mode: u32) -> io::Result<Arc<dyn LogFile>> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true).mode(mode);
        let file = options.open(path)?;
        // The umask may have taken rights away that others need, as those on a public certificate.
        file.set_permissions(Permissions::from_mode(mode))?;
        Ok(Arc::new(SystemFile(file)))
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn LogFile>> {
        Ok(Arc::new(SystemFile(File::open(path)?)))
    }

    fn open_writable(&self, path: &Path) -> io::Result<Arc<dyn LogFile>> {
        let mut options = OpenOptions::new();
        Ok(Arc::new(SystemFile(
            options.read(true).write(true).open(path)?,
        )))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        std::fs::rename(from, to)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        std::fs::hard_link(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        std::fs::remove_file(path)
    }

    fn remove_dir_all(&self, dir: &Path) -> io::Result<()> {
        std::fs::remove_dir_all(dir)
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn FileLock>> {
        let mut options = OpenOptions::new();
        let file = options
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Box::new(SystemLock(file))),
            Err(TryLockError::WouldBlock) => Err(io::ErrorKind::WouldBlock.into()),
            Err(TryLockError::Error(source)) => Err(source),
        }
    }
}

#[derive(Debug)]
struct SystemFile(File);

impl LogFile for SystemFile {
    fn read_at(&self, offset: u64, octets: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        let mut at = offset;
        while let Some(rest) = octets.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.0.read_at(rest, at) {
                Ok(0) => break,
                Ok(count) => {
                    filled += count;
                    at = at.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
                }
                Err(source) if source.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => return Err(source),
            }
        }
        Ok(filled)
    }

    fn read_ahead(&self) -> io::Result<()> {
        use rustix::fs::{Advice, fadvise};
        Ok(fadvise(&self.0, 0, None, Advice::WillNeed)?)
    }

    fn write_at(&self, offset: u64, octets: &[u8]) -> io::Result<()> {
        self.0.write_all_at(octets, offset)
    }

    fn allocate(&self, octets: u64) -> io::Result<()> {
        use rustix::fs::{FallocateFlags, fallocate};
        match fallocate(&self.0, FallocateFlags::empty(), 0, octets) {
            Ok(()) => Ok(()),
            // Some file systems know no such thing.
            Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) => {
                fill(&mut |at, piece| self.write_at(at, piece), octets)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn truncate(&self, octets: u64) -> io::Result<()> {
        self.0.set_len(octets)
    }

    fn octets(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }
}

#[derive(Debug)]
struct SystemLock(File);

impl Drop for SystemLock {
    fn drop(&mut self) {
        // Closing the file ends the lock only when no child process that is just beginning has a copy of it; where the
        // call fails, it is as good as that.
        drop(self.0.unlock());
    }
}

impl FileLock for SystemLock {}
