//! Puts a backup back: nothing that was revoked comes to life, no number is used twice.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ca_store::files::{Files, SystemFiles};
use ca_store::{CaStore, LogStore, OpenOptions};
use ca_types::{Clock, IssuerClass, IssuerState, Passphrase, UnixTime};
use ca_verify::{
    Certificate, Change, Console, CrlSigned, Entry, IssuerStateChanged, Origin, Restored,
    RestoredList,
};

use super::lists::{PublishedList, plan};
use super::manifest::Manifest;
use super::read::read;
use super::restored::Done;
use super::{BackupError, RestoredBackup};
use crate::atomic::{atomic_write_by, create_private_dir_by, sync_dir_by};
use crate::data_dir::DataDir;
use crate::keystore::{KeyFile, load_keys};
use crate::lock::{self, LockError};
use crate::passphrase::{PassphraseError, read_passphrase};
use crate::recover::add_admin;
use crate::settings::Settings;
use crate::staging::{Leftovers, Staging, Word};

/// How a backup is put back.
#[derive(Debug)]
pub struct RestoreOptions {
    /// Where to: a directory that is absent or empty.
    pub data: PathBuf,
    /// The current CRLs.
    pub published: Vec<PublishedList>,
    /// Since when the loss of changes is accepted for CAs without a current CRL.
    pub accept_lost_since: Option<UnixTime>,
    /// Whether to go on without the CAs that came after the backup.
    pub accept_lost_issuers: bool,
    /// The file with the passphrase of the CA keys; without it the one that the settings name.
    pub passphrase_file: Option<PathBuf>,
}

/// Puts a backup back; the directory appears whole, or stays as it was.
///
/// # Errors
/// Refuses a directory that is not empty, a backup that is not sound, and a loss of revocations that was not accepted.
pub async fn restore(
    input: &mut (dyn Read + Send),
    options: &RestoreOptions,
    clock: &dyn Clock,
    progress: &(dyn Fn(u64, u64) + Sync),
) -> Result<RestoredBackup, BackupError> {
    restore_by(Arc::new(SystemFiles), input, options, clock, progress).await
}

async fn restore_by(
    files: Arc<dyn Files>,
    input: &mut (dyn Read + Send),
    options: &RestoreOptions,
    clock: &dyn Clock,
    progress: &(dyn Fn(u64, u64) + Sync),
) -> Result<RestoredBackup, BackupError> {
    let target = DataDir::new(&options.data);
    prove_empty(&target)?;
    let given = match &options.passphrase_file {
        Some(path) => Some(read_passphrase(path)?),
        None => None,
    };
    let staging =
        Staging::begin_by::<BackupError>(Arc::clone(&files), &options.data, Word::Restore)?;
    let data = staging.data().clone();
    for directory in [data.keys(), data.crls(), data.path().join("log")] {
        create_private_dir_by(&*files, &directory)?;
    }
    let (manifest, backup) = read(input, Some((&*files, &data)), progress)?;
    for directory in [data.keys(), data.crls(), data.path().join("log")] {
        sync_dir_by(&*files, &directory)?;
    }
    let mut settings = Settings::of(&data)?;
    let mut warnings = Vec::new();
    if settings.data != data && settings.data != target {
        warnings.push(format!(
            "the settings name another data directory, {}: change `data` in {}",
            settings.data.path().display(),
            target.settings_file().display()
        ));
    }
    settings.data = data.clone();
    let passphrase = match given {
        Some(passphrase) => passphrase,
        None => read_passphrase(
            settings
                .passphrase_file
                .as_deref()
                .ok_or(PassphraseError::NotGiven)?,
        )?,
    };
    let store = open(Arc::clone(&files), &settings).await?;
    let books = Books {
        files: &*files,
        settings: &settings,
        store: &store,
        passphrase: &passphrase,
        now: clock.now(),
    };
    let done = books.carry_on(options, &manifest).await;
    // The store blocks while it closes.
    tokio::task::spawn_blocking(move || store.close())
        .await
        .map_err(|_lost| BackupError::Interrupted)?;
    let done = done?;
    staging.finish()?;
    Ok(done.report(&data, &target, backup, warnings))
}

async fn open(files: Arc<dyn Files>, settings: &Settings) -> Result<LogStore, BackupError> {
    let path = settings.data.path().to_owned();
    let options = OpenOptions {
        files,
        ..settings.store_options()
    };
    let opening = tokio::task::spawn_blocking(move || LogStore::open(&path, options));
    let (store, _report) = opening.await.map_err(|_lost| BackupError::Interrupted)??;
    Ok(store)
}

