//! Files in memory that record every call, and give back what a crash after any of them may leave.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest as _, Sha256};

use super::{FileLock, Files, LogFile};

/// A file system in memory; clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct RecordedFiles(Arc<Mutex<Disk>>);

#[derive(Debug, Default)]
struct Disk {
    /// What was there, durably, before the first step.
    before: Tree,
    now: Tree,
    steps: Vec<Step>,
    /// How many calls have come that change something.
    calls: usize,
    fault: Option<Fault>,
    hit: Option<Hit>,
    lie: Option<Lie>,
    /// A file whose sync was answered and is not done yet.
    late: Option<usize>,
}

#[derive(Debug, Clone, Default)]
struct Tree {
    dirs: BTreeSet<PathBuf>,
    names: BTreeMap<PathBuf, usize>,
    contents: Vec<Vec<u8>>,
}

/// The call that fails, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fault {
    pub(crate) call: usize,
    pub(crate) errno: i32,
    /// Whether every later call of its kind fails too.
    pub(crate) lasts: bool,
}

/// The first call that has failed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hit {
    pub(crate) kind: Call,
    /// After how many steps it came.
    pub(crate) steps: usize,
}

/// What kind of call may fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Call {
    Write,
    Sync,
    /// Of a name, or the length of a file.
    Other,
}

/// A sync that tells that it was done, and was not, or not yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lie {
    OfFiles,
    OfDirectories,
    /// That of a file is done when the next call comes: whoever is answered by then was not waited for.
    Late,
}

/// A call that changed something, or made changes durable.
#[derive(Debug, Clone)]
enum Step {
    MakeDir(PathBuf),
    Create(PathBuf, usize),
    Write(usize, u64, Vec<u8>),
    Truncate(usize, u64),
    Sync(usize),
    /// A sync that failed: the system takes for written what is not on the disk.
    NotSynced(usize),
    Rename(PathBuf, PathBuf),
    Link(PathBuf, PathBuf),
    Remove(PathBuf),
    SyncDir(PathBuf),
}

/// What a crash makes of a change that was not durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Kept,
    Dropped,
    /// The length was kept, and zeros stand there.
    Zeros,
    /// Of the sectors of 512 octets those whose bit is set were written.
    Torn(u128),
}

const SECTOR: u64 = 512;

impl Step {
    /// Tells whether this step makes `earlier` durable.
    fn settles(&self, earlier: &Self) -> bool {
        let (file, dir) = match earlier {
            Self::Write(file, ..) | Self::Truncate(file, _) => (Some(*file), None),
            Self::MakeDir(path)
            | Self::Create(path, _)
            | Self::Rename(_, path)
            | Self::Link(_, path)
            | Self::Remove(path) => (None, path.parent()),
            Self::Sync(_) | Self::NotSynced(_) | Self::SyncDir(_) => return true,
        };
        match self {
            Self::Sync(synced) => file == Some(*synced),
            Self::SyncDir(synced) => dir == Some(synced.as_path()),
            Self::MakeDir(_)
            | Self::Create(..)
            | Self::Write(..)
            | Self::Truncate(..)
            | Self::NotSynced(_)
            | Self::Rename(..)
            | Self::Link(..)
            | Self::Remove(_) => false,
        }
    }

    /// Tells whether it is durable after these steps, of which it is the first.
    fn is_settled(&self, steps: &[Self]) -> bool {
        let forgotten = |later: &&Self| matches!((self, later), (Self::Write(file, ..), Self::NotSynced(failed)) if file == failed);
        let until = steps.iter().take_while(|later| !forgotten(later));
        until.into_iter().any(|later| later.settles(self))
    }

