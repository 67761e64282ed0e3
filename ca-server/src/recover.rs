//! The last admin can always come back, from the console of the server only.

use std::path::PathBuf;

use ca_core::{Issuer, IssuerUrls};
use ca_store::files::{Files, SystemFiles};
use ca_store::{CaStore, IssuerRow, LogStore, StoreError};
use ca_types::{
    ActorName, Clock, Code, Hinted, IssuerClass, IssuerState, Passphrase, SystemEntropy, UnixTime,
};
use ca_verify::{Certificate, CertificateError, Change, Console, Entry, Origin};
use serde::Serialize;

use crate::admin_profile::AdminProfile;
use crate::atomic::{AtomicWriteError, create_private_dir_by, sync_dir_by};
use crate::credential::{Credential, CredentialError};
use crate::keystore::{KeyFile, KeyStoreError, load_keys, settle_keys};
use crate::lock::{DataDirLock, LockError};
use crate::settings::Settings;
use crate::settings_version::{last_version, record_settings};

/// A new admin.
#[derive(Debug, Clone, Serialize)]
pub struct Recovered {
    /// Its name among the actors.
    pub name: String,
    /// Its profile file for `ca-client`.
    pub profile_file: PathBuf,
    /// The serial number of its certificate.
    pub serial: String,
    /// The last second of its certificate.
    pub not_after: String,
}

/// Makes a new admin; those who are there stay. The server must be stopped.
///
/// # Errors
/// Fails when the server runs, the key of the control CA does not open, or a file cannot be written.
pub async fn recover(
    settings: &Settings,
    passphrase: &Passphrase,
    clock: &dyn Clock,
) -> Result<Recovered, RecoverError> {
    let data = &settings.data;
    let _lock = DataDirLock::take(data)?;
    settle_keys(data)?;
    let (store, _report) = LogStore::open(data.path(), settings.store_options())?;
    let recovered = add_admin(&SystemFiles, settings, (&store, passphrase), clock.now()).await;
    // The store blocks while it closes.
    tokio::task::spawn_blocking(move || store.close())
        .await
        .map_err(|_lost| RecoverError::Interrupted)?;
    recovered
}

/// Makes a new admin in an open store, by way of these files.
pub(crate) async fn add_admin(
    files: &dyn Files,
    settings: &Settings,
    (store, passphrase): (&LogStore, &Passphrase),
    now: UnixTime,
) -> Result<Recovered, RecoverError> {
    let data = &settings.data;
    let issuer = control_issuer(settings, store.issuers().await?)?;
    let file = KeyFile {
        issuer: issuer.id.clone(),
        path: data.key_file(&issuer.id),
        public_key: issuer.certificate.public_key().clone(),
    };
    let signers = load_keys(&[file], passphrase)?;
    let signer = signers.get(&issuer.id).ok_or(RecoverError::NoControlCa)?;

    let (name, profile, directory) = free_name(settings, store, now).await?;
    let (credential, actor) =
        Credential::for_admin(&name, &issuer, signer.as_ref(), now, &mut SystemEntropy)?;
    // The key comes first: a directory that cannot be written must not cost an actor.
    let admins = data.admin();
    if !admins.is_dir() {
        // It was moved away, as it should be.
        create_private_dir_by(files, &admins)?;
        sync_dir_by(files, data.path())?;
    }
    create_private_dir_by(files, &directory)?;
    sync_dir_by(files, &admins)?;
    profile.write_key(files, &credential.key)?;
    let origin = Origin {
        actor: None,
        address: Console::TYPED.to_owned(),
        request: None,
        settings: settings.digest,
    };
    let last = last_version(store).await?;
    record_settings(store, last, settings, now).await?;
    let changes = vec![
        Change::ActorAdded(actor),
        Change::Issued(credential.issued.clone()),
    ];
    store
        .commit(Entry {
            time: now,
            origin,
            changes,
        })
        .await?;
    profile.write(
        files,
        &credential.certificate,
        &issuer.certificate,
        settings,
    )?;
    let row = credential
        .certificate
        .serial()
        .map_err(|_foreign| RecoverError::Interrupted)?;
    Ok(Recovered {
        name: name.to_string(),
        profile_file: profile.file(),
        serial: row.to_string(),
        not_after: credential.certificate.validity().not_after().to_string(),
    })
}

