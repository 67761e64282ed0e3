//! The stable list of error codes.

use std::fmt;

/// What kind of refusal or failure an error is; stable, for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// A field of the request is missing or malformed.
    InvalidRequest,
    /// A name cannot be certified.
    InvalidName,
    /// The public key or its algorithm is not accepted.
    UnacceptableKey,
    /// The request does not prove possession of the private key.
    ProofOfPossession,
    /// The policy of the profile refuses.
    PolicyRefused,
    /// The certificate would not work on a target that was asked for.
    TargetRefused,
    /// The caller is unknown.
    Unauthenticated,
    /// The caller is known and may not do this.
    PermissionDenied,
    /// Nothing has this serial number, name or identifier.
    NotFound,
    /// A valid certificate or an actor has this name already.
    NameTaken,
    /// The key is certified for another name.
    KeyTaken,
    /// The request id was used for another content.
    RequestIdReused,
    /// More than one thing matches; say which.
    Ambiguous,
    /// The state does not allow it now.
    FailedPrecondition,
    /// A limit of size, number or space is reached.
    ResourceExhausted,
    /// The server cannot do it at the moment; trying again later may help.
    Unavailable,
    /// A fault of the server.
    Internal,
}

impl Code {
    /// All codes.
    pub const ALL: [Self; 17] = [
        Self::InvalidRequest,
        Self::InvalidName,
        Self::UnacceptableKey,
        Self::ProofOfPossession,
        Self::PolicyRefused,
        Self::TargetRefused,
        Self::Unauthenticated,
        Self::PermissionDenied,
        Self::NotFound,
        Self::NameTaken,
        Self::KeyTaken,
        Self::RequestIdReused,
        Self::Ambiguous,
        Self::FailedPrecondition,
        Self::ResourceExhausted,
        Self::Unavailable,
        Self::Internal,
    ];

    /// Returns the word used in output and in gRPC error details.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid-request",
            Self::InvalidName => "invalid-name",
            Self::UnacceptableKey => "unacceptable-key",
            Self::ProofOfPossession => "proof-of-possession",
            Self::PolicyRefused => "policy-refused",
            Self::TargetRefused => "target-refused",
            Self::Unauthenticated => "unauthenticated",
            Self::PermissionDenied => "permission-denied",
            Self::NotFound => "not-found",
            Self::NameTaken => "name-taken",
            Self::KeyTaken => "key-taken",
            Self::RequestIdReused => "request-id-reused",
            Self::Ambiguous => "ambiguous",
            Self::FailedPrecondition => "failed-precondition",
            Self::ResourceExhausted => "resource-exhausted",
            Self::Unavailable => "unavailable",
            Self::Internal => "internal",
        }
    }

    /// Finds the code with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_str() == word)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An error that knows its code and the next step for its reader.
pub trait Hinted: std::error::Error {
    /// Returns the stable code.
    fn code(&self) -> Code;

    /// Returns what the reader can do next, when there is something.
    fn hint(&self) -> Option<String> {
        None
    }
}