    /// Lists what a crash may make of it: every subset of sectors of a short write, some of a long one.
    fn fates(&self, random: &mut Random) -> Vec<Fate> {
        let Self::Write(_, offset, octets) = self else {
            return vec![Fate::Kept, Fate::Dropped];
        };
        let sectors = sectors(*offset, octets.len());
        let mut fates = vec![Fate::Kept, Fate::Dropped, Fate::Zeros];
        if sectors <= 11 {
            fates.extend((1..(1_u128 << sectors) - 1).map(Fate::Torn));
        } else {
            fates.extend((0..sectors.min(127)).map(|sector| Fate::Torn(!(1 << sector))));
            fates.extend((0..1_000).map(|_draw| Fate::Torn(random.mask())));
        }
        fates
    }
}

fn sectors(offset: u64, octets: usize) -> u64 {
    let end = offset + u64::try_from(octets).unwrap();
    end.div_ceil(SECTOR) - offset / SECTOR
}

impl Tree {
    fn apply(&mut self, step: &Step, fate: Fate) {
        if fate == Fate::Dropped {
            return;
        }
        match step {
            Step::MakeDir(path) => {
                self.dirs.insert(path.clone());
            }
            Step::Create(path, file) => {
                self.names.insert(path.clone(), *file);
            }
            Step::Write(file, offset, octets) => self.write(*file, *offset, octets, fate),
            Step::Truncate(file, octets) => {
                self.contents[*file].resize(usize::try_from(*octets).unwrap(), 0);
            }
            Step::Rename(from, to) => {
                if let Some(file) = self.names.remove(from) {
                    self.names.insert(to.clone(), file);
                }
            }
            Step::Link(from, to) => {
                if let Some(file) = self.names.get(from).copied() {
                    self.names.insert(to.clone(), file);
                }
            }
            Step::Remove(path) => {
                self.names.remove(path);
            }
            Step::Sync(_) | Step::NotSynced(_) | Step::SyncDir(_) => {}
        }
    }

    fn write(&mut self, file: usize, offset: u64, octets: &[u8], fate: Fate) {
        let content = &mut self.contents[file];
        let begin = usize::try_from(offset).unwrap();
        let end = begin + octets.len();
        if fate == Fate::Zeros {
            content.resize(content.len().max(end), 0);
            return;
        }
        let mut at = begin;
        while at < end {
            let sector = u64::try_from(at).unwrap() / SECTOR;
            let behind = usize::try_from((sector + 1) * SECTOR).unwrap().min(end);
            let bit = (sector - offset / SECTOR).min(127);
            let is_kept = match fate {
                Fate::Kept => true,
                Fate::Dropped | Fate::Zeros => false,
                Fate::Torn(mask) => mask >> bit & 1 == 1,
            };
            if is_kept {
                content.resize(content.len().max(behind), 0);
                content[at..behind].copy_from_slice(&octets[at - begin..behind - begin]);
            }
            at = behind;
        }
    }