/// Finds the newest control CA.
fn control_issuer(settings: &Settings, rows: Vec<IssuerRow>) -> Result<Issuer, RecoverError> {
    let newest = rows
        .into_iter()
        .rfind(|row| row.class == IssuerClass::Control && row.state == IssuerState::Active);
    let row = newest.ok_or(RecoverError::NoControlCa)?;
    Ok(Issuer {
        urls: IssuerUrls::below(&settings.publish_url.to_string(), &row.id),
        certificate: Certificate::from_der(&row.certificate)?,
        id: row.id,
        class: row.class,
        trust_domain: row.trust_domain,
    })
}

/// Finds a name that no actor, no valid certificate and no directory has: admin, admin-2, admin-3, …
async fn free_name(
    settings: &Settings,
    store: &LogStore,
    now: UnixTime,
) -> Result<(ActorName, AdminProfile, PathBuf), RecoverError> {
    let actors = store.actors().await?;
    for number in 1..=MOST_ADMINS {
        let text = if number == 1 {
            "admin".to_owned()
        } else {
            format!("admin-{number}")
        };
        let name: ActorName = text.parse().map_err(|_source| RecoverError::NoName)?;
        let directory = settings.data.admin().join(name.as_str());
        let is_taken = actors.iter().any(|row| row.actor.name == name)
            || directory.symlink_metadata().is_ok()
            || !store
                .valid_for_name(name.as_str(), None, now)
                .await?
                .is_empty();
        if !is_taken {
            return Ok((
                name,
                AdminProfile::in_directory(directory.clone()),
                directory,
            ));
        }
    }
    Err(RecoverError::NoName)
}

const MOST_ADMINS: u32 = 1_000;