/// Refuses a directory that holds anything but what an interrupted restore left.
fn prove_empty(target: &DataDir) -> Result<(), BackupError> {
    match Leftovers::of(target) {
        Ok(Some(_killed)) => Ok(()),
        Ok(None) => {
            let data = target.path().to_owned();
            if lock::is_held(target) {
                return Err(LockError::Held { data }.into());
            }
            Err(BackupError::NotEmpty { data })
        }
        Err(source) if source.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(BackupError::Unreadable {
            path: target.path().to_owned(),
            source,
        }),
    }
}

/// An open store that was just put back.
struct Books<'a> {
    files: &'a dyn Files,
    settings: &'a Settings,
    store: &'a LogStore,
    passphrase: &'a Passphrase,
    now: UnixTime,
}

impl Books<'_> {
    /// Lets the log go on: what the CRLs say, a new admin, and without the actors that were removed since.
    async fn carry_on(
        &self,
        options: &RestoreOptions,
        manifest: &Manifest,
    ) -> Result<Done, BackupError> {
        self.prove_keys().await?;
        let last = self.last_time().await?;
        let plan = plan(self.store, self.settings, &options.published, self.now).await?;
        if !plan.lost.is_empty() && !options.accept_lost_issuers {
            return Err(BackupError::LostIssuers { lost: plan.lost });
        }
        let lost_since = match options.accept_lost_since {
            _ if plan.missing.is_empty() => None,
            None => {
                return Err(BackupError::MissingCrls {
                    issuers: plan.missing,
                    since: last,
                });
            }
            Some(accepted) if accepted > last => {
                return Err(BackupError::LostMore {
                    accepted,
                    since: last,
                });
            }
            Some(accepted) => Some(accepted),
        };
        let head = self.store.tree_head().await?;
        let mut left_out: Vec<CrlSigned> = plan.lost.iter().map(|lost| lost.crl.clone()).collect();
        for lists in in_leaves(&plan.lists) {
            self.commit(vec![Change::Restored(Restored {
                leaves: manifest.leaves,
                root: head.root,
                lost_since,
                lists,
                left_out: std::mem::take(&mut left_out),
            })])
            .await?;
        }
        for (issuer, octets) in &plan.taken {
            atomic_write_by(
                self.files,
                &self.settings.data.crl_file(issuer),
                octets,
                0o644,
            )?;
        }
        // What is older than a CRL that was published is signed anew at the start of the server.
        for row in self.store.issuers().await? {
            if row.class != IssuerClass::Root && plan.missing.contains(&row.id) {
                forget(self.files, &self.settings.data.crl_file(&row.id))?;
            }
        }
        for issuer in &plan.revoked_issuers {
            self.commit(vec![Change::IssuerStateChanged(IssuerStateChanged {
                issuer: issuer.clone(),
                state: IssuerState::Revoked,
            })])
            .await?;
        }
        let withdrawn_issuers = self.withdraw_requested().await?;
        // The server makes its TLS key and certificate at its first start.
        create_private_dir_by(self.files, &self.settings.data.tls())?;
        let opened = (self.store, self.passphrase);
        let admin = add_admin(self.files, self.settings, opened, self.now).await?;
        let mut removed_actors = Vec::new();
        let mut changes = Vec::new();
        for row in self.store.actors().await? {
            if plan.removed_actors.contains(&row.actor.key) {
                removed_actors.push(row.actor.name.to_string());
                changes.push(Change::ActorRemoved(row.actor.key));
            }
        }
        if !changes.is_empty() {
            self.commit(changes).await?;
        }
        Ok(Done {
            plan,
            admin,
            removed_actors,
            withdrawn_issuers,
            unseen_since: last,
            lost_since,
        })
    }

    /// Withdraws the CAs that wait for the root: one that came after the backup would begin again with its first CRL.
    async fn withdraw_requested(&self) -> Result<Vec<String>, BackupError> {
        let issuers = self.store.issuers().await?;
        let mut withdrawn = Vec::new();
        for row in self.store.issuer_requests().await? {
            if row.withdrawn || issuers.iter().any(|issuer| issuer.id == row.id) {
                continue;
            }
            self.commit(vec![Change::IssuerStateChanged(IssuerStateChanged {
                issuer: row.id.clone(),
                state: IssuerState::Retired,
            })])
            .await?;
            forget(self.files, &self.settings.data.key_file(&row.id))?;
            withdrawn.push(row.id.to_string());
        }
        Ok(withdrawn)
    }

    /// Proves that the passphrase opens the keys, and that they belong to the certificates.
    async fn prove_keys(&self) -> Result<(), BackupError> {
        let data = &self.settings.data;
        let mut files = Vec::new();
        for row in self.store.issuers().await? {
            if row.class == IssuerClass::Root {
                continue;
            }
            let certificate = Certificate::from_der(&row.certificate)
                .map_err(|error| BackupError::unsound(row.id.as_str(), error.to_string()))?;
            files.push(KeyFile {
                path: data.key_file(&row.id),
                public_key: certificate.public_key().clone(),
                issuer: row.id,
            });
        }
        load_keys(&files, self.passphrase)?;
        Ok(())
    }

    async fn last_time(&self) -> Result<UnixTime, BackupError> {
        let size = self.store.tree_head().await?.size;
        let last = self.store.leaves(size.saturating_sub(1), 1).await?;
        let (_leaf, octets) = last.first().ok_or(BackupError::Short)?;
        let entry = Entry::from_der(octets)
            .map_err(|error| BackupError::unsound("log", error.to_string()))?;
        Ok(entry.time)
    }

    async fn commit(&self, changes: Vec<Change>) -> Result<(), BackupError> {
        let origin = Origin {
            actor: None,
            address: Console::TYPED.to_owned(),
            request: None,
            settings: self.settings.digest,
        };
        self.store
            .commit(Entry {
                time: self.now,
                origin,
                changes,
            })
            .await?;
        Ok(())
    }
}

