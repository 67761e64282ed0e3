//! Puts a backup back: nothing that was revoked comes to life, no number is used twice.

use std::io::Read;
use std::path::{Path, PathBuf};

use ca_store::files::{Files as _, SystemFiles};
use ca_store::{CaStore, LogStore};
use ca_types::{Clock, IssuerClass, IssuerState, Passphrase, UnixTime};
use ca_verify::{
    Certificate, Change, Console, Entry, IssuerStateChanged, Origin, Restored, RestoredList,
};
use serde::Serialize;

use super::lists::{Plan, PublishedList, plan};
use super::manifest::Manifest;
use super::read::read;
use super::{BackupError, VerifiedBackup};
use crate::atomic::{atomic_write, create_private_dir, sync_dir};
use crate::data_dir::DataDir;
use crate::keystore::{KeyFile, load_keys};
use crate::lock::{DataDirLock, LockError};
use crate::passphrase::{PassphraseError, read_passphrase};
use crate::recover::{Recovered, add_admin};
use crate::settings::Settings;
use crate::staging::Staging;

/// How a backup is put back.
#[derive(Debug)]
pub struct RestoreOptions {
    /// Where to: a directory that is absent or empty.
    pub data: PathBuf,
    /// The current CRLs.
    pub published: Vec<PublishedList>,
    /// Since when the loss of changes is accepted for CAs without a current CRL.
    pub accept_lost_since: Option<UnixTime>,
    /// The file with the passphrase of the CA keys; without it the one that the settings name.
    pub passphrase_file: Option<PathBuf>,
}

/// A backup that was put back.
#[derive(Debug, Clone, Serialize)]
pub struct RestoredBackup {
    /// Where it is now.
    pub data: PathBuf,
    /// What was in the backup.
    pub backup: VerifiedBackup,
    /// Certificates that were issued after this time are not in the store: those of the last leaf are the last.
    pub unseen_since: String,
    /// Since when revocations are lost, when CAs went without their CRL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lost_since: Option<String>,
    /// What became of the CRL of each CA.
    pub issuers: Vec<RestoredIssuer>,
    /// Actors that had been removed since.
    pub removed_actors: Vec<String>,
    /// CAs that their root had revoked since.
    pub revoked_issuers: Vec<String>,
    /// Serial numbers on the CRLs whose certificates the backup has not seen.
    pub unseen_serials: Vec<String>,
    /// The new admin.
    pub admin: Recovered,
    /// What somebody should know.
    pub warnings: Vec<String>,
}

/// What became of the CRL of a CA.
#[derive(Debug, Clone, Serialize)]
pub struct RestoredIssuer {
    /// Its identifier.
    pub issuer_id: String,
    /// Whether its current CRL was taken.
    pub has_crl: bool,
    /// No CRL up to this number is signed again.
    pub crl_number: u64,
    /// How many revocations the backup did not know.
    pub reapplied: usize,
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
    let target = DataDir::new(&options.data);
    prove_empty(&target)?;
    let given = match &options.passphrase_file {
        Some(path) => Some(read_passphrase(path)?),
        None => None,
    };
    let staging = Staging::begin(&options.data, WORD)?;
    let data = staging.data().clone();
    let lock = DataDirLock::take(&data)?;
    for directory in [data.keys(), data.crls(), data.path().join("log")] {
        create_private_dir(&directory)?;
    }
    let (manifest, backup) = read(input, Some(&data), progress)?;
    for directory in [data.keys(), data.crls(), data.path().join("log")] {
        sync_dir(&directory)?;
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
    let store = open(&settings).await?;
    let books = Books {
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
    drop(lock);
    staging.finish()?;
    Ok(done.report(&data, &target, backup, warnings))
}

async fn open(settings: &Settings) -> Result<LogStore, BackupError> {
    let (path, options) = (settings.data.path().to_owned(), settings.store_options());
    let opening = tokio::task::spawn_blocking(move || LogStore::open(&path, options));
    let (store, _report) = opening.await.map_err(|_lost| BackupError::Interrupted)??;
    Ok(store)
}

/// Refuses a directory that holds anything; what an interrupted restore left is removed.
fn prove_empty(target: &DataDir) -> Result<(), BackupError> {
    let not_empty = || BackupError::NotEmpty {
        data: target.path().to_owned(),
    };
    let entries = match std::fs::read_dir(target.path()) {
        Ok(entries) => entries,
        Err(source) if source.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(source) => {
            return Err(BackupError::Unreadable {
                path: target.path().to_owned(),
                source,
            });
        }
    };
    let mut left = Vec::new();
    for entry in entries {
        let path = entry.map_err(BackupError::Input)?.path();
        if path.file_name().is_some_and(is_unfinished) {
            left.push(path);
        } else if let Err(held @ LockError::Held { .. }) = if_locked(target) {
            return Err(held.into());
        } else {
            return Err(not_empty());
        }
    }
    for path in left {
        let _alone = DataDirLock::take(&DataDir::new(&path))?;
        SystemFiles
            .remove_dir_all(&path)
            .map_err(|source| BackupError::Unreadable { path, source })?;
    }
    Ok(())
}

fn is_unfinished(name: &std::ffi::OsStr) -> bool {
    name.to_str()
        .is_some_and(|name| name.starts_with(&format!(".{WORD}.")))
}

/// Tells whether a server runs on a directory; it makes no lock file where none is.
fn if_locked(data: &DataDir) -> Result<(), LockError> {
    if data.lock_file().exists() {
        DataDirLock::take(data).map(drop)
    } else {
        Ok(())
    }
}

/// An open store that was just put back.
struct Books<'a> {
    settings: &'a Settings,
    store: &'a LogStore,
    passphrase: &'a Passphrase,
    now: UnixTime,
}

struct Done {
    plan: Plan,
    admin: Recovered,
    removed_actors: Vec<String>,
    unseen_since: UnixTime,
    lost_since: Option<UnixTime>,
}

impl Done {
    fn report(
        self,
        data: &DataDir,
        target: &DataDir,
        backup: VerifiedBackup,
        mut warnings: Vec<String>,
    ) -> RestoredBackup {
        let Self {
            plan,
            mut admin,
            removed_actors,
            unseen_since,
            lost_since,
        } = self;
        if let Ok(below) = admin.profile_file.strip_prefix(data.path()) {
            admin.profile_file = target.path().join(below);
        }
        warnings.extend(warnings_of(&plan, unseen_since));
        let issuers = plan.lists.iter().map(|list| RestoredIssuer {
            issuer_id: list.issuer.to_string(),
            has_crl: !plan.missing.contains(&list.issuer),
            crl_number: list.number,
            reapplied: list.revoked.len(),
        });
        RestoredBackup {
            data: target.path().to_owned(),
            backup,
            unseen_since: unseen_since.to_string(),
            lost_since: lost_since.map(|time| time.to_string()),
            issuers: issuers.collect(),
            removed_actors,
            revoked_issuers: plan
                .revoked_issuers
                .iter()
                .map(ToString::to_string)
                .collect(),
            unseen_serials: plan.unseen.iter().map(ToString::to_string).collect(),
            admin,
            warnings,
        }
    }
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
        let data = &self.settings.data;
        let plan = plan(self.store, data, &options.published, self.now).await?;
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
        for lists in in_leaves(&plan.lists) {
            self.commit(vec![Change::Restored(Restored {
                leaves: manifest.leaves,
                root: head.root,
                lost_since,
                lists,
            })])
            .await?;
        }
        for (issuer, octets) in &plan.taken {
            atomic_write(&self.settings.data.crl_file(issuer), octets, 0o644)?;
        }
        for row in self.store.issuers().await? {
            if row.class != IssuerClass::Root && plan.missing.contains(&row.id) {
                forget_crl(&self.settings.data.crl_file(&row.id))?;
            }
        }
        for issuer in &plan.revoked_issuers {
            self.commit(vec![Change::IssuerStateChanged(IssuerStateChanged {
                issuer: issuer.clone(),
                state: IssuerState::Revoked,
            })])
            .await?;
        }
        // The server makes its TLS key and certificate at its first start.
        create_private_dir(&self.settings.data.tls())?;
        let admin = add_admin(self.settings, self.store, self.passphrase, self.now).await?;
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
            unseen_since: last,
            lost_since,
        })
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

