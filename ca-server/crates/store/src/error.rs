//! Why the store refuses, or cannot.

use std::path::PathBuf;

use ca_types::{
    ActorName, Code, Hinted, IssuerId, IssuerState, KeyId, ProfileName, RequestId, SerialError,
    SerialNumber,
};
use ca_verify::{CertificateError, EntryError};

/// Why an entry did not become a leaf, or a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A valid certificate of this profile has the name.
    #[error("name `{name}` has a valid certificate of profile {profile}: serial {serial}")]
    NameTaken {
        /// The NAME.
        name: String,
        /// The profile.
        profile: ProfileName,
        /// The certificate that holds the name.
        serial: SerialNumber,
    },
    /// The key was certified for another name.
    #[error("the public key is certified for `{name}`")]
    KeyTaken {
        /// The NAME that the key belongs to.
        name: String,
    },
    /// The key is on the block list.
    #[error("public key {0} is blocked")]
    KeyBlocked(KeyId),
    /// The key is not on the block list.
    #[error("public key {0} is not blocked")]
    UnknownBlockedKey(KeyId),
    /// The serial number was used.
    #[error("serial number {0} was used before")]
    SerialUsed(SerialNumber),
    /// The request id was used for another content.
    #[error("request id {0} was used for another request")]
    RequestIdReused(RequestId),
    /// No certificate has this serial number.
    #[error("no certificate has serial number {0}")]
    UnknownCertificate(SerialNumber),
    /// The certificate can have no successor.
    #[error("certificate {serial} {what}, so nothing can succeed it")]
    CannotSucceed {
        /// The certificate that was to be succeeded.
        serial: SerialNumber,
        /// What stands against it.
        what: &'static str,
    },
    /// Too many certificates of one line are valid at once.
    #[error(
        "certificate {serial} is the last of more than {limit} in a line, of which {oldest} is still valid"
    )]
    LineTooLong {
        /// The certificate that was to be succeeded.
        serial: SerialNumber,
        /// How many certificates of a line may be valid at once.
        limit: usize,
        /// One further back that is still valid.
        oldest: SerialNumber,
    },
    /// The name has got a certificate that the author of the entry did not see.
    #[error("name `{name}` has got certificate {serial} meanwhile")]
    Unseen {
        /// The NAME.
        name: String,
        /// The certificate.
        serial: SerialNumber,
    },
    /// The certificate is revoked already.
    #[error("certificate {0} is revoked already")]
    AlreadyRevoked(SerialNumber),
    /// An actor has this name or key.
    #[error("an actor named `{0}`, or with its key, exists")]
    ActorExists(ActorName),
    /// No actor has this key.
    #[error("no actor has key {0}")]
    UnknownActor(KeyId),
    /// Nobody could administer the CA any more.
    #[error("actor `{0}` is the last admin")]
    LastAdmin(ActorName),
    /// The issuer id was used.
    #[error("issuer id `{0}` was used before")]
    IssuerExists(IssuerId),
    /// No issuer has this id.
    #[error("no issuer has id `{0}`")]
    UnknownIssuer(IssuerId),
    /// The CA issues nothing at the moment, or never again.
    #[error("`{issuer}` is {state} and issues nothing")]
    IssuerDoesNotIssue {
        /// The issuer.
        issuer: IssuerId,
        /// What it is.
        state: IssuerState,
    },
    /// The request for this CA was withdrawn.
    #[error("the request for `{0}` was withdrawn")]
    Withdrawn(IssuerId),
    /// The CA cannot come from its state into another.
    #[error("`{issuer}` is {state}, so it cannot become {wanted}")]
    IssuerState {
        /// The issuer.
        issuer: IssuerId,
        /// What it is.
        state: IssuerState,
        /// What it was to be.
        wanted: IssuerState,
    },
    /// A CRL number that does not go up.
    #[error("CRL number {number} of `{issuer}` is not higher than {last}")]
    CrlNumber {
        /// The issuer.
        issuer: IssuerId,
        /// The number that was wanted.
        number: u64,
        /// The last number.
        last: u64,
    },
    /// The entry cannot be written or read as a leaf.
    #[error("log entry")]
    Entry(#[from] EntryError),
    /// The certificate in an entry cannot be read.
    #[error("certificate in a log entry")]
    Certificate(#[from] CertificateError),
    /// The certificate in an entry has a serial number of another form than ours.
    #[error("certificate in a log entry")]
    Serial(#[from] SerialError),
    /// Another process, or another part of this one, has the store open.
    #[error("{}: in use by another process", .0.display())]
    InUse(PathBuf),
    /// The operating system refused a file.
    #[error("{}: {action}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// The log is damaged before its end.
    #[error("{}: damaged at octet {offset}: {what}", path.display())]
    Damaged {
        /// The segment file.
        path: PathBuf,
        /// Where in the file.
        offset: u64,
        /// What is wrong there.
        what: String,
    },
    /// The file was written by a newer build, or is no file of ours.
    #[error("{}: {what}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What was found.
        what: String,
    },
    /// A leaf that cannot follow the ones before it.
    #[error("the leaf {0}")]
    Contradiction(String),
    /// A write or sync failed earlier; nothing more is accepted until a restart.
    #[error("the log stopped after a failed write: {0}")]
    Stopped(String),
    /// The store is shutting down.
    #[error("the store is shutting down")]
    Closed,
}

impl Hinted for StoreError {
    fn code(&self) -> Code {
        match self {
            Self::NameTaken { .. } | Self::ActorExists(_) => Code::NameTaken,
            Self::KeyTaken { .. } => Code::KeyTaken,
            Self::KeyBlocked(_) => Code::UnacceptableKey,
            Self::RequestIdReused(_) => Code::RequestIdReused,
            Self::UnknownCertificate(_)
            | Self::UnknownActor(_)
            | Self::UnknownIssuer(_)
            | Self::UnknownBlockedKey(_) => Code::NotFound,
            Self::AlreadyRevoked(_)
            | Self::CannotSucceed { .. }
            | Self::LineTooLong { .. }
            | Self::LastAdmin(_)
            | Self::IssuerExists(_)
            | Self::IssuerDoesNotIssue { .. }
            | Self::IssuerState { .. }
            | Self::Withdrawn(_) => Code::FailedPrecondition,
            Self::Entry(EntryError::TooLong { .. }) => Code::ResourceExhausted,
            Self::File { source, .. } if is_full(source) || is_out_of_files(source) => {
                Code::ResourceExhausted
            }
            Self::Stopped(_) | Self::Closed | Self::InUse(_) | Self::Unseen { .. } => {
                Code::Unavailable
            }
            Self::SerialUsed(_)
            | Self::Contradiction(_)
            | Self::CrlNumber { .. }
            | Self::Entry(_)
            | Self::Certificate(_)
            | Self::Serial(_)
            | Self::File { .. }
            | Self::Damaged { .. }
            | Self::Format { .. } => Code::Internal,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NameTaken { .. } => Some(
                "`ca-client rekey --cert FILE` makes a successor beside it; --replace revokes it in the same step; \
                 or revoke it first"
                    .to_owned(),
            ),
            Self::KeyTaken { .. } => Some("make a new key for every name".to_owned()),
            Self::KeyBlocked(_) => {
                Some("make a new key; `ca-client blocked-key list` says why this one is blocked".to_owned())
            }
            Self::UnknownBlockedKey(_) => {
                Some("`ca-client blocked-key list` shows what is".to_owned())
            }
            Self::RequestIdReused(_) => Some("draw a new request id for a new request".to_owned()),
            Self::CannotSucceed { .. } => {
                Some("issue a certificate without a predecessor".to_owned())
            }
            Self::LineTooLong { .. } => Some(
                "revoke the older certificates of the name, with reason superseded".to_owned(),
            ),
            Self::Unseen { .. } => Some("send the request again".to_owned()),
            Self::InUse(_) => Some("stop the server that uses the data directory".to_owned()),
            Self::IssuerDoesNotIssue { .. } => {
                Some("send the request again: another CA of the class may issue".to_owned())
            }
            Self::Withdrawn(_) => Some("make a new one with `issuer create`".to_owned()),
            Self::IssuerState { .. } => {
                Some("`issuer list` shows the states; retired and revoked are for ever".to_owned())
            }
            Self::LastAdmin(_) => Some("add another admin first".to_owned()),
            Self::Stopped(_) => Some(
                "look at the disk and at the messages of the kernel, then restart the server".to_owned(),
            ),
            Self::Damaged { .. } => {
                Some("`ca-server store verify` names every damage; put a copy of the data directory back, \
                 or save what is sound with `ca-server store salvage`".to_owned())
            }
            Self::Format { .. } => Some("start the build that wrote it, or a newer one".to_owned()),
            Self::File { source, .. } => hint_of(source).map(str::to_owned),
            Self::SerialUsed(_)
            | Self::Contradiction(_)
            | Self::UnknownCertificate(_)
            | Self::AlreadyRevoked(_)
            | Self::ActorExists(_)
            | Self::UnknownActor(_)
            | Self::IssuerExists(_)
            | Self::UnknownIssuer(_)
            | Self::CrlNumber { .. }
            | Self::Entry(_)
            | Self::Certificate(_)
            | Self::Serial(_)
            | Self::Closed => None,
        }
    }
}

impl StoreError {
    /// Tells whether it failed for want of room.
    pub(crate) fn is_full(&self) -> bool {
        matches!(self, Self::File { source, .. } if is_full(source))
    }

    /// Says the same to another caller.
    pub(crate) fn copy(&self) -> Self {
        if let Self::Stopped(why) = self {
            return Self::Stopped(why.clone());
        }
        let Self::File {
            path,
            action,
            source,
        } = self
        else {
            return Self::Stopped(self.to_string());
        };
        Self::File {
            path: path.clone(),
            action,
            source: source
                .raw_os_error()
                .map_or_else(|| source.kind().into(), std::io::Error::from_raw_os_error),
        }
    }
}

/// Says what helps against what the operating system refused.
pub fn hint_of(source: &std::io::Error) -> Option<&'static str> {
    let kind = source.kind();
    if kind == std::io::ErrorKind::StorageFull {
        Some("free space on the disk of the data directory")
    } else if kind == std::io::ErrorKind::QuotaExceeded {
        Some("raise the disk quota of the user that the server runs as, or free some of it")
    } else if kind == std::io::ErrorKind::ReadOnlyFilesystem {
        Some(
            "the disk of the data directory is mounted read-only: the kernel does so after errors; look at its \
             messages, mend or replace the disk, then restart the server",
        )
    } else if is_out_of_files(source) {
        Some("raise the limit of open files: LimitNOFILE in the unit file, or `ulimit -n`")
    } else {
        None
    }
}

/// Tells whether the process or the machine has no file descriptor left.
pub(crate) fn is_out_of_files(error: &std::io::Error) -> bool {
    let code = error.raw_os_error();
    [rustix::io::Errno::MFILE, rustix::io::Errno::NFILE]
        .iter()
        .any(|none_left| code == Some(none_left.raw_os_error()))
}

/// Tells whether there is no room on the disk.
pub(crate) fn is_full(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded
    )
}
