//! Reads a backup from end to end, once, and proves everything on the way.

use std::io::{self, BufReader, Read, Write as _};
use std::path::{Path, PathBuf};

use ca_store::LogCheck;
use ca_store::files::{Files, Sequential};

use super::BackupError;
use super::archive::ArchiveReader;
use super::contents::{Contents, VerifiedBackup};
use super::create::Hashing;
use super::manifest::{Kind, Manifest, Member, kind_of, sha256};
use crate::atomic::{AtomicWriteError, write_new_by};
use crate::data_dir::DataDir;

/// Proves that a CA can be made of a backup, and that none of its octets was changed; nothing is written.
///
/// # Errors
/// Fails with the first place that is not as it was written.
pub fn verify(
    input: &mut dyn Read,
    progress: &dyn Fn(u64, u64),
) -> Result<VerifiedBackup, BackupError> {
    read(input, None, progress).map(|(_manifest, verified)| verified)
}

/// Reads a backup, and writes its members below `into` when that is given, all but the mark of a backup, by way of the
/// files with it.
pub(super) fn read(
    input: &mut dyn Read,
    into: Option<(&dyn Files, &DataDir)>,
    progress: &dyn Fn(u64, u64),
) -> Result<(Manifest, VerifiedBackup), BackupError> {
    let mut input = BufReader::with_capacity(1 << 20, input);
    let (mut archive, manifest) = ArchiveReader::begin(&mut input)?;
    let total: u64 = manifest.members.iter().map(|member| member.octets).sum();
    let mut contents = Contents::default();
    let mut log = LogCheck::new();
    let mut done = 0;
    for member in &manifest.members {
        let kind = kind_of(&member.name);
        let target = into
            .filter(|_into| kind != Some(Kind::Mark))
            .map(|(files, data)| (files, data.path().join(&member.name)));
        archive.expect(&member.name, member.octets)?;
        if kind == Some(Kind::Segment) {
            segment(&mut archive, member, target, &mut log)?;
        } else {
            let octets = archive.small(&member.name, member.octets)?;
            if sha256(&octets) != member.sha256 {
                return Err(BackupError::unsound(&member.name, "it was changed"));
            }
            if let Some((files, path)) = target {
                let mode = match kind {
                    Some(Kind::Settings | Kind::Crl) => 0o644,
                    Some(Kind::Key | Kind::Note | Kind::Mark | Kind::Segment) | None => 0o600,
                };
                write_new_by(files, &path, &octets, mode)?;
            }
            contents.take(&member.name, octets)?;
            if let Some(size) = contents.notes.size() {
                log.want_root_at(size);
            }
        }
        done += member.octets;
        progress(done, total);
    }
    archive.end()?;
    let verified = contents.prove(&manifest, &log)?;
    Ok((manifest, verified))
}

/// Reads a segment through the reader of the log.
fn segment(
    archive: &mut ArchiveReader<'_>,
    member: &Member,
    target: Option<(&dyn Files, PathBuf)>,
    log: &mut LogCheck,
) -> Result<(), BackupError> {
    let mut file = match &target {
        Some((files, path)) => Some(create(*files, path)?),
        None => None,
    };
    let mut tee = Tee {
        input: Hashing::new(archive.content(member.octets)),
        file: file.as_mut(),
        count: 0,
    };
    let checked = log.segment(Path::new(&member.name), &mut tee);
    // The digest tells first what was changed; the reader of the log tells what was written wrong.
    io::copy(&mut tee, &mut io::sink()).map_err(BackupError::Input)?;
    if tee.count < member.octets {
        return Err(BackupError::Short);
    }
    if tee.input.digest() != member.sha256 {
        return Err(BackupError::unsound(&member.name, "it was changed"));
    }
    checked?;
    if let (Some(file), Some((_files, path))) = (file, target) {
        file.sync()
            .map_err(|source| AtomicWriteError::new("sync", &path, source))?;
    }
    archive.padding(&member.name, member.octets)
}

fn create(files: &dyn Files, path: &Path) -> Result<Sequential, BackupError> {
    let file = files
        .create(path)
        .map_err(|source| AtomicWriteError::new("write", path, source))?;
    Ok(Sequential::new(file))
}

/// Writes what is read through it to a file.
struct Tee<'f, R> {
    input: R,
    file: Option<&'f mut Sequential>,
    count: u64,
}

impl<R: Read> Read for Tee<'_, R> {
    fn read(&mut self, octets: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(octets)?;
        if let Some(file) = &mut self.file {
            file.write_all(octets.get(..count).unwrap_or_default())?;
        }
        self.count += u64::try_from(count).unwrap_or(u64::MAX);
        Ok(count)
    }
}
