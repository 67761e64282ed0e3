//! Makes a backup beside a running server.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use ca_store::{LogSnapshot, snapshot};
use ca_types::{IssuerClass, IssuerId, UnixTime};
use ca_verify::{Change, Checkpoint};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::BackupError;
use super::archive::ArchiveWriter;
use super::contents::prove_encrypted;
use super::manifest::{
    BACKUP_VERSION, CHECKPOINT, FORMAT, LOG_KEY, MARK, Manifest, Member, NOT_RESTORED, SETTINGS,
    hex, sha256,
};
use crate::atomic::write_whole;
use crate::settings::Settings;

/// Where a backup goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// A file that must not be there yet.
    File(PathBuf),
    /// Standard output, for a pipe.
    Stdout,
}

/// A backup that was made.
#[derive(Debug, Clone, Serialize)]
pub struct CreatedBackup {
    /// When.
    pub created: String,
    /// The identity of the log.
    pub log_id: String,
    /// How many leaves of the log are in it.
    pub leaves: u64,
    /// The root hash over them.
    pub root: String,
    /// How many octets its members have.
    pub octets: u64,
}

/// Makes a backup; it needs no passphrase, and a server may go on beside it.
///
/// # Errors
/// Fails when a file cannot be read or written, or nothing could be made of the backup.
pub fn create(
    settings: &Settings,
    destination: &Destination,
    now: UnixTime,
    progress: &dyn Fn(u64, u64),
) -> Result<CreatedBackup, BackupError> {
    let sources = Sources::collect(settings)?;
    let manifest = sources.manifest(now)?;
    match destination {
        Destination::Stdout => {
            let stdout = io::BufWriter::new(io::stdout().lock());
            sources.write(&manifest, stdout, progress)?;
        }
        Destination::File(path) => write_whole(path, |file| {
            sources.write(&manifest, io::BufWriter::new(file), progress)
        })?,
    }
    Ok(CreatedBackup {
        created: now.to_string(),
        log_id: manifest.log_id.clone(),
        leaves: manifest.leaves,
        root: manifest.root.clone(),
        octets: manifest.members.iter().map(|member| member.octets).sum(),
    })
}

/// What goes into a backup: small files in memory, and the log as far as it is durable.
pub(super) struct Sources {
    /// Names and contents, in the order of the backup.
    small: Vec<(String, Vec<u8>)>,
    log: LogSnapshot,
}

/// A CA as far as a backup looks at it.
struct Known {
    id: IssuerId,
    class: IssuerClass,
    last_crl: Option<[u8; 32]>,
}

impl Sources {
    /// Reads everything; CRLs and checkpoint before the log, so that it tells of them, and keys after it.
    fn collect(settings: &Settings) -> Result<Self, BackupError> {
        for _attempt in 0..ATTEMPTS {
            // What does not fit is the root's CRL, which was replaced between the two.
            if let (sources, None) = Self::gather(settings, settings.data.path())? {
                return Ok(sources);
            }
        }
        match Self::gather(settings, settings.data.path())? {
            (sources, None) => Ok(sources),
            (_sources, Some(path)) => Err(BackupError::Changed { path }),
        }
    }

    /// Reads everything but the log, which is what was saved of it: it may know less than the files say.
    pub(super) fn beside(settings: &Settings, saved: &Path) -> Result<Self, BackupError> {
        let (mut sources, _newer) = Self::gather(settings, saved)?;
        let leaves = sources.log.head.size;
        sources
            .small
            .retain(|(name, octets)| name != CHECKPOINT || size_of(octets) <= Some(leaves));
        Ok(sources)
    }

    /// Reads everything, the log from below `home`; gives the CRL of a root that the log does not name last, if any.
    fn gather(settings: &Settings, home: &Path) -> Result<(Self, Option<PathBuf>), BackupError> {
        let data = &settings.data;
        let octets = read(&settings.file)?;
        Settings::parse(&settings.file, &octets)?;
        let mut crls = files_in(&data.crls(), "crl")?;
        let mut notes = Vec::new();
        for name in [CHECKPOINT, LOG_KEY] {
            if let Some(octets) = read_if_there(&data.path().join(name))? {
                notes.push((name.to_owned(), octets));
            }
        }
        let mut known: Vec<Known> = Vec::new();
        let mut has_log_key = false;
        let log = snapshot(home, &mut |_leaf, entry| {
            for change in entry.changes {
                has_log_key |= matches!(change, Change::LogKeyAdded(_));
                note(&mut known, change);
            }
            Ok(())
        })?;
        crls.retain(|(id, _octets)| known.iter().any(|ca| ca.id == *id));
        let mut unfit = None;
        for ca in known.iter().filter(|ca| ca.class == IssuerClass::Root) {
            let kept = crls.iter().find(|(id, _octets)| *id == ca.id);
            let digest = kept.map(|(_id, octets)| Sha256::digest(octets).into());
            if digest != ca.last_crl {
                unfit = Some(data.crl_file(&ca.id));
            }
        }
        let keys = files_in(&data.keys(), "key")?;
        for ca in &known {
            let is_there = keys.iter().any(|(id, _octets)| *id == ca.id);
            if ca.class != IssuerClass::Root && !is_there {
                return Err(BackupError::Key {
                    path: data.key_file(&ca.id),
                    what: "the key of a CA is missing".to_owned(),
                });
            }
        }
        if has_log_key && !data.log_key().exists() {
            return Err(BackupError::Key {
                path: data.log_key(),
                what: "the key of the log is missing".to_owned(),
            });
        }
        for (id, octets) in &keys {
            prove_encrypted(octets).map_err(|what| BackupError::Key {
                path: data.key_file(id),
                what,
            })?;
        }
        let named =
            |directory: &'static str, ending: &'static str, files: Vec<(IssuerId, Vec<u8>)>| {
                files
                    .into_iter()
                    .map(move |(id, octets)| (format!("{directory}/{id}.{ending}"), octets))
            };
        // Notes about a key that no leaf names say nothing.
        notes.retain(|_note| has_log_key);
        let small = [(SETTINGS.to_owned(), octets)]
            .into_iter()
            .chain(named("keys", "key", keys))
            .chain(named("crl", "crl", crls))
            .chain(notes)
            .chain([(NOT_RESTORED.to_owned(), MARK.as_bytes().to_vec())])
            .collect();
        Ok((Self { small, log }, unfit))
    }

