//! The client of Fleet CA: a typed library, and the command line built on it.
#![warn(missing_docs, clippy::missing_errors_doc)]

mod client;
mod files;
mod keys;
mod passphrase;
mod settings;

pub use client::{
    ActorRecord, AuditEntry, AuditPage, CertificateRecord, Client, ClientError, HolderProof,
    IssueParameters, Issued, IssuerRecord, ListFilter, Page, Revocation, RevocationTarget,
    SuccessorParameters, TreeHead,
};
pub use files::FileError;
pub use keys::{KeyAlgorithm, KeyError, PrivateKey};
pub use passphrase::{PassphraseError, generate_passphrase, read_passphrase};
pub use settings::{
    CredentialFiles, Environment, ServerAddress, ServerAddressError, Settings, SettingsError,
};