    fn find(&self, path: &Path) -> io::Result<usize> {
        let file = self.names.get(path).copied();
        file.ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Disk {
    /// Counts a call and fails it when it is its turn.
    fn call(&mut self, kind: Call) -> io::Result<()> {
        if let Some(file) = self.late.take() {
            self.take(Step::Sync(file));
        }
        let call = self.calls;
        self.calls += 1;
        let Some(fault) = self.fault else {
            return Ok(());
        };
        if fault.call == call {
            let steps = self.steps.len();
            self.hit = Some(Hit { kind, steps });
        } else if !fault.lasts || self.hit.is_none_or(|hit| hit.kind != kind) {
            return Ok(());
        }
        Err(io::Error::from_raw_os_error(fault.errno))
    }

    fn take(&mut self, step: Step) {
        self.now.apply(&step, Fate::Kept);
        self.steps.push(step);
    }
}

impl RecordedFiles {
    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns how many steps were taken.
    pub(crate) fn steps(&self) -> usize {
        self.disk().steps.len()
    }

    /// Returns how many calls have come that change something.
    pub(crate) fn calls(&self) -> usize {
        self.disk().calls
    }

    /// Lets a call fail.
    pub(crate) fn fail(&self, fault: Option<Fault>) {
        self.disk().fault = fault;
    }

    /// Returns the first call that has failed.
    pub(crate) fn hit(&self) -> Option<Hit> {
        self.disk().hit
    }

    /// Lets syncs lie from now on.
    pub(crate) fn lie(&self, lie: Lie) {
        self.disk().lie = Some(lie);
    }

    /// Lists what a crash after `steps` steps may leave: for each step that was not durable, its fate.
    ///
    /// All combinations when there are few, else `most` of them, each once, the plain ones first.
    pub(crate) fn crashes(
        &self,
        steps: usize,
        most: usize,
        random: &mut Random,
    ) -> Vec<BTreeMap<usize, Fate>> {
        let disk = self.disk();
        let taken = &disk.steps[..steps];
        let open: Vec<(usize, Vec<Fate>)> = taken
            .iter()
            .enumerate()
            .filter(|(place, step)| !step.is_settled(&taken[*place..]))
            .map(|(place, step)| (place, step.fates(random)))
            .collect();
        let all: usize = open
            .iter()
            .map(|(_place, fates)| fates.len())
            .fold(1, usize::saturating_mul);
        let choose = |mut number: usize| -> BTreeMap<usize, Fate> {
            let pick = |(place, fates): &(usize, Vec<Fate>)| {
                let fate = fates[number % fates.len()];
                number /= fates.len();
                (*place, fate)
            };
            open.iter().map(pick).collect()
        };
        if all <= most {
            return (0..all).map(choose).collect();
        }
        // 0 keeps everything; the last of all two-way choices drops everything.
        let mut chosen = vec![choose(0)];
        let dropped = open.iter().map(|(place, _fates)| (*place, Fate::Dropped));
        chosen.push(dropped.collect());
        let mut drawn = BTreeSet::from([0]);
        while chosen.len() < most {
            let number = random.below(all);
            if drawn.insert(number) {
                chosen.push(choose(number));
            }
        }
        chosen
    }

    /// Returns a hash over all names and contents: two states that differ in nothing have the same.
    pub(crate) fn digest(&self) -> [u8; 32] {
        let disk = self.disk();
        let mut hasher = Sha256::new();
        for (path, file) in &disk.now.names {
            for part in [
                path.as_os_str().as_encoded_bytes(),
                &disk.now.contents[*file],
            ] {
                hasher.update(u64::try_from(part.len()).unwrap().to_be_bytes());
                hasher.update(part);
            }
        }
        hasher.finalize().into()
    }

    /// Returns the file system as a process finds it that starts after another was killed after so many steps.
    pub(crate) fn killed(&self, steps: usize) -> Self {
        let disk = self.disk();
        let mut now = disk.before.clone();
        now.contents.resize(disk.now.contents.len(), Vec::new());
        for step in &disk.steps[..steps] {
            now.apply(step, Fate::Kept);
        }
        Self(Arc::new(Mutex::new(Disk {
            before: disk.before.clone(),
            now,
            steps: disk.steps[..steps].to_vec(),
            ..Disk::default()
        })))
    }

    /// Returns the file system as it is after a crash.
    pub(crate) fn crashed(&self, steps: usize, fates: &BTreeMap<usize, Fate>) -> Self {
        let disk = self.disk();
        let mut after = disk.before.clone();
        after.contents.resize(disk.now.contents.len(), Vec::new());
        for (place, step) in disk.steps[..steps].iter().enumerate() {
            after.apply(step, fates.get(&place).copied().unwrap_or(Fate::Kept));
        }
        Self(Arc::new(Mutex::new(Disk {
            before: after.clone(),
            now: after,
            ..Disk::default()
        })))
    }

    fn open_file(&self, path: &Path) -> io::Result<Arc<dyn LogFile>> {
        let number = self.disk().now.find(path)?;
        Ok(Arc::new(RecordedFile {
            files: self.clone(),
            number,
        }))
    }
}

impl Files for RecordedFiles {
    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        let mut disk = self.disk();
        disk.call(Call::Other)?;
        disk.take(Step::MakeDir(dir.to_owned()));
        Ok(())
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<OsString>> {
        let disk = self.disk();
        let paths = disk.now.names.keys().chain(&disk.now.dirs);
        let inside = paths.filter(|path| path.parent() == Some(dir));
        Ok(inside
            .filter_map(|path| path.file_name())
            .map(OsString::from)
            .collect())
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        let mut disk = self.disk();
        disk.call(Call::Sync)?;
        if disk.lie != Some(Lie::OfDirectories) {
            disk.take(Step::SyncDir(dir.to_owned()));
        }
        Ok(())
    }

    fn create_as(&self, path: &Path, _mode: u32) -> io::Result<Arc<dyn LogFile>> {
        let mut disk = self.disk();
        disk.call(Call::Other)?;
        if disk.now.names.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let number = disk.now.contents.len();
        disk.now.contents.push(Vec::new());
        disk.take(Step::Create(path.to_owned(), number));
        drop(disk);
        self.open_file(path)
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn LogFile>> {
        self.open_file(path)
    }

    fn open_writable(&self, path: &Path) -> io::Result<Arc<dyn LogFile>> {
        self.open_file(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut disk = self.disk();
        disk.call(Call::Other)?;
        disk.now.find(from)?;
        disk.take(Step::Rename(from.to_owned(), to.to_owned()));
        Ok(())
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut disk = self.disk();
        disk.call(Call::Other)?;
        disk.now.find(from)?;
        if disk.now.names.contains_key(to) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        disk.take(Step::Link(from.to_owned(), to.to_owned()));
        Ok(())
    }

    /// Nothing that is tried out here removes a directory.
    fn remove_dir_all(&self, _dir: &Path) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut disk = self.disk();
        disk.now.find(path)?;
        disk.call(Call::Other)?;
        disk.take(Step::Remove(path.to_owned()));
        Ok(())
    }

    fn lock(&self, _path: &Path) -> io::Result<Box<dyn FileLock>> {
        Ok(Box::new(Unlocked))
    }
}

#[derive(Debug)]
struct Unlocked;

impl FileLock for Unlocked {}

#[derive(Debug)]
struct RecordedFile {
    files: RecordedFiles,
    number: usize,
}

impl LogFile for RecordedFile {
    fn read_at(&self, offset: u64, octets: &mut [u8]) -> io::Result<usize> {
        let disk = self.files.disk();
        let content = &disk.now.contents[self.number];
        let begin = usize::try_from(offset).unwrap().min(content.len());
        let count = octets.len().min(content.len() - begin);
        octets[..count].copy_from_slice(&content[begin..begin + count]);
        Ok(count)
    }

    fn write_at(&self, offset: u64, octets: &[u8]) -> io::Result<()> {
        let mut disk = self.files.disk();
        let failed = disk.call(Call::Write).err();
        // What fails has written a part.
        let written = match failed {
            None => octets,
            Some(_) => &octets[..octets.len() / 2],
        };
        disk.take(Step::Write(self.number, offset, written.to_vec()));
        failed.map_or(Ok(()), Err)
    }

    fn truncate(&self, octets: u64) -> io::Result<()> {
        let mut disk = self.files.disk();
        disk.call(Call::Other)?;
        disk.take(Step::Truncate(self.number, octets));
        Ok(())
    }

    fn octets(&self) -> io::Result<u64> {
        let disk = self.files.disk();
        Ok(u64::try_from(disk.now.contents[self.number].len()).unwrap())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut disk = self.files.disk();
        if let Err(failed) = disk.call(Call::Sync) {
            disk.take(Step::NotSynced(self.number));
            return Err(failed);
        }
        match disk.lie {
            Some(Lie::OfFiles) => {}
            Some(Lie::Late) => disk.late = Some(self.number),
            Some(Lie::OfDirectories) | None => disk.take(Step::Sync(self.number)),
        }
        Ok(())
    }
}

/// Numbers that are the same in every run (xorshift64*).
#[derive(Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn mask(&mut self) -> u128 {
        u128::from(self.next()) << 64 | u128::from(self.next())
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end).unwrap()).unwrap()
    }
}