/// Removes a file, if it is there.
fn forget(files: &dyn Files, path: &Path) -> Result<(), BackupError> {
    match files.remove(path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(BackupError::Unreadable {
                path: path.to_owned(),
                source,
            })
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Parts lists so that each part fits a leaf; a list with many revocations goes over several.
fn in_leaves(lists: &[RestoredList]) -> Vec<Vec<RestoredList>> {
    let mut leaves = Vec::new();
    let mut leaf: Vec<RestoredList> = Vec::new();
    let mut weight = 0;
    for list in lists {
        let mut parts = list.revoked.chunks(REVOCATIONS);
        let mut part = parts.next();
        loop {
            let revoked = part.unwrap_or_default().to_vec();
            let added = LIST_OCTETS + revoked.len() * REVOCATION_OCTETS;
            if weight + added > LEAF_OCTETS && !leaf.is_empty() {
                leaves.push(std::mem::take(&mut leaf));
                weight = 0;
            }
            weight += added;
            leaf.push(RestoredList {
                revoked,
                ..list.clone()
            });
            part = parts.next();
            if part.is_none() {
                break;
            }
        }
    }
    leaves.push(leaf);
    leaves
}

const LEAF_OCTETS: usize = 40_000;
const LIST_OCTETS: usize = 300;
const REVOCATION_OCTETS: usize = 40;
const REVOCATIONS: usize = 500;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;

    use ca_types::FakeClock;

    use super::*;
    use crate::backup::{Destination, create};
    use crate::crash::{check_crashes, each_crash};
    use crate::init::tests::{NOW, make, options};

    fn quietly(_done: u64, _total: u64) {}

    /// What is below a directory and is read one day: no locks, no kept room, no index, which is built anew.
    fn contents(directory: &Path) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
        let mut found = BTreeMap::new();
        let mut folders = vec![directory.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let name = path.file_name().unwrap().to_str().unwrap();
                if ["lock", "reserve"].contains(&name) || name.starts_with("index-") {
                    continue;
                }
                let below = path.strip_prefix(directory).unwrap().to_owned();
                if path.is_dir() {
                    found.insert(below, None);
                    folders.push(path);
                } else {
                    found.insert(below, Some(fs::read(&path).unwrap()));
                }
            }
        }
        found
    }

    #[test]
    fn a_crash_at_any_point_leaves_a_whole_directory_or_none() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let home = tempfile::tempdir().unwrap();
        let made = options(home.path());
        let settings = runtime.block_on(make(&made));
        let backup = home.path().join("backup.tar");
        let destination = Destination::File(backup.clone());
        let now = NOW.parse().unwrap();
        create(&settings, &destination, now, &quietly).unwrap();
        check_crashes(300, &mut |files| {
            let home = tempfile::tempdir().unwrap();
            let options = RestoreOptions {
                data: home.path().join("data"),
                published: Vec::new(),
                accept_lost_since: Some(now),
                accept_lost_issuers: false,
                passphrase_file: Some(made.passphrase_file.clone()),
            };
            let mut input = fs::File::open(&backup).unwrap();
            let (traced, clock) = (Arc::new(files.clone()), FakeClock::at(now));
            let restoring = restore_by(traced, &mut input, &options, &clock, &quietly);
            runtime.block_on(restoring).unwrap();
            let whole = contents(&options.data);
            assert!(whole.contains_key(Path::new("ca-server.toml")));
            each_crash(&files, (home.path(), 4), &|_new| {}, &mut |found| {
                let data = found.dir.join("data");
                if !data.exists() && !found.is_done {
                    return Ok(());
                }
                if data.exists() && contents(&data) == whole {
                    Ok(())
                } else {
                    Err("it is not whole".to_owned())
                }
            })
        });
    }
}
