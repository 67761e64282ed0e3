//! Makes a backup of what is sound of a damaged log, so that whoever goes on with it goes through a restore.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ca_store::files::{Files, SystemFiles};
use ca_store::{Salvaged, StoreError, verify_log};
use ca_types::{IssuerClass, IssuerId, UnixTime};
use ca_verify::{Certificate, Change, Checkpoint, Entry};
use serde::Serialize;

use super::create::Sources;
use super::read::verify;
use super::{BackupError, VerifiedBackup};
use crate::atomic::{AtomicWriteError, parent_of, sync_dir_by, write_whole_by};
use crate::settings::Settings;

/// What was saved of a damaged log.
#[derive(Debug, Clone, Serialize)]
pub struct SalvagedBackup {
    /// The directory that was made.
    pub out: PathBuf,
    /// The backup in it: the leaves before the first damage, the settings, the keys and the CRLs.
    pub backup: PathBuf,
    /// What is in the backup.
    pub contents: VerifiedBackup,
    /// How many leaves are saved: those before the first damage.
    pub leaves: u64,
    /// How many places are damaged.
    pub damages: usize,
    /// How many leaves the last checkpoint signs: more than are in the backup when signed ones are lost.
    pub signed_leaves: Option<u64>,
    /// How many sound leaves stand behind the first damage; their numbers are in no tree with those before.
    pub leaves_behind: u64,
    /// The file with them, in DER one after the other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub behind: Option<PathBuf>,
    /// The file with the certificates of devices and people in them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificates: Option<PathBuf>,
}

/// Saves what is sound of the log of a data directory, which is only read, into `out`, a directory that must not exist.
///
/// No log comes out of it but a backup: a log that lost its end would bring revoked certificates back to life and use
/// CRL numbers twice, and only a restore prevents that.
///
/// # Errors
/// Fails when `out` exists, a file cannot be read or written, and when too little is sound for a CA to be made of.
pub fn salvage(
    settings: &Settings,
    out: &Path,
    now: UnixTime,
    progress: &mut dyn FnMut(u64),
) -> Result<SalvagedBackup, BackupError> {
    let files: Arc<dyn Files> = Arc::new(SystemFiles);
    salvage_by(&files, settings, (out, now), progress)
}

fn salvage_by(
    files: &Arc<dyn Files>,
    settings: &Settings,
    (out, now): (&Path, UnixTime),
    progress: &mut dyn FnMut(u64),
) -> Result<SalvagedBackup, BackupError> {
    if out.symlink_metadata().is_ok() {
        let source = std::io::ErrorKind::AlreadyExists.into();
        return Err(AtomicWriteError::new("make the directory", out, source).into());
    }
    let saved = ca_store::salvage(files, settings.data.path(), out, progress)?;
    let made = pack(&**files, settings, (out, now), saved);
    if made.is_err() {
        // The cause is what is reported.
        drop(files.remove_dir_all(out));
    }
    made
}

fn pack(
    files: &dyn Files,
    settings: &Settings,
    (out, now): (&Path, UnixTime),
    saved: Salvaged,
) -> Result<SalvagedBackup, BackupError> {
    let silent = |_done, _total| {};
    let sources = Sources::beside(settings, out)?;
    let manifest = sources.manifest(now)?;
    let backup = out.join(BACKUP);
    write_whole_by(files, &backup, |file| {
        sources.write(&manifest, BufWriter::new(file), &silent)
    })?;
    let log = out.join("log");
    files
        .remove_dir_all(&log)
        .map_err(|source| BackupError::Unreadable { path: log, source })?;
    sync_dir_by(files, out)?;
    let mut input = File::open(&backup).map_err(|source| BackupError::Unreadable {
        path: backup.clone(),
        source,
    })?;
    let contents = verify(&mut input, &silent).map_err(|error| match error {
        BackupError::Unsound { place, what } => BackupError::Unsaved { place, what },
        other => other,
    })?;
    let certificates = match saved.behind {
        Some(_) => certificates_behind(files, settings, &out.join(CERTIFICATES))?,
        None => None,
    };
    let checkpoint = std::fs::read_to_string(settings.data.checkpoint());
    let checkpoint = checkpoint.map(|note| Checkpoint::from_note(&note));
    Ok(SalvagedBackup {
        out: out.to_owned(),
        backup,
        leaves: contents.leaves,
        damages: saved.verdict.damages.len(),
        signed_leaves: checkpoint.ok().and_then(Result::ok).map(|it| it.size),
        leaves_behind: saved.verdict.leaves - saved.verdict.leaves_before_damage,
        behind: saved.behind,
        certificates,
        contents,
    })
}

