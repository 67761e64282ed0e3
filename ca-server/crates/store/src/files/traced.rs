//! Files on the machine's disk whose changes are traced, and done again as far as a crash may leave them.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{FileLock, Files, LogFile, SystemFiles, parent_of};

/// The system's files, with a trace of all that is done to them; clones share it.
#[derive(Debug, Clone, Default)]
pub struct TracedFiles(Arc<Mutex<Trace>>);

#[derive(Debug, Default)]
struct Trace {
    steps: Vec<Step>,
    /// How many files were opened.
    opened: usize,
    left_out: Option<LeftOut>,
}

/// What a program may have forgotten: the calls are taken for not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeftOut {
    /// Every sync of a file.
    FileSyncs,
    /// Every sync of a directory.
    DirectorySyncs,
}

/// A call that changed something, or made changes durable; a file is known by the number of its opening.
#[derive(Debug, Clone)]
enum Step {
    MakeDir(PathBuf),
    Create(PathBuf, u32, usize),
    Open(PathBuf, usize),
    Write(usize, u64, Vec<u8>),
    Truncate(usize, u64),
    Sync(usize),
    Rename(PathBuf, PathBuf),
    Link(PathBuf, PathBuf),
    Remove(PathBuf),
    RemoveAll(PathBuf),
    SyncDir(PathBuf),
}

/// What a crash makes of each step that was not durable, by the number of the step.
#[derive(Debug, Clone, Default)]
pub struct Crash(BTreeMap<usize, Fate>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Kept,
    Dropped,
    /// Half of the octets were written, or half of the names in a directory removed.
    Half,
}

impl Step {
    fn fates(&self) -> &'static [Fate] {
        match self {
            Self::Write(..) | Self::RemoveAll(_) => &[Fate::Kept, Fate::Dropped, Fate::Half],
            Self::MakeDir(_)
            | Self::Create(..)
            | Self::Truncate(..)
            | Self::Rename(..)
            | Self::Link(..)
            | Self::Remove(_) => &[Fate::Kept, Fate::Dropped],
            Self::Open(..) | Self::Sync(_) | Self::SyncDir(_) => &[Fate::Kept],
        }
    }

    /// Tells whether this step makes `earlier` durable.
    fn settles(&self, earlier: &Self) -> bool {
        match (self, earlier) {
            (Self::Sync(file), Self::Write(written, ..) | Self::Truncate(written, _)) => {
                file == written
            }
            (
                Self::SyncDir(dir),
                Self::MakeDir(path)
                | Self::Create(path, ..)
                | Self::Rename(_, path)
                | Self::Link(_, path)
                | Self::Remove(path)
                | Self::RemoveAll(path),
            ) => dir == parent_of(path),
            _other => false,
        }
    }
}

impl TracedFiles {
    /// Starts with an empty trace.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes calls for not made from now on.
    pub fn leave_out(&self, what: LeftOut) {
        self.trace().left_out = Some(what);
    }

    /// Returns how many steps were taken.
    pub fn steps(&self) -> usize {
        self.trace().steps.len()
    }

    /// Lists what a crash after so many steps may leave: all of it when there is little, else `most` of it, spread.
    pub fn crashes(&self, steps: usize, most: usize) -> Vec<Crash> {
        let trace = self.trace();
        let taken = trace.steps.get(..steps).unwrap_or(&trace.steps);
        let is_open = |place: usize, step: &Step| {
            let mut later = taken.iter().skip(place);
            !later.any(|later| later.settles(step))
        };
        let open: Vec<(usize, &[Fate])> = taken
            .iter()
            .enumerate()
            .filter(|(place, step)| is_open(*place, step))
            .map(|(place, step)| (place, step.fates()))
            .collect();
        let counts = open.iter().map(|(_place, fates)| fates.len());
        let all = counts.fold(1, usize::saturating_mul);
        let stride = all.div_ceil(most.max(1)).max(1);
        (0..all)
            .step_by(stride)
            .enumerate()
            // A little off the beat, or the first of the open steps would always have the same fate.
            .map(|(number, choice)| choose(&open, choice + number % stride))
            .collect()
    }

