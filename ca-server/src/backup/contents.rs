//! What a backup holds beside the log, and whether a CA can be made of it again.

use std::collections::BTreeMap;
use std::path::Path;

use ca_store::{CrlRow, IssuerRow, LogCheck};
use ca_types::{IssuerClass, IssuerId};
use ca_verify::{Certificate, CertificateList};
use der::Decode as _;
use pkcs8::EncryptedPrivateKeyInfoRef;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::BackupError;
use super::manifest::{Kind, MARK, Manifest, SETTINGS, hex, kind_of};
use super::notes::Notes;
use crate::settings::Settings;

/// A backup that was read from end to end, and of which a CA can be made again.
#[derive(Debug, Clone, Serialize)]
pub struct VerifiedBackup {
    /// When it was made.
    pub created: String,
    /// The identity of the log.
    pub log_id: String,
    /// How many leaves of the log are in it.
    pub leaves: u64,
    /// The root hash over them.
    pub root: String,
    /// How many of them its checkpoint signs; none without a checkpoint.
    pub signed_leaves: Option<u64>,
    /// The time of the last leaf.
    pub last_time: String,
    /// How many octets its members have.
    pub octets: u64,
    /// The CAs.
    pub issuers: Vec<KeptIssuer>,
}

/// A CA in a backup.
#[derive(Debug, Clone, Serialize)]
pub struct KeptIssuer {
    /// Its identifier.
    pub issuer_id: String,
    /// Whether its encrypted key is in the backup; that of a root never is.
    pub has_key: bool,
    /// The number of its last CRL that the log knows.
    pub last_crl: Option<u64>,
}

/// The small members of a backup.
#[derive(Debug, Default)]
pub(super) struct Contents {
    pub(super) settings: Vec<u8>,
    keys: Vec<IssuerId>,
    crls: BTreeMap<IssuerId, Vec<u8>>,
    pub(super) notes: Notes,
}

impl Contents {
    /// Looks at a small member and keeps what is needed of it.
    pub(super) fn take(&mut self, name: &str, octets: Vec<u8>) -> Result<(), BackupError> {
        let id = || {
            let stem = Path::new(name).file_stem().and_then(|stem| stem.to_str());
            stem.and_then(|stem| stem.parse::<IssuerId>().ok())
                .ok_or_else(|| BackupError::unsound(name, "it is of no CA"))
        };
        match kind_of(name) {
            Some(Kind::Settings) => self.settings = octets,
            Some(Kind::Key) => {
                prove_encrypted(&octets).map_err(|what| BackupError::unsound(name, what))?;
                self.keys.push(id()?);
            }
            Some(Kind::Crl) => {
                self.crls.insert(id()?, octets);
            }
            Some(Kind::Note) => self.notes.take(name, octets)?,
            Some(Kind::Mark) if octets != MARK.as_bytes() => {
                return Err(BackupError::unsound(name, "it is another mark"));
            }
            Some(Kind::Mark | Kind::Segment) | None => {}
        }
        Ok(())
    }

    /// Proves that a CA can be made of the members and the log.
    pub(super) fn prove(
        &self,
        manifest: &Manifest,
        log: &LogCheck,
    ) -> Result<VerifiedBackup, BackupError> {
        Settings::parse(Path::new(SETTINGS), &self.settings)?;
        let log_id = log.log_id().map(|id| id.to_string()).unwrap_or_default();
        let head = log.head();
        if (log_id.as_str(), head.size, hex(&head.root).as_str())
            != (
                manifest.log_id.as_str(),
                manifest.leaves,
                manifest.root.as_str(),
            )
        {
            let what = format!(
                "the log has {} leaves, or others than the manifest says",
                head.size
            );
            return Err(BackupError::unsound("log", what));
        }
        let issuers = log.issuers();
        if !issuers.iter().any(|row| row.class == IssuerClass::Control) {
            return Err(BackupError::unsound("log", "it names no control CA"));
        }
        let mut kept = Vec::new();
        for row in &issuers {
            let has_key = self.keys.contains(&row.id);
            if row.class != IssuerClass::Root && !has_key {
                let place = format!("keys/{}.key", row.id);
                return Err(BackupError::unsound(&place, "the key of a CA is missing"));
            }
            let last = log.last_crl(&row.id);
            self.prove_crl(row, last)?;
            kept.push(KeptIssuer {
                issuer_id: row.id.to_string(),
                has_key,
                last_crl: last.map(|last| last.number),
            });
        }
        let has_log_key = self.keys.iter().any(|id| id.as_str() == "log");
        if log.log_key().is_some() && !has_log_key {
            let what = "the key of the log is missing";
            return Err(BackupError::unsound("keys/log.key", what));
        }
        let signed_leaves = self.notes.prove(log)?;
        let time = |time: Option<ca_types::UnixTime>| {
            time.map(|time| time.to_string()).unwrap_or_default()
        };
        Ok(VerifiedBackup {
            created: time(manifest.created()),
            log_id,
            leaves: head.size,
            root: manifest.root.clone(),
            signed_leaves,
            last_time: time(log.last_time()),
            octets: manifest.members.iter().map(|member| member.octets).sum(),
            issuers: kept,
        })
    }

    /// A kept CRL is signed by its CA; that of a root must be the last or a newer one, since no server signs another.
    fn prove_crl(&self, row: &IssuerRow, last: Option<&CrlRow>) -> Result<(), BackupError> {
        let place = format!("crl/{}.crl", row.id);
        let unsound = |what: String| BackupError::unsound(&place, what);
        let Some(octets) = self.crls.get(&row.id) else {
            if row.class == IssuerClass::Root {
                return Err(unsound("the CRL of a root is missing".to_owned()));
            }
            return Ok(());
        };
        let ca = Certificate::from_der(&row.certificate).map_err(|e| unsound(e.to_string()))?;
        let crl = CertificateList::from_der(octets).map_err(|e| unsound(e.to_string()))?;
        crl.verify_signed_by(&ca)
            .map_err(|e| unsound(e.to_string()))?;
        let digest: [u8; 32] = Sha256::digest(octets).into();
        let is_last = last.is_some_and(|last| last.sha256 == digest || crl.number() > last.number);
        if row.class == IssuerClass::Root && !is_last {
            return Err(unsound(
                "it is older than the CRL that the log names last, or another one".to_owned(),
            ));
        }
        Ok(())
    }
}

/// Proves that octets are a key in PEM that nobody reads without its passphrase.
pub(super) fn prove_encrypted(octets: &[u8]) -> Result<(), String> {
    let (label, der) = der::pem::decode_vec(octets).map_err(|error| error.to_string())?;
    if label != "ENCRYPTED PRIVATE KEY" {
        return Err(format!("a key that is not encrypted, `{label}`"));
    }
    EncryptedPrivateKeyInfoRef::from_der(&der)
        .map(|_encrypted| ())
        .map_err(|error| error.to_string())
}
