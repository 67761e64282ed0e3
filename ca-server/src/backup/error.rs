//! Why there is no backup, or none is put back.

use std::io;
use std::path::PathBuf;

use ca_store::StoreError;
use ca_types::{Code, Hinted, IssuerId, UnixTime};
use ca_verify::CertificateListError;

use super::LostIssuer;
use crate::atomic::AtomicWriteError;
use crate::keystore::KeyStoreError;
use crate::lock::LockError;
use crate::passphrase::PassphraseError;
use crate::recover::RecoverError;
use crate::settings::SettingsError;

/// Why there is no backup, or none is put back.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The settings.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The log.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file of the data directory cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A key that is not encrypted, or the key of a CA that is missing.
    #[error("{}: {what}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// A file changed while it was copied.
    #[error("{} changed while it was copied", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// A file of the backup cannot be written.
    #[error(transparent)]
    Write(#[from] AtomicWriteError),
    /// The backup cannot be written.
    #[error("the backup cannot be written: {0}")]
    Output(#[source] io::Error),
    /// The backup cannot be read.
    #[error("the backup cannot be read: {0}")]
    Input(#[source] io::Error),
    /// A value that JSON does not hold.
    #[error("the manifest cannot be written: {0}")]
    Encoding(#[source] serde_json::Error),
    /// No backup of ours.
    #[error("no backup of Fleet CA: it does not begin with the manifest of one")]
    Foreign,
    /// A newer build wrote it.
    #[error("backup version {0}, this build knows version {known}", known = super::BACKUP_VERSION)]
    Version(u32),
    /// It ends too early.
    #[error("the backup ends too early")]
    Short,
    /// A part of it is not what it must be.
    #[error("{place}: {what}")]
    Unsound {
        /// The member.
        place: String,
        /// What is wrong.
        what: String,
    },
    /// What was saved of a log, and the files beside it, are too little for a CA.
    #[error("too little is sound for a backup: {place}: {what}")]
    Unsaved {
        /// The member.
        place: String,
        /// What is wrong.
        what: String,
    },
    /// Something is in the target directory.
    #[error("{} is not empty: wanted a directory that is absent or empty", data.display())]
    NotEmpty {
        /// The directory.
        data: PathBuf,
    },
    /// A server runs on the target.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// What was named as a published CRL is none.
    #[error("{source_name}: {source}")]
    NoCrl {
        /// The file or URL.
        source_name: String,
        /// What is wrong with it.
        source: CertificateListError,
    },
    /// A URL that is not fetched: CRLs are published over http.
    #[error("{source_name}: wanted a file, a directory or an http URL")]
    NotHttp {
        /// The URL.
        source_name: String,
    },
    /// A published CRL cannot be fetched.
    #[error("{source_name}: {what}")]
    Fetch {
        /// The file or URL.
        source_name: String,
        /// What happened.
        what: String,
    },
    /// A CRL of nobody in the backup.
    #[error("{source_name}: no CA of the backup signed this CRL of `{issuer}`")]
    ForeignCrl {
        /// The file or URL.
        source_name: String,
        /// Who it says signed it.
        issuer: String,
    },
    /// A CRL that is older than the backup, or another one of the same number.
    #[error(
        "{source_name}: CRL number {number} of `{issuer}` is not current, the backup knows number {last}"
    )]
    OldCrl {
        /// The file or URL.
        source_name: String,
        /// The CA.
        issuer: IssuerId,
        /// Its number.
        number: u64,
        /// The last that the backup knows.
        last: u64,
    },
    /// CRLs of CAs that came after the backup.
    #[error(
        "CRLs of CAs that the backup does not know: {}",
        lost.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    )]
    LostIssuers {
        /// The CAs.
        lost: Vec<LostIssuer>,
    },
    /// CAs whose current CRL was not given.
    #[error(
        "no current CRL of {}: what was revoked since {since} would be valid again",
        list(issuers)
    )]
    MissingCrls {
        /// The CAs.
        issuers: Vec<IssuerId>,
        /// The time of the last leaf in the backup.
        since: UnixTime,
    },
    /// The accepted loss is smaller than the loss.
    #[error("--accept-lost-since {accepted}: everything since {since} is lost")]
    LostMore {
        /// What was accepted.
        accepted: UnixTime,
        /// The time of the last leaf in the backup.
        since: UnixTime,
    },
    /// The passphrase.
    #[error(transparent)]
    Passphrase(#[from] PassphraseError),
    /// A CA key does not open.
    #[error(transparent)]
    KeyStore(#[from] KeyStoreError),
    /// No admin could be made.
    #[error(transparent)]
    Recover(#[from] RecoverError),
    /// The process ends.
    #[error("stopped before the end")]
    Interrupted,
}

fn list(issuers: &[IssuerId]) -> String {
    let names: Vec<&str> = issuers.iter().map(IssuerId::as_str).collect();
    names.join(", ")
}

impl BackupError {
    pub(super) fn unsound(place: &str, what: impl Into<String>) -> Self {
        Self::Unsound {
            place: place.to_owned(),
            what: what.into(),
        }
    }
}

impl Hinted for BackupError {
    fn code(&self) -> Code {
        match self {
            Self::Settings(error) => error.code(),
            Self::Store(StoreError::Damaged { .. }) => Code::InvalidRequest,
            Self::Store(error) => error.code(),
            Self::Write(error) => error.code(),
            Self::Lock(error) => error.code(),
            Self::Passphrase(error) => error.code(),
            Self::KeyStore(error) => error.code(),
            Self::Recover(error) => error.code(),
            Self::Foreign
            | Self::Short
            | Self::Unsound { .. }
            | Self::Unsaved { .. }
            | Self::NotEmpty { .. }
            | Self::NoCrl { .. }
            | Self::ForeignCrl { .. }
            | Self::OldCrl { .. }
            | Self::NotHttp { .. } => Code::InvalidRequest,
            Self::LostIssuers { .. } | Self::MissingCrls { .. } | Self::LostMore { .. } => {
                Code::PolicyRefused
            }
            Self::Unreadable { .. }
            | Self::Key { .. }
            | Self::Changed { .. }
            | Self::Version(_)
            | Self::Output(_)
            | Self::Input(_) => Code::FailedPrecondition,
            Self::Fetch { .. } | Self::Interrupted => Code::Unavailable,
            Self::Encoding(_) => Code::Internal,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Settings(error) => error.hint(),
            Self::Store(error) => error.hint(),
            Self::Write(error) => error.hint(),
            Self::Lock(error) => error.hint(),
            Self::Passphrase(error) => error.hint(),
            Self::KeyStore(error) => error.hint(),
            Self::Recover(error) => error.hint(),
            Self::Foreign | Self::Short | Self::Unsound { .. } => {
                Some("take another backup; `ca-server backup verify` tells whether one is sound".to_owned())
            }
            Self::Unsaved { .. } => Some(
                "put a sound copy of that file into the data directory; if it is the log itself, restore the newest backup"
                    .to_owned(),
            ),
            Self::Version(_) => Some("take the build that wrote it, or a newer one".to_owned()),
            Self::NotEmpty { .. } => {
                Some("name another directory; nothing is ever overwritten. With `ca-server.toml` in it a CA is there already".to_owned())
            }
            Self::Unreadable { .. } | Self::Input(_) => {
                Some("run it as the user who owns the file".to_owned())
            }
            Self::Key { .. } => Some("`ca-server check` says what is wrong with the keys".to_owned()),
            Self::Changed { .. } | Self::Interrupted => Some("repeat the command".to_owned()),
            Self::Output(_) => Some("free some space, or look at the program behind the pipe".to_owned()),
            Self::NoCrl { .. } | Self::ForeignCrl { .. } => {
                Some("give the CRLs of this CA: PUBLISH-URL/crl/ISSUER.crl".to_owned())
            }
            Self::OldCrl { .. } => {
                Some("a cache may hold an older one: take the newest CRL that was ever published".to_owned())
            }
            Self::LostIssuers { .. } => Some(
                "take a newer backup; without one their keys are lost, and --accept-lost-issuers goes on without them: \
                 none of these ids is used again"
                    .to_owned(),
            ),
            Self::NotHttp { .. } => {
                Some("CRLs are published over http; fetch this one yourself and give the file".to_owned())
            }
            Self::Fetch { .. } => {
                Some("a router or a proxy may still have the CRL: give it as a file".to_owned())
            }
            Self::MissingCrls { since, .. } | Self::LostMore { since, .. } => Some(format!(
                "give the newest CRL of each with --published-crl FILE|URL; if they are lost for ever, --accept-lost-since {since}"
            )),
            Self::Encoding(_) => None,
        }
    }
}