    /// Does in `to`, which is as `from` was before the first step, what a crash after so many steps leaves of them.
    ///
    /// What cannot be done there is left out: what it builds on was lost.
    ///
    /// # Errors
    /// Fails when a file cannot be written.
    pub fn lay_out(
        &self,
        (steps, crash): (usize, &Crash),
        from: &Path,
        to: &Path,
    ) -> io::Result<()> {
        let trace = self.trace();
        let mut again = Again {
            from,
            to,
            files: BTreeMap::new(),
        };
        for (place, step) in trace.steps.iter().take(steps).enumerate() {
            let fate = crash.0.get(&place).copied().unwrap_or(Fate::Kept);
            if fate != Fate::Dropped {
                again.take(step, fate)?;
            }
        }
        Ok(())
    }

    fn trace(&self) -> MutexGuard<'_, Trace> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a step when the call has done what it should.
    fn note(&self, done: io::Result<()>, step: Step) -> io::Result<()> {
        done?;
        let mut trace = self.trace();
        let is_left_out = match trace.left_out {
            Some(LeftOut::FileSyncs) => matches!(step, Step::Sync(_)),
            Some(LeftOut::DirectorySyncs) => matches!(step, Step::SyncDir(_)),
            None => false,
        };
        if !is_left_out {
            trace.steps.push(step);
        }
        Ok(())
    }

    fn opened(
        &self,
        file: Arc<dyn LogFile>,
        step: impl FnOnce(usize) -> Step,
    ) -> io::Result<Arc<dyn LogFile>> {
        let number = {
            let mut trace = self.trace();
            trace.opened += 1;
            trace.opened
        };
        self.note(Ok(()), step(number))?;
        Ok(Arc::new(TracedFile {
            files: self.clone(),
            file,
            number,
        }))
    }
}

/// Chooses a fate for each open step: the number is taken apart in their counts.
fn choose(open: &[(usize, &[Fate])], mut choice: usize) -> Crash {
    let mut crash = BTreeMap::new();
    for (place, fates) in open {
        let count = fates.len().max(1);
        if let Some(fate) = fates.get(choice % count) {
            crash.insert(*place, *fate);
        }
        choice /= count;
    }
    Crash(crash)
}

/// The steps done again in another place.
struct Again<'p> {
    from: &'p Path,
    to: &'p Path,
    files: BTreeMap<usize, Arc<dyn LogFile>>,
}

impl Again<'_> {
    fn take(&mut self, step: &Step, fate: Fate) -> io::Result<()> {
        let at = |path: &Path| match path.strip_prefix(self.from) {
            Ok(below) => self.to.join(below),
            Err(_outside) => path.to_owned(),
        };
        match step {
            Step::MakeDir(path) => SystemFiles.create_dir(&at(path)).or_else(when_lost),
            Step::Create(path, mode, number) => match SystemFiles.create_as(&at(path), *mode) {
                Ok(file) => {
                    self.files.insert(*number, file);
                    Ok(())
                }
                Err(error) => when_lost(error),
            },
            Step::Open(path, number) => match SystemFiles.open_writable(&at(path)) {
                Ok(file) => {
                    self.files.insert(*number, file);
                    Ok(())
                }
                Err(error) => when_lost(error),
            },
            Step::Write(number, offset, octets) => {
                let end = if fate == Fate::Half {
                    octets.len() / 2
                } else {
                    octets.len()
                };
                let part = octets.get(..end).unwrap_or_default();
                let file = self.files.get(number);
                file.map_or(Ok(()), |file| file.write_at(*offset, part))
            }
            Step::Truncate(number, octets) => {
                let file = self.files.get(number);
                file.map_or(Ok(()), |file| file.truncate(*octets))
            }
            Step::Rename(from, to) => SystemFiles.rename(&at(from), &at(to)).or_else(when_lost),
            Step::Link(from, to) => SystemFiles.link(&at(from), &at(to)).or_else(when_lost),
            Step::Remove(path) => SystemFiles.remove(&at(path)).or_else(when_lost),
            Step::RemoveAll(path) if fate == Fate::Half => {
                remove_half(&at(path)).or_else(when_lost)
            }
            Step::RemoveAll(path) => SystemFiles.remove_dir_all(&at(path)).or_else(when_lost),
            Step::Sync(_) | Step::SyncDir(_) => Ok(()),
        }
    }
}

