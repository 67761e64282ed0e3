//! The keys of the issuing CAs, and the passphrase that encrypts them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use ca_core::Signer;
use ca_store::files::{Files as _, SystemFiles};
use ca_types::{IssuerId, Passphrase};

use super::{FileSigner, KeyFile, KeyKind, KeyStoreError, PrivateKey, load_keys, write_key};
use crate::data_dir::DataDir;

/// Opens the keys of CAs and makes new ones; it keeps the passphrase, and never shows it.
#[derive(Debug, Clone)]
pub struct CaKeys {
    data: DataDir,
    passphrase: Arc<Passphrase>,
}

impl CaKeys {
    /// Takes the data directory and the passphrase of its keys.
    pub fn new(data: DataDir, passphrase: Arc<Passphrase>) -> Self {
        Self { data, passphrase }
    }

    /// Returns the file of a key.
    pub fn file(&self, issuer: &IssuerId) -> PathBuf {
        self.data.key_file(issuer)
    }

    /// Opens keys, as [`load_keys`].
    ///
    /// # Errors
    /// Fails when one does not open, or is not the key of its certificate.
    pub fn load(
        &self,
        files: &[KeyFile],
    ) -> Result<BTreeMap<IssuerId, Arc<dyn Signer>>, KeyStoreError> {
        load_keys(files, &self.passphrase)
    }

    /// Tells whether a CA has a key here, be it one that nobody uses.
    pub fn has(&self, issuer: &IssuerId) -> bool {
        self.file(issuer).symlink_metadata().is_ok()
    }

    /// Removes the key of a CA that never came to be; one that stays behind is told, and harms nobody.
    pub fn remove(&self, issuer: &IssuerId) {
        let file = self.file(issuer);
        if let Err(error) = SystemFiles.remove(&file) {
            tracing::warn!(file = %file.display(), %error, "key of a withdrawn CA not removed");
        }
    }

    /// Makes the key of a new CA; one that is there is never overwritten.
    ///
    /// # Errors
    /// Fails when a key is there already, or none can be made or written.
    pub fn create(&self, issuer: &IssuerId, kind: KeyKind) -> Result<FileSigner, KeyStoreError> {
        let key = PrivateKey::generate(kind)?;
        write_key(&self.file(issuer), &key, &self.passphrase)?;
        key.signer()
    }
}
