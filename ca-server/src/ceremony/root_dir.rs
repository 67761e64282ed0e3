//! The folder of the offline root: keys, certificates, and what was signed with them.

use std::path::{Path, PathBuf};

use ca_core::{Generation, Signer as _};
use ca_types::{Fingerprint, IssuerClass, IssuerId, Passphrase};
use ca_verify::{CeremonyAnswer, Certificate};
use sha2::{Digest as _, Sha256};

use super::CeremonyFailure;
use crate::atomic::{create_private_dir, write_new};
use crate::keystore::{FileSigner, open_key};

/// The folder of the offline roots.
#[derive(Debug, Clone)]
pub struct RootDir(PathBuf);

/// A root in the folder.
#[derive(Debug, Clone)]
pub(super) struct OfflineRoot {
    pub(super) id: IssuerId,
    pub(super) certificate: Certificate,
}

impl RootDir {
    /// Names the folder.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Lists the roots, the oldest first.
    pub(super) fn roots(&self) -> Result<Vec<OfflineRoot>, CeremonyFailure> {
        let mut roots = Vec::new();
        for path in self.files(&self.0)? {
            let Some(id) = id_of(&path, "pem") else {
                continue;
            };
            let certificate = Certificate::from_pem_or_der(&read(&path)?)
                .map_err(|source| CeremonyFailure::Certificate { path, source })?;
            roots.push(OfflineRoot { id, certificate });
        }
        if roots.is_empty() {
            return Err(CeremonyFailure::NoRoot {
                path: self.0.clone(),
            });
        }
        roots.sort_by_key(|root| (root.certificate.validity().not_before(), root.id.clone()));
        Ok(roots)
    }

    pub(super) fn key_file(&self, id: &IssuerId) -> PathBuf {
        self.0.join(format!("{id}.key"))
    }

    pub(super) fn certificate_file(&self, id: &IssuerId) -> PathBuf {
        self.0.join(format!("{id}.pem"))
    }

    /// Opens the key of a root.
    pub(super) fn open(
        &self,
        root: &OfflineRoot,
        passphrase: &Passphrase,
    ) -> Result<FileSigner, CeremonyFailure> {
        let signer = open_key(&self.key_file(&root.id), passphrase)?;
        if signer.public_key() != root.certificate.public_key() {
            return Err(CeremonyFailure::OtherKey(root.id.clone()));
        }
        Ok(signer)
    }

    /// Returns the file that keeps the answer to a request.
    pub(super) fn record_of(&self, request: Fingerprint) -> PathBuf {
        self.records().join(format!("{request}.answer"))
    }

    /// Returns the file that keeps the making of a root.
    pub(super) fn record_of_root(&self, id: &IssuerId) -> PathBuf {
        self.records().join(format!("{id}.answer"))
    }

    /// Keeps an answer; from here on the ceremony has happened.
    pub(super) fn record(&self, path: &Path, file: &str) -> Result<(), CeremonyFailure> {
        if !self.records().is_dir() {
            create_private_dir(&self.records())?;
        }
        Ok(write_new(path, file.as_bytes(), 0o600)?)
    }

    /// Reads all answers that were kept.
    pub(super) fn answers(&self) -> Result<Vec<CeremonyAnswer>, CeremonyFailure> {
        if !self.records().is_dir() {
            return Ok(Vec::new());
        }
        let mut answers = Vec::new();
        for path in self.files(&self.records())? {
            if path.extension().is_some_and(|ending| ending == "answer") {
                answers.push(CeremonyAnswer::read_unverified(&read(&path)?)?);
            }
        }
        Ok(answers)
    }

    fn records(&self) -> PathBuf {
        self.0.join("ceremonies")
    }

    fn files(&self, directory: &Path) -> Result<Vec<PathBuf>, CeremonyFailure> {
        let unreadable = |source| CeremonyFailure::Unreadable {
            path: directory.to_owned(),
            source,
        };
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(directory).map_err(unreadable)? {
            paths.push(entry.map_err(unreadable)?.path());
        }
        paths.sort();
        Ok(paths)
    }
}

/// Reads a file of a ceremony.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, CeremonyFailure> {
    std::fs::read(path).map_err(|source| CeremonyFailure::Unreadable {
        path: path.to_owned(),
        source,
    })
}

pub(super) fn sha256_hex(octets: &[u8]) -> String {
    let digest: [u8; 32] = Sha256::digest(octets).into();
    Fingerprint::from(digest).to_string()
}

/// Returns the root that a file is named for.
fn id_of(path: &Path, ending: &str) -> Option<IssuerId> {
    let name = path.file_name()?.to_str()?;
    let id: IssuerId = name.strip_suffix(ending)?.strip_suffix('.')?.parse().ok()?;
    Generation::of_issuer_id(&id, IssuerClass::Root).map(|_generation| id)
}
