//! The client of Fleet CA: a typed library, and the command line built on it.
#![warn(missing_docs, clippy::missing_errors_doc)]

mod arguments;
mod bundle;
mod ceremony_file;
mod cli;
mod client;
mod commands;
mod download;
mod enrollment;
mod error;
mod files;
mod json;
mod keys;
mod p12;
mod passphrase;
mod pending;
mod printer;
mod program;
mod report;
mod router;
mod settings;
mod signed_data;

pub use bundle::{Host, Network, Protocol, RevocationCheck, Transport, Vpn, VpnError, VpnName};
pub use client::{
    ActorRecord, AuditEntry, AuditPage, BlockTarget, BlockedKeyRecord, CertificateRecord,
    ChangedIssuer, Client, ClientError, EntryFilter, ExplainParameters, ExplanationRecord,
    HolderProof, IssueParameters, Issued, IssuerRecord, IssuerRequestRecord, ListFilter,
    NameVerdict, Page, PolicyRecord, ProfileRecord, ProvedCheckpoint, RefusalRecord, ReloadRecord,
    Revocation, RevocationTarget, ServerClock, SuccessorParameters, TargetNotice, TreeHead,
    WouldIssue,
};
pub use error::ExitStatus;
pub use files::FileError;
pub use keys::{KeyAlgorithm, KeyError, PrivateKey};
pub use passphrase::{PassphraseError, generate_passphrase, read_passphrase};
pub use printer::Streams;
pub use program::{command_line, run};
pub use settings::{
    CredentialFiles, Environment, ServerAddress, ServerAddressError, Settings, SettingsError,
};