/// Why no admin came back.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// The server runs.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The log.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no CA for admins.
    #[error("the log names no control CA")]
    NoControlCa,
    /// Its certificate does not parse.
    #[error("the certificate of the control CA does not parse")]
    Certificate(#[from] CertificateError),
    /// Its key.
    #[error(transparent)]
    Key(#[from] KeyStoreError),
    /// The new certificate.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// A file.
    #[error(transparent)]
    Write(#[from] AtomicWriteError),
    /// Every name that would do is taken.
    #[error("the names admin to admin-{MOST_ADMINS} are all taken")]
    NoName,
    /// The process ends.
    #[error("stopped before the admin was made")]
    Interrupted,
}

impl Hinted for RecoverError {
    fn code(&self) -> Code {
        match self {
            Self::Lock(error) => error.code(),
            Self::Store(error) => error.code(),
            Self::Key(error) => error.code(),
            Self::Credential(error) => error.code(),
            Self::Write(error) => error.code(),
            Self::NoName => Code::ResourceExhausted,
            Self::NoControlCa | Self::Certificate(_) | Self::Interrupted => Code::Internal,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Lock(error) => error.hint(),
            Self::Store(error) => error.hint(),
            Self::Key(error) => error.hint(),
            Self::Credential(error) => error.hint(),
            Self::Write(error) => error.hint(),
            Self::NoName => Some("remove admins with `ca-client actor remove`".to_owned()),
            Self::NoControlCa | Self::Certificate(_) | Self::Interrupted => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;
    use std::path::Path;

    use ca_types::FakeClock;

    use super::*;
    use crate::crash::{check_crashes, each_crash};
    use crate::data_dir::DataDir;
    use crate::init::tests::{NOW, make, options};
    use crate::passphrase::read_passphrase;

    #[tokio::test]
    async fn every_recovery_makes_one_more_admin_and_keeps_the_former_files() {
        let home = tempfile::tempdir().unwrap();
        let options = options(home.path());
        let settings = make(&options).await;
        let passphrase = read_passphrase(&options.passphrase_file).unwrap();
        let former = fs::read(settings.data.admin().join("admin.key")).unwrap();
        let clock = FakeClock::at(NOW.parse().unwrap());
        for name in ["admin-2", "admin-3"] {
            // The certificates before it have ended, which is when a recovery is needed; their actors are still there.
            clock.advance(200 * 86_400);
            let recovered = Box::pin(recover(&settings, &passphrase, &clock))
                .await
                .unwrap();
            assert_eq!(recovered.name, name);
            assert_eq!(
                recovered.profile_file,
                settings.data.admin().join(name).join("client.toml")
            );
        }
        assert_eq!(
            fs::read(settings.data.admin().join("admin.key")).unwrap(),
            former
        );
        let (store, _report) =
            LogStore::open(settings.data.path(), settings.store_options()).unwrap();
        let actors = store.actors().await.unwrap();
        let names: Vec<&str> = actors.iter().map(|row| row.actor.name.as_str()).collect();
        assert_eq!(names, ["admin", "admin-2", "admin-3"]);
    }

    #[tokio::test]
    async fn a_running_server_and_a_wrong_passphrase_are_refused_and_nothing_changes() {
        let home = tempfile::tempdir().unwrap();
        let options = options(home.path());
        let settings = make(&options).await;
        let clock = FakeClock::at(NOW.parse().unwrap());
        let wrong = Passphrase::from_file_content(b"wrong".to_vec());
        let error = Box::pin(recover(&settings, &wrong, &clock))
            .await
            .unwrap_err();
        assert!(
            matches!(
                error,
                RecoverError::Key(KeyStoreError::WrongPassphrase { .. })
            ),
            "{error}"
        );
        let _server = DataDirLock::take(&settings.data).unwrap();
        let passphrase = read_passphrase(&options.passphrase_file).unwrap();
        let error = Box::pin(recover(&settings, &passphrase, &clock))
            .await
            .unwrap_err();
        assert!(
            matches!(error, RecoverError::Lock(LockError::Held { .. })),
            "{error}"
        );
        assert_eq!(
            ca_store::inspect(settings.data.path()).unwrap().head.size,
            3
        );
        assert!(!settings.data.admin().join("admin-2").exists());
    }

    fn profiles(data: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
        let directory = DataDir::new(data).admin().join("admin-2");
        let files = fs::read_dir(directory).into_iter().flatten();
        let paths = files.map(|file| file.unwrap().path());
        let read = |path: PathBuf| (path.file_name().unwrap().into(), fs::read(path).unwrap());
        paths.map(read).collect()
    }

    #[test]
    fn a_crash_behind_a_recovery_leaves_its_profile_and_one_in_it_no_broken_file() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        check_crashes(60, &mut |files| {
            let home = tempfile::tempdir().unwrap();
            let options = options(home.path());
            let settings = runtime.block_on(make(&options));
            let passphrase = read_passphrase(&options.passphrase_file).unwrap();
            let data = settings.data.path();
            // As the manual says; the directory is made anew.
            fs::rename(settings.data.admin(), home.path().join("elsewhere")).unwrap();
            let (store, _report) = LogStore::open(data, settings.store_options()).unwrap();
            let now = NOW.parse().unwrap();
            let adding = add_admin(&files, &settings, (&store, &passphrase), now);
            let recovered = runtime.block_on(adding).unwrap();
            store.close();
            assert_eq!(recovered.name, "admin-2");
            let whole = profiles(data);
            assert_eq!(whole.len(), 4);
            each_crash(&files, (data, 20), &|_new| {}, &mut |found| {
                let left = profiles(found.dir);
                let broken = left.iter().find(|(name, octets)| {
                    let is_finished = !name.as_os_str().as_encoded_bytes().starts_with(b".");
                    is_finished && whole.get(*name) != Some(*octets)
                });
                if let Some((name, _octets)) = broken {
                    return Err(format!("{} is broken", name.display()));
                }
                if found.is_done && left != whole {
                    return Err(format!("only {:?} is left", left.keys()));
                }
                Ok(())
            })
        });
    }
}
