//! Keys that are opened before it is known which are needed: the key derivation takes its time by design.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use ca_core::Signer;
use ca_store::files::{Files as _, SystemFiles};
use ca_types::Passphrase;
use tokio::task::{JoinHandle, spawn_blocking};

use super::file::{open_key, proved};
use super::{FileSigner, KeyFile, KeyStoreError};
use crate::data_dir::DataDir;

/// The keys of a data directory while they are opened.
#[derive(Debug)]
pub struct KeysAhead {
    passphrase: Arc<Passphrase>,
    opening: BTreeMap<PathBuf, JoinHandle<Result<FileSigner, KeyStoreError>>>,
}

impl KeysAhead {
    /// Begins to open every key that may be one of a CA, each in a thread of its own.
    ///
    /// What is wrong with one is told to who takes it: nobody need want it. It must be called within a runtime.
    pub fn begin(data: &DataDir, passphrase: Arc<Passphrase>) -> Self {
        let names = SystemFiles.list(&data.keys()).unwrap_or_default();
        let paths = names.into_iter().map(|name| data.keys().join(name));
        let opening = paths
            .filter(|path| path.extension().is_some_and(|ending| ending == "key"))
            .filter(|path| *path != data.log_key() && path.is_file())
            .map(|path| {
                let (file, passphrase) = (path.clone(), Arc::clone(&passphrase));
                let opened = spawn_blocking(move || open_key(&file, &passphrase));
                (path, opened)
            })
            .collect();
        Self {
            passphrase,
            opening,
        }
    }

    /// Waits for the key of a CA; one that was not there is tried again.
    ///
    /// # Errors
    /// Fails when it does not open, or is not the key of its certificate.
    pub async fn take(&mut self, file: &KeyFile) -> Result<Arc<dyn Signer>, KeyStoreError> {
        let opened = match self.opening.remove(&file.path) {
            Some(opening) => opening.await.map_err(|_lost| KeyStoreError::Lost)?,
            None => open_key(&file.path, &self.passphrase),
        };
        proved(opened?, file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::atomic::{atomic_write, create_private_dir};
    use crate::keystore::{KeyKind, PrivateKey, write_key};

    #[tokio::test]
    async fn what_is_wrong_with_a_key_is_told_to_who_takes_it() {
        let home = tempfile::tempdir().unwrap();
        let data = DataDir::new(home.path());
        create_private_dir(&data.keys()).unwrap();
        let passphrase = Arc::new(Passphrase::from_file_content("right".into()));
        let (key, other) = (p256(), p256());
        let file = |id: &str, key: &PrivateKey| KeyFile {
            issuer: id.parse().unwrap(),
            path: data.key_file(&id.parse().unwrap()),
            public_key: key.signer().unwrap().public_key().clone(),
        };
        let [good, mixed, broken, missing] =
            ["good", "mixed", "broken", "missing"].map(|id| file(id, &key));
        write_key(&good.path, &key, &passphrase).unwrap();
        write_key(&mixed.path, &other, &passphrase).unwrap();
        atomic_write(&broken.path, b"no key", 0o600).unwrap();

        let mut ahead = KeysAhead::begin(&data, passphrase);
        let opened = ahead.take(&good).await.unwrap();
        assert_eq!(*opened.public_key(), good.public_key);
        let refused = ahead.take(&mixed).await.unwrap_err();
        assert!(matches!(refused, KeyStoreError::NotOfCertificate { path } if path == mixed.path));
        let refused = ahead.take(&broken).await.unwrap_err();
        assert!(matches!(refused, KeyStoreError::NotAKey { path, .. } if path == broken.path));
        let refused = ahead.take(&missing).await.unwrap_err();
        assert!(matches!(refused, KeyStoreError::Unreadable { path, .. } if path == missing.path));
    }

    fn p256() -> PrivateKey {
        PrivateKey::generate(KeyKind::P256).unwrap()
    }
}