/// Removes a CRL that is older than one that was published: the server signs a new one at its start.
fn forget_crl(path: &Path) -> Result<(), BackupError> {
    match SystemFiles.remove(path) {
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

fn warnings_of(plan: &Plan, since: UnixTime) -> Vec<String> {
    let mut warnings = vec![format!(
        "certificates issued after {since} are valid and not in this store: let their holders hand them in with \
         `ca-client audit submit`"
    )];
    if let Some(control) = &plan.last_control {
        warnings.push(format!(
            "the root has revoked {control}, the only control CA of the backup: make another at once with `ca-client \
             issuer create --class control`, activate it, and retire this one"
        ));
    }
    if !plan.missing.is_empty() {
        let names: Vec<&str> = plan
            .missing
            .iter()
            .map(ca_types::IssuerId::as_str)
            .collect();
        warnings.push(format!(
            "what {} revoked after {since} is valid again, and actors that were removed since may call: revoke and \
             remove them again",
            names.join(", ")
        ));
    }
    warnings
}

/// The word in the names of unfinished directories.
const WORD: &str = "restore";
const LEAF_OCTETS: usize = 40_000;
const LIST_OCTETS: usize = 300;
const REVOCATION_OCTETS: usize = 40;
const REVOCATIONS: usize = 500;

impl RestoredBackup {
    /// Writes it for a person.
    pub fn text(&self, passphrase_file: Option<&Path>) -> String {
        let mut text = format!(
            "Restored {} leaves, the last of {}, into {}.\n",
            self.backup.leaves,
            self.unseen_since,
            self.data.display()
        );
        for issuer in &self.issuers {
            let word = if issuer.has_crl { "current" } else { "lost" };
            text.push_str(&format!(
                "  {:<24} CRL {word}, goes on behind number {}, {} revocations applied again\n",
                issuer.issuer_id, issuer.crl_number, issuer.reapplied
            ));
        }
        for actor in &self.removed_actors {
            text.push_str(&format!("  actor {actor} had been removed, and is again\n"));
        }
        for issuer in &self.revoked_issuers {
            text.push_str(&format!("  CA {issuer} had been revoked, and is again\n"));
        }
        for serial in &self.unseen_serials {
            text.push_str(&format!(
                "  {serial} is revoked, and its certificate is not in the store\n"
            ));
        }
        let passphrase = passphrase_file
            .map(|file| format!(" --passphrase-file {}", file.display()))
            .unwrap_or_default();
        text.push_str(&format!(
            "Made the admin {}, until {}.\n\nNext:\n  ca-server serve --data {}{passphrase}\n  \
             ca-client --profile-file {} audit submit FILE…\n",
            self.admin.name,
            self.admin.not_after,
            self.data.display(),
            self.admin.profile_file.display()
        ));
        text
    }
}
