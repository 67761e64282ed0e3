//! Small files that are there as a whole or not at all.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::{Files, LogFile};

/// Writes a file by way of `temporary` beside it, in the place of the one that may be there; a crash leaves the old
/// or the new one.
///
/// # Errors
/// Fails when the system does; what was there stays then, unless only the last sync failed.
pub fn replace(
    files: &dyn Files,
    temporary: &Path,
    path: &Path,
    octets: &[u8],
    mode: u32,
) -> io::Result<()> {
    let written =
        write(files, temporary, octets, mode).and_then(|()| files.rename(temporary, path));
    settle(files, temporary, path, written)
}

/// Writes a file by way of `temporary` beside it; nothing may have its name yet.
///
/// # Errors
/// Fails when something has this name, a dangling link included, or the system does.
pub fn add(
    files: &dyn Files,
    temporary: &Path,
    path: &Path,
    octets: &[u8],
    mode: u32,
) -> io::Result<()> {
    let written = write(files, temporary, octets, mode).and_then(|()| {
        // Unlike a rename, a second name never takes the place of a file that came in between.
        files.link(temporary, path)?;
        files.remove(temporary)
    });
    settle(files, temporary, path, written)
}

fn write(files: &dyn Files, path: &Path, octets: &[u8], mode: u32) -> io::Result<()> {
    let file = files.create_as(path, mode)?;
    file.write_at(0, octets)?;
    file.sync_data()
}

fn settle(
    files: &dyn Files,
    temporary: &Path,
    path: &Path,
    written: io::Result<()>,
) -> io::Result<()> {
    if let Err(source) = written {
        // The cause is reported; that the temporary file may be gone already is no further news.
        drop(files.remove(temporary));
        return Err(source);
    }
    files.sync_dir(parent_of(path))
}

/// Returns the directory that holds a path; `.` for a bare file name.
pub fn parent_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    }
}

/// Writes a file from its beginning on, piece by piece.
#[derive(Debug)]
pub struct Sequential {
    file: Arc<dyn LogFile>,
    end: u64,
}

impl Sequential {
    /// Begins at the beginning of a file.
    pub fn new(file: Arc<dyn LogFile>) -> Self {
        Self { file, end: 0 }
    }

    /// Makes durable what was written.
    ///
    /// # Errors
    /// Fails when the system does.
    pub fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }
}

impl io::Write for Sequential {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.file.write_at(self.end, octets)?;
        self.end += u64::try_from(octets.len()).unwrap_or(u64::MAX);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::{Lie, Random, RecordedFiles};

    const OLD: &[u8] = &[b'o'; 1500];
    const NEW: &[u8] = &[b'n'; 1100];

    type Write = fn(&dyn Files, &Path, &Path, &[u8], u32) -> io::Result<()>;

    fn content(files: &RecordedFiles, path: &Path) -> Option<Vec<u8>> {
        let file = files.open(path).ok()?;
        let mut octets = vec![0; usize::try_from(file.octets().unwrap()).unwrap()];
        file.read_at(0, &mut octets).unwrap();
        Some(octets)
    }

    /// Writes the file, then crashes after each step: what was there, or what was written, is found whole.
    fn crash_everywhere(
        write: Write,
        before: Option<&[u8]>,
        lie: Option<Lie>,
    ) -> Result<usize, String> {
        let (temporary, path) = (Path::new("/d/.a"), Path::new("/d/a"));
        let files = RecordedFiles::default();
        files.create_dir(Path::new("/d")).unwrap();
        files.sync_dir(Path::new("/")).unwrap();
        if let Some(octets) = before {
            add(&files, Path::new("/d/.b"), path, octets, 0o600).unwrap();
        }
        files.sync_dir(Path::new("/d")).unwrap();
        let begin = files.steps();
        if let Some(lie) = lie {
            files.lie(lie);
        }
        write(&files, temporary, path, NEW, 0o600).unwrap();
        let mut states = 0;
        for steps in begin..=files.steps() {
            for fates in files.crashes(steps, 2_000, &mut Random::new(3)) {
                let found = content(&files.crashed(steps, &fates), path);
                let is_old = found.as_deref() == before && steps < files.steps();
                if !is_old && found.as_deref() != Some(NEW) {
                    return Err(format!("after step {steps} with {fates:?}"));
                }
                states += 1;
            }
        }
        Ok(states)
    }

    #[test]
    fn a_crash_leaves_the_old_file_or_the_new_one() {
        let replaces: Write = replace;
        for (write, before) in [(replaces, Some(OLD)), (replace, None), (add, None)] {
            let states = crash_everywhere(write, before, None).unwrap();
            assert!(states > 20, "{states} states");
            for lie in [Lie::OfFiles, Lie::OfDirectories] {
                let seen = crash_everywhere(write, before, Some(lie));
                assert!(seen.is_err(), "{lie:?} was not seen");
            }
        }
    }
}
