//! Makes a CA: everything is proved first, built aside, and put in place at the end.

use std::path::PathBuf;

use ca_core::{IssuanceError, OrganizationError};
use ca_store::StoreError;
use ca_types::{Code, Hinted, IssuerClass, IssuerId, NameError, UnixTime};
use serde::Serialize;

use crate::atomic::AtomicWriteError;
use crate::credential::CredentialError;
use crate::data_dir::DataDir;
use crate::keystore::{KeyKindError, KeyStoreError};
use crate::passphrase::PassphraseError;
use crate::settings::{PublishUrlError, SettingsError};

mod build;
mod farewell;
mod founding;
mod plan;
mod settings_file;
mod staging;

pub use farewell::farewell;
pub use plan::{InitOptions, InitPlan};

/// What was made.
#[derive(Debug, Clone, Serialize)]
pub struct InitReport {
    /// The data directory.
    pub data: PathBuf,
    /// The CAs, the root first.
    pub issuers: Vec<MadeIssuer>,
    /// The profile file of the admin.
    pub admin_profile: PathBuf,
    /// The folder that must be moved away.
    pub root_offline: PathBuf,
    /// What the admin should know.
    pub warnings: Vec<String>,
}

/// A CA that was made.
#[derive(Debug, Clone, Serialize)]
pub struct MadeIssuer {
    /// Its identifier.
    #[serde(serialize_with = "as_text")]
    pub issuer_id: IssuerId,
    /// What it issues for.
    #[serde(serialize_with = "as_text")]
    pub class: IssuerClass,
    /// The last second of its certificate.
    #[serde(serialize_with = "as_text")]
    pub not_after: UnixTime,
    /// The SHA-256 of its certificate.
    pub fingerprint: String,
}

fn as_text<T: std::fmt::Display, S: serde::Serializer>(
    value: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

/// Why no CA was made.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// Something is there.
    #[error("{} is not empty: wanted a directory that is absent or empty", data.display())]
    NotEmpty {
        /// The directory.
        data: PathBuf,
    },
    /// The place is no directory, or cannot be looked at.
    #[error("cannot make a data directory at {}: {source}", data.display())]
    Place {
        /// The directory.
        data: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The name of the organization.
    #[error("--organization: {0}")]
    Organization(#[from] OrganizationError),
    /// The publish URL.
    #[error("--publish-url: {0}")]
    PublishUrl(#[from] PublishUrlError),
    /// A domain or server name.
    #[error("{option}: {source}")]
    Name {
        /// The option.
        option: &'static str,
        /// What is wrong with it.
        source: NameError,
    },
    /// A server name of a form that no server has.
    #[error("--server-name: `{name}` is an e-mail address: wanted a DNS name or an IP address")]
    ServerName {
        /// What came.
        name: String,
    },
    /// A listener address.
    #[error("{option}: `{}`: wanted ADDRESS:PORT, such as {example}", came.escape_default())]
    Address {
        /// The option.
        option: &'static str,
        /// What came.
        came: String,
        /// What would do.
        example: &'static str,
    },
    /// Two listeners at one address.
    #[error("{first} and {second} are both {address}: wanted an address for each")]
    SameAddress {
        /// An option.
        first: &'static str,
        /// Another option.
        second: &'static str,
        /// The address.
        address: std::net::SocketAddr,
    },
    /// The key algorithm.
    #[error("--key-algorithm: {0}")]
    KeyKind(#[from] KeyKindError),
    /// A passphrase.
    #[error(transparent)]
    Passphrase(#[from] PassphraseError),
    /// The settings that were written are not accepted.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// A key.
    #[error(transparent)]
    Key(#[from] KeyStoreError),
    /// A thread that made a key ended early.
    #[error("a key was not made: its thread ended early")]
    Lost,
    /// A certificate or CRL.
    #[error(transparent)]
    Issuance(#[from] IssuanceError),
    /// A certificate for the server or the admin.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// The log.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file.
    #[error(transparent)]
    Write(#[from] AtomicWriteError),
    /// The clock stands where nothing can be valid.
    #[error("the clock says {0}: wanted a time at which a CA can begin")]
    Clock(UnixTime),
}

impl InitError {
    fn place(data: &DataDir, source: std::io::Error) -> Self {
        Self::Place {
            data: data.path().to_owned(),
            source,
        }
    }
}

impl Hinted for InitError {
    fn code(&self) -> Code {
        match self {
            Self::NotEmpty { .. }
            | Self::PublishUrl(_)
            | Self::Address { .. }
            | Self::SameAddress { .. }
            | Self::KeyKind(_) => Code::InvalidRequest,
            Self::Organization(_) | Self::Name { .. } | Self::ServerName { .. } => {
                Code::InvalidName
            }
            Self::Place { .. } | Self::Clock(_) => Code::FailedPrecondition,
            Self::Lost => Code::Internal,
            Self::Passphrase(error) => error.code(),
            Self::Settings(error) => error.code(),
            Self::Key(error) => error.code(),
            Self::Issuance(error) => error.code(),
            Self::Credential(error) => error.code(),
            Self::Store(error) => error.code(),
            Self::Write(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NotEmpty { .. } => Some("name another directory; nothing is ever overwritten".to_owned()),
            Self::Place { data, source } => Some(match source.kind() {
                std::io::ErrorKind::NotFound => {
                    format!("make {} first", crate::atomic::parent_of(data).display())
                }
                _ => "name a directory that is absent or empty, below one that you may write to".to_owned(),
            }),
            Self::Organization(_) => {
                Some("the name stands in front of words such as `VPN Server CA 2026-1`, 64 characters in all".to_owned())
            }
            Self::PublishUrl(error) => error.hint(),
            Self::Name { option: DOMAIN, .. } => Some("a domain is written as example.net".to_owned()),
            Self::Name { .. } | Self::ServerName { .. } => {
                Some("name the server as clients call it: ca.example.net, localhost or 192.0.2.1".to_owned())
            }
            Self::Address { .. } => Some("0.0.0.0 means every address of this machine".to_owned()),
            Self::SameAddress { .. } => Some("choose another port for one of them".to_owned()),
            Self::KeyKind(_) => Some("rsa3072 is what every device of a fleet reads".to_owned()),
            Self::Clock(_) => Some("set the clock of this machine first".to_owned()),
            Self::Lost => None,
            Self::Passphrase(error) => error.hint(),
            Self::Settings(error) => error.hint(),
            Self::Key(error) => error.hint(),
            Self::Issuance(error) => error.hint(),
            Self::Credential(error) => error.hint(),
            Self::Store(error) => error.hint(),
            Self::Write(error) => error.hint(),
        }
    }
}

const DOMAIN: &str = "--domain";