/// What a step builds on was lost in the crash, and so is the step.
fn when_lost(error: io::Error) -> io::Result<()> {
    let is_lost = matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::AlreadyExists | io::ErrorKind::DirectoryNotEmpty
    );
    if is_lost { Ok(()) } else { Err(error) }
}

/// Removes every other thing in a directory.
fn remove_half(dir: &Path) -> io::Result<()> {
    let mut names = SystemFiles.list(dir)?;
    names.sort();
    for name in names.iter().step_by(2) {
        let path = dir.join(name);
        if path.is_dir() {
            SystemFiles.remove_dir_all(&path)?;
        } else {
            SystemFiles.remove(&path)?;
        }
    }
    Ok(())
}

impl Files for TracedFiles {
    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        self.note(SystemFiles.create_dir(dir), Step::MakeDir(dir.to_owned()))
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<OsString>> {
        SystemFiles.list(dir)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.note(SystemFiles.sync_dir(dir), Step::SyncDir(dir.to_owned()))
    }

    fn create_as(&self, path: &Path, mode: u32) -> io::Result<Arc<dyn LogFile>> {
        let file = SystemFiles.create_as(path, mode)?;
        self.opened(file, |number| Step::Create(path.to_owned(), mode, number))
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn LogFile>> {
        SystemFiles.open(path)
    }

    fn open_writable(&self, path: &Path) -> io::Result<Arc<dyn LogFile>> {
        let file = SystemFiles.open_writable(path)?;
        self.opened(file, |number| Step::Open(path.to_owned(), number))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let step = Step::Rename(from.to_owned(), to.to_owned());
        self.note(SystemFiles.rename(from, to), step)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        let step = Step::Link(from.to_owned(), to.to_owned());
        self.note(SystemFiles.link(from, to), step)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.note(SystemFiles.remove(path), Step::Remove(path.to_owned()))
    }

    fn remove_dir_all(&self, dir: &Path) -> io::Result<()> {
        let step = Step::RemoveAll(dir.to_owned());
        self.note(SystemFiles.remove_dir_all(dir), step)
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn FileLock>> {
        SystemFiles.lock(path)
    }
}

#[derive(Debug)]
struct TracedFile {
    files: TracedFiles,
    file: Arc<dyn LogFile>,
    number: usize,
}

impl LogFile for TracedFile {
    fn read_at(&self, offset: u64, octets: &mut [u8]) -> io::Result<usize> {
        self.file.read_at(offset, octets)
    }

    fn write_at(&self, offset: u64, octets: &[u8]) -> io::Result<()> {
        let step = Step::Write(self.number, offset, octets.to_vec());
        self.files.note(self.file.write_at(offset, octets), step)
    }

    fn allocate(&self, octets: u64) -> io::Result<()> {
        // What fills the room is never read.
        let step = Step::Truncate(self.number, octets);
        self.files.note(self.file.allocate(octets), step)
    }

    fn truncate(&self, octets: u64) -> io::Result<()> {
        let step = Step::Truncate(self.number, octets);
        self.files.note(self.file.truncate(octets), step)
    }

    fn octets(&self) -> io::Result<u64> {
        self.file.octets()
    }

    fn sync_data(&self) -> io::Result<()> {
        let done = self.file.sync_data();
        self.files.note(done, Step::Sync(self.number))
    }
}