/// Writes the certificates of devices and people that stand behind the first damage; no file when there are none.
fn certificates_behind(
    files: &dyn Files,
    settings: &Settings,
    path: &Path,
) -> Result<Option<PathBuf>, BackupError> {
    let mut control: Vec<IssuerId> = Vec::new();
    let count = write_whole_by(files, path, |file| {
        let mut output = BufWriter::new(file);
        let mut count = 0_u64;
        let unwritten = |source| StoreError::File {
            path: path.to_owned(),
            action: "write the file",
            source,
        };
        verify_log(settings.data.path(), &mut |sound| {
            // It was decoded before it was handed over.
            let changes = Entry::from_der(sound.octets).map(|entry| entry.changes);
            for change in changes.unwrap_or_default() {
                if let Change::IssuerAdded(added) = &change
                    && added.class == IssuerClass::Control
                {
                    control.push(added.id.clone());
                }
                let Some(issued) = change.issued() else {
                    continue;
                };
                if sound.is_in_order || control.contains(&issued.issuer) {
                    continue;
                }
                if let Ok(certificate) = Certificate::from_der(&issued.certificate) {
                    output
                        .write_all(certificate.to_pem().as_bytes())
                        .map_err(unwritten)?;
                    count += 1;
                }
            }
            Ok(())
        })?;
        output.flush().map_err(unwritten)?;
        Ok::<_, BackupError>(count)
    })?;
    if count > 0 {
        return Ok(Some(path.to_owned()));
    }
    files
        .remove(path)
        .map_err(|source| BackupError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
    sync_dir_by(files, parent_of(path))?;
    Ok(None)
}

impl SalvagedBackup {
    /// Writes it for a person.
    pub fn text(&self, settings: &Settings) -> String {
        let mut text = format!(
            "Saved {} leaves, the last of {}, as a backup: {}\n",
            self.leaves,
            self.contents.last_time,
            self.backup.display()
        );
        if let Some(lost) = self.lost_signed() {
            text += &format!(
                "{lost} leaves that a checkpoint had signed are lost: auditors will see it, see docs/audit.md\n"
            );
        }
        if let Some(behind) = &self.behind {
            text += &format!(
                "{} sound leaves behind the damage: {}\n",
                self.leaves_behind,
                behind.display()
            );
        }
        text += &format!(
            "\nA newer copy of the data directory is better than this. If there is none, next:\n  \
             ca-server backup restore {} --data NEW --published-crl {}\n",
            self.backup.display(),
            settings.data.crls().display()
        );
        if let Some(certificates) = &self.certificates {
            text += &format!("  ca-client … audit submit {}\n", certificates.display());
        }
        text
    }

    /// Returns how many leaves were signed and are not in the backup.
    fn lost_signed(&self) -> Option<u64> {
        self.signed_leaves?
            .checked_sub(self.leaves)
            .filter(|lost| *lost > 0)
    }
}

const BACKUP: &str = "salvaged.tar";
const CERTIFICATES: &str = "certificates-behind-the-damage.pem";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crash::{check_crashes, each_crash};
    use crate::init::tests::{NOW, make, options};

    /// In the end it is there, and no log.
    #[tokio::test]
    async fn a_crash_at_any_point_leaves_a_whole_backup_or_none() {
        let home = tempfile::tempdir().unwrap();
        let settings = make(&options(home.path())).await;
        check_crashes(100, &mut |files| {
            let home = tempfile::tempdir().unwrap();
            let traced: Arc<dyn Files> = Arc::new(files.clone());
            let (out, now) = (home.path().join("out"), NOW.parse().unwrap());
            salvage_by(&traced, &settings, (&out, now), &mut |_leaves| {}).unwrap();
            each_crash(&files, (home.path(), 20), &|_new| {}, &mut |found| {
                let out = found.dir.join("out");
                match File::open(out.join(BACKUP)) {
                    Ok(mut backup) => {
                        let sound = verify(&mut backup, &|_done, _total| {});
                        sound.map_err(|error| error.to_string())?;
                    }
                    Err(error) if found.is_done => return Err(error.to_string()),
                    Err(_absent) => {}
                }
                if found.is_done && out.join("log").exists() {
                    return Err("a log is there".to_owned());
                }
                Ok(())
            })
        });
    }
}
