//! Revocation reasons (RFC 5280 §5.3.1).

use std::fmt;
use std::str::FromStr;

/// Why a certificate was revoked; the numbers are those of `CRLReason`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RevocationReason {
    /// No reason given: the extension is left out of the CRL entry.
    Unspecified,
    /// The private key is, or may be, in other hands.
    KeyCompromise,
    /// The name or other facts in the certificate are no longer true.
    AffiliationChanged,
    /// Another certificate took its place.
    Superseded,
    /// The device or person is gone.
    CessationOfOperation,
    /// The right to the certificate was withdrawn.
    PrivilegeWithdrawn,
}

impl RevocationReason {
    /// All reasons that this CA gives, in the order of their numbers.
    pub const ALL: [Self; 6] = [
        Self::Unspecified,
        Self::KeyCompromise,
        Self::AffiliationChanged,
        Self::Superseded,
        Self::CessationOfOperation,
        Self::PrivilegeWithdrawn,
    ];

    /// Returns the number of the `CRLReason`.
    pub fn number(self) -> u8 {
        match self {
            Self::Unspecified => 0,
            Self::KeyCompromise => 1,
            Self::AffiliationChanged => 3,
            Self::Superseded => 4,
            Self::CessationOfOperation => 5,
            Self::PrivilegeWithdrawn => 9,
        }
    }

    /// Finds the reason with this number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|reason| reason.number() == number)
    }

    /// Returns the word used on the command line: `key-compromise`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::KeyCompromise => "key-compromise",
            Self::AffiliationChanged => "affiliation-changed",
            Self::Superseded => "superseded",
            Self::CessationOfOperation => "cessation-of-operation",
            Self::PrivilegeWithdrawn => "privilege-withdrawn",
        }
    }
}

impl fmt::Display for RevocationReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for RevocationReason {
    type Err = UnknownReason;

    fn from_str(text: &str) -> Result<Self, UnknownReason> {
        Self::ALL
            .into_iter()
            .find(|reason| reason.as_str() == text)
            .ok_or_else(|| UnknownReason(text.to_owned()))
    }
}

/// A word that names no revocation reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "revocation reason `{0}`: wanted unspecified, key-compromise, affiliation-changed, superseded, \
     cessation-of-operation or privilege-withdrawn"
)]
pub struct UnknownReason(String);
