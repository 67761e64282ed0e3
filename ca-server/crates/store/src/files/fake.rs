//! Files that count, wait and fail as a test tells them.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::{FileLock, Files, LogFile, SystemFiles};

/// The system's files under a test's control; clones share it.
#[derive(Debug, Clone, Default)]
pub struct FakeFiles(Arc<Control>);

#[derive(Debug, Default)]
struct Control {
    reads: AtomicU64,
    writes: AtomicU64,
    syncs: AtomicU64,
    orders: Mutex<Orders>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Orders {
    syncs_wait: bool,
    waiting: usize,
    write_fault: Option<io::ErrorKind>,
    sync_fault: Option<io::ErrorKind>,
    /// How many octets can be written before the disk is full.
    room: Option<u64>,
    out_of_descriptors: bool,
}

/// How often each thing was done to files; syncs of directories count as syncs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Reads.
    pub reads: u64,
    /// Writes.
    pub writes: u64,
    /// Syncs that have begun.
    pub syncs: u64,
}

impl FakeFiles {
    /// Starts with files that work.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns what was done so far.
    pub fn counts(&self) -> Counts {
        Counts {
            reads: self.0.reads.load(Ordering::SeqCst),
            writes: self.0.writes.load(Ordering::SeqCst),
            syncs: self.0.syncs.load(Ordering::SeqCst),
        }
    }

    /// Lets every sync from now on wait.
    pub fn hold_syncs(&self) {
        self.0.orders().syncs_wait = true;
    }

    /// Blocks until a sync waits.
    pub fn wait_for_held_sync(&self) {
        let mut orders = self.0.orders();
        while orders.waiting == 0 {
            orders = self.0.wait(orders);
        }
    }

    /// Lets the waiting syncs, and all that follow, go on.
    pub fn release_syncs(&self) {
        self.0.orders().syncs_wait = false;
        self.0.changed.notify_all();
    }

    /// Lets every write fail, or none.
    pub fn fail_writes(&self, fault: Option<io::ErrorKind>) {
        self.0.orders().write_fault = fault;
    }

    /// Lets every sync fail, or none.
    pub fn fail_syncs(&self, fault: Option<io::ErrorKind>) {
        self.0.orders().sync_fault = fault;
    }

    /// Leaves room for so many octets; removing a file gives its octets back.
    pub fn leave_room(&self, octets: Option<u64>) {
        self.0.orders().room = octets;
    }

    /// Lets no file be made for want of a descriptor, or lets all be made.
    pub fn run_out_of_descriptors(&self, is_out: bool) {
        self.0.orders().out_of_descriptors = is_out;
    }

    fn wrap(&self, file: Arc<dyn LogFile>) -> Arc<dyn LogFile> {
        Arc::new(FakeFile {
            file,
            control: Arc::clone(&self.0),
        })
    }
}

impl Control {
    fn orders(&self) -> MutexGuard<'_, Orders> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'o>(&self, orders: MutexGuard<'o, Orders>) -> MutexGuard<'o, Orders> {
        self.changed
            .wait(orders)
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn sync(&self, sync: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        self.syncs.fetch_add(1, Ordering::SeqCst);
        let mut orders = self.orders();
        orders.waiting += 1;
        self.changed.notify_all();
        while orders.syncs_wait {
            orders = self.wait(orders);
        }
        orders.waiting -= 1;
        let fault = orders.sync_fault;
        drop(orders);
        fault.map_or_else(sync, |kind| Err(kind.into()))
    }
}

impl Files for FakeFiles {
    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        SystemFiles.create_dir(dir)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<OsString>> {
        SystemFiles.list(dir)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.0.sync(|| SystemFiles.sync_dir(dir))
    }

    fn create_as(&self, path: &Path, mode: u32) -> io::Result<Arc<dyn LogFile>> {
        if self.0.orders().out_of_descriptors {
            return Err(rustix::io::Errno::MFILE.into());
        }
        Ok(self.wrap(SystemFiles.create_as(path, mode)?))
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn LogFile>> {
        Ok(self.wrap(SystemFiles.open(path)?))
    }

    fn open_writable(&self, path: &Path) -> io::Result<Arc<dyn LogFile>> {
        Ok(self.wrap(SystemFiles.open_writable(path)?))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        SystemFiles.rename(from, to)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        SystemFiles.link(from, to)
    }

    fn remove_dir_all(&self, dir: &Path) -> io::Result<()> {
        SystemFiles.remove_dir_all(dir)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let octets = std::fs::metadata(path)?.len();
        SystemFiles.remove(path)?;
        if let Some(room) = &mut self.0.orders().room {
            *room += octets;
        }
        Ok(())
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn FileLock>> {
        SystemFiles.lock(path)
    }
}

#[derive(Debug)]
struct FakeFile {
    file: Arc<dyn LogFile>,
    control: Arc<Control>,
}

impl LogFile for FakeFile {
    fn read_at(&self, offset: u64, octets: &mut [u8]) -> io::Result<usize> {
        self.control.reads.fetch_add(1, Ordering::SeqCst);
        self.file.read_at(offset, octets)
    }

    fn write_at(&self, offset: u64, octets: &[u8]) -> io::Result<()> {
        self.control.writes.fetch_add(1, Ordering::SeqCst);
        let mut orders = self.control.orders();
        if let Some(kind) = orders.write_fault {
            return Err(kind.into());
        }
        if let Some(room) = &mut orders.room {
            let wanted = u64::try_from(octets.len()).unwrap_or(u64::MAX);
            let Some(rest) = room.checked_sub(wanted) else {
                // A full disk takes what it can.
                let part = octets.get(..octets.len() / 2).unwrap_or_default();
                drop(orders);
                self.file.write_at(offset, part)?;
                return Err(io::ErrorKind::StorageFull.into());
            };
            *room = rest;
        }
        drop(orders);
        self.file.write_at(offset, octets)
    }

    fn allocate(&self, octets: u64) -> io::Result<()> {
        self.control.writes.fetch_add(1, Ordering::SeqCst);
        let mut orders = self.control.orders();
        if let Some(kind) = orders.write_fault {
            return Err(kind.into());
        }
        if let Some(room) = &mut orders.room {
            *room = room
                .checked_sub(octets)
                .ok_or_else(|| io::Error::from(io::ErrorKind::StorageFull))?;
        }
        drop(orders);
        self.file.allocate(octets)
    }

    fn truncate(&self, octets: u64) -> io::Result<()> {
        self.file.truncate(octets)
    }

    fn octets(&self) -> io::Result<u64> {
        self.file.octets()
    }

    fn sync_data(&self) -> io::Result<()> {
        self.control.sync(|| self.file.sync_data())
    }
}