    pub(super) fn manifest(&self, now: UnixTime) -> Result<Manifest, BackupError> {
        let mut members: Vec<Member> = self
            .small
            .iter()
            .map(|(name, octets)| Member {
                name: name.clone(),
                octets: u64::try_from(octets.len()).unwrap_or(u64::MAX),
                sha256: sha256(octets),
            })
            .collect();
        for segment in &self.log.segments {
            let mut hashing = Hashing::new(open(&segment.path)?.take(segment.octets));
            let copied =
                io::copy(&mut hashing, &mut io::sink()).map_err(unreadable(&segment.path))?;
            if copied != segment.octets {
                return Err(BackupError::Changed {
                    path: segment.path.clone(),
                });
            }
            members.push(Member {
                name: name_of(&segment.path),
                octets: segment.octets,
                sha256: hashing.digest(),
            });
        }
        Ok(Manifest {
            format: FORMAT.to_owned(),
            version: BACKUP_VERSION,
            created: now.seconds(),
            log_id: self.log.log_id.to_string(),
            leaves: self.log.head.size,
            root: hex(&self.log.head.root),
            members,
        })
    }

    pub(super) fn write(
        &self,
        manifest: &Manifest,
        output: impl Write,
        progress: &dyn Fn(u64, u64),
    ) -> Result<(), BackupError> {
        let total: u64 = manifest.members.iter().map(|member| member.octets).sum();
        let mut writer = ArchiveWriter::begin(output, manifest)?;
        let mut members = manifest.members.iter();
        let mut done = 0;
        for ((name, octets), member) in self.small.iter().zip(members.by_ref()) {
            writer.member(name, member.octets, &mut octets.as_slice())?;
            done += member.octets;
            progress(done, total);
        }
        for (segment, member) in self.log.segments.iter().zip(members) {
            let mut hashing = Hashing::new(open(&segment.path)?.take(segment.octets));
            writer.member(&member.name, member.octets, &mut hashing)?;
            if hashing.digest() != member.sha256 {
                return Err(BackupError::Changed {
                    path: segment.path.clone(),
                });
            }
            done += member.octets;
            progress(done, total);
        }
        writer.finish()?;
        Ok(())
    }
}

/// Reads how many leaves a checkpoint is about.
fn size_of(note: &[u8]) -> Option<u64> {
    let note = std::str::from_utf8(note).ok()?;
    Checkpoint::from_note(note)
        .ok()
        .map(|checkpoint| checkpoint.size)
}

fn note(known: &mut Vec<Known>, change: Change) {
    let mut last = |id: &IssuerId, digest| {
        if let Some(ca) = known.iter_mut().find(|ca| ca.id == *id) {
            ca.last_crl = Some(digest);
        }
    };
    if let Change::IssuerAdded(added) = change {
        known.push(Known {
            id: added.id,
            class: added.class,
            last_crl: None,
        });
    } else if let Change::CrlSigned(crl) = change {
        last(&crl.issuer, crl.sha256);
    } else if let Change::Restored(restored) = change {
        for crl in restored.lists.into_iter().filter_map(|list| list.crl) {
            last(&crl.issuer, crl.sha256);
        }
    }
}

/// Reads the files of CAs in a directory, in the order of their ids.
fn files_in(directory: &Path, ending: &str) -> Result<Vec<(IssuerId, Vec<u8>)>, BackupError> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).map_err(unreadable(directory))? {
        let path = entry.map_err(unreadable(directory))?.path();
        let is_ours = path.extension().is_some_and(|found| found == ending);
        let id = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .and_then(|stem| stem.parse::<IssuerId>().ok());
        if let Some(id) = id.filter(|_id| is_ours) {
            files.push((id, read(&path)?));
        }
    }
    files.sort();
    Ok(files)
}

fn read(path: &Path) -> Result<Vec<u8>, BackupError> {
    fs::read(path).map_err(unreadable(path))
}

fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, BackupError> {
    match fs::read(path) {
        Ok(octets) => Ok(Some(octets)),
        Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(unreadable(path)(source)),
    }
}

fn open(path: &Path) -> Result<File, BackupError> {
    File::open(path).map_err(unreadable(path))
}

fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> BackupError + use<> {
    let path = path.to_owned();
    move |source| BackupError::Unreadable { path, source }
}

fn name_of(segment: &Path) -> String {
    let name = segment.file_name().unwrap_or_default();
    format!("log/{}", name.to_string_lossy())
}

/// Hashes what is read through it.
pub(super) struct Hashing<R> {
    inner: R,
    hash: Sha256,
}

impl<R> Hashing<R> {
    pub(super) fn new(inner: R) -> Self {
        Self {
            inner,
            hash: Sha256::new(),
        }
    }

    pub(super) fn digest(self) -> String {
        let digest: [u8; 32] = self.hash.finalize().into();
        hex(&digest)
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, octets: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(octets)?;
        self.hash.update(octets.get(..count).unwrap_or_default());
        Ok(count)
    }
}

/// The CRL of a root is replaced once a year.
const ATTEMPTS: usize = 3;
