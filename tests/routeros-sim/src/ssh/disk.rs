//! The disk of the router as SFTP and SCP see it.

use std::sync::Arc;

use crate::console::Caller;
use crate::door::SSH;
use crate::fault::Strike;
use crate::router::Router;
use crate::row::Request;

/// The disk, for one user.
#[derive(Debug, Clone)]
pub(crate) struct Disk {
    router: Arc<Router>,
    user: String,
}

/// A file or a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Its path, without a leading slash.
    pub(crate) name: String,
    /// Whether it is a directory.
    pub(crate) directory: bool,
    /// Its octets.
    pub(crate) size: u64,
    /// Seconds since 1970.
    pub(crate) changed: i64,
}

/// Why the disk refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DiskError {
    /// No such file or directory.
    Absent,
    /// The user lacks a policy.
    Denied,
    /// No room is left.
    Full,
    /// It is there already.
    Taken,
    /// A directory where a file is wanted, or the other way round, or one that is not empty.
    WrongKind,
    /// The connection ends now.
    Cut,
}

impl DiskError {
    /// What a client is told.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Absent => "no such file or directory",
            Self::Denied => "permission denied",
            Self::Full => "no space left on device",
            Self::Taken => "file exists",
            Self::WrongKind | Self::Cut => "failure",
        }
    }
}

impl Disk {
    /// The disk of a router for a user.
    pub(crate) fn new(router: Arc<Router>, user: String) -> Self {
        Self { router, user }
    }

    /// Lists what lies directly in a directory.
    pub(crate) fn list(&self, directory: &str) -> Result<Vec<Entry>, DiskError> {
        self.need("read")?;
        if !self.stat(directory)?.directory {
            return Err(DiskError::WrongKind);
        }
        let prefix = match directory {
            "" => String::new(),
            name => format!("{name}/"),
        };
        let mut entries: Vec<Entry> = Vec::new();
        for file in &self.router.world().state.files {
            let Some(rest) = file
                .name
                .strip_prefix(&prefix)
                .filter(|rest| !rest.is_empty())
            else {
                continue;
            };
            let (name, below) = match rest.split_once('/') {
                Some((first, _)) => (first, true),
                None => (rest, false),
            };
            if entries.iter().all(|entry| entry.name != name) {
                entries.push(Entry {
                    name: name.to_owned(),
                    directory: below || file.directory,
                    size: if below {
                        0
                    } else {
                        file.contents.0.len() as u64
                    },
                    changed: file.changed,
                });
            }
        }
        Ok(entries)
    }

    /// Looks at one file or directory.
    pub(crate) fn stat(&self, name: &str) -> Result<Entry, DiskError> {
        let entry = |directory, size, changed| Entry {
            name: name.to_owned(),
            directory,
            size,
            changed,
        };
        let world = self.router.world();
        if name.is_empty() {
            return Ok(entry(true, 0, world.started));
        }
        let below = format!("{name}/");
        let files = &world.state.files;
        if let Some(file) = files.iter().find(|file| file.name == name) {
            let size = file.contents.0.len() as u64;
            return Ok(entry(file.directory, size, file.changed));
        }
        match files.iter().find(|file| file.name.starts_with(&below)) {
            Some(file) => Ok(entry(true, 0, file.changed)),
            None => Err(DiskError::Absent),
        }
    }

    /// Reads a whole file.
    pub(crate) fn read(&self, name: &str) -> Result<Vec<u8>, DiskError> {
        self.need("read")?;
        if self.stat(name)?.directory {
            return Err(DiskError::WrongKind);
        }
        let world = self.router.world();
        let mut files = world.state.files.iter();
        let file = files.find(|file| file.name == name);
        file.map(|file| file.contents.0.clone())
            .ok_or(DiskError::Absent)
    }

    /// Tells whether a file may be written, and so many octets have room in place of what it holds.
    pub(crate) fn may_write(&self, name: &str, size: usize) -> Result<(), DiskError> {
        self.need("write")?;
        match self.stat(name) {
            Ok(entry) if entry.directory => return Err(DiskError::WrongKind),
            _ if name.is_empty() => return Err(DiskError::WrongKind),
            _ => {}
        }
        if self.router.world().room(name) < size {
            return Err(DiskError::Full);
        }
        Ok(())
    }

    /// Writes a whole file.
    pub(crate) fn write(&self, name: &str, contents: Vec<u8>) -> Result<(), DiskError> {
        self.may_write(name, contents.len())?;
        let upload = Request::new("/file", "upload");
        let (kept, ended) = match self.router.strike(SSH, &upload) {
            Some(Strike::Reset) => {
                self.router.hang_up(SSH);
                return Err(DiskError::Cut);
            }
            Some(Strike::Half) => (contents.len() / 2, true),
            Some(Strike::Cut) => (contents.len(), true),
            Some(Strike::Late(seconds)) => {
                self.router.world().passed += seconds;
                (contents.len(), false)
            }
            None => (contents.len(), false),
        };
        let mut world = self.router.world();
        let mut contents = contents;
        contents.truncate(kept);
        world.write_file(name, contents, 0);
        self.router.save(&world);
        if ended {
            self.router.hang_up(SSH);
            return Err(DiskError::Cut);
        }
        Ok(())
    }

    /// Removes a file, or an empty directory.
    pub(crate) fn remove(&self, name: &str, directory: bool) -> Result<(), DiskError> {
        self.need("write")?;
        if self.stat(name)?.directory != directory {
            return Err(DiskError::WrongKind);
        }
        if directory && !self.list(name)?.is_empty() {
            return Err(DiskError::WrongKind);
        }
        let mut world = self.router.world();
        world.delete_file(name);
        self.router.save(&world);
        Ok(())
    }

    /// Gives a file another name, which must be free.
    pub(crate) fn rename(&self, from: &str, to: &str) -> Result<(), DiskError> {
        self.need("write")?;
        if self.stat(from)?.directory || to.is_empty() {
            return Err(DiskError::WrongKind);
        }
        if self.stat(to).is_ok() {
            return Err(DiskError::Taken);
        }
        let mut world = self.router.world();
        let mut files = world.state.files.iter_mut();
        let file = files
            .find(|file| file.name == from)
            .ok_or(DiskError::Absent)?;
        to.clone_into(&mut file.name);
        self.router.save(&world);
        Ok(())
    }

    /// Makes a directory.
    pub(crate) fn make_directory(&self, name: &str) -> Result<(), DiskError> {
        self.need("write")?;
        if self.stat(name).is_ok() {
            return Err(DiskError::Taken);
        }
        let mut world = self.router.world();
        world.write_file(name, Vec::new(), 0);
        if let Some(file) = world.state.files.last_mut() {
            file.directory = true;
        }
        self.router.save(&world);
        Ok(())
    }

    fn need(&self, policy: &str) -> Result<(), DiskError> {
        let world = self.router.world();
        match world.has_policy(Caller::User(&self.user), policy) {
            true => Ok(()),
            false => Err(DiskError::Denied),
        }
    }
}

/// Resolves a path as a client writes it; nothing leads out of the disk.
pub(crate) fn resolve(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}
