//! Roots and issuing CAs.

use std::fmt;
use std::str::FromStr;

use ca_types::{Code, Hinted, IssuerClass, IssuerId, SerialNumber, UnixTime};
use ca_verify::{Certificate, PublicKey};

use crate::{IssuanceError, Issuer, Signer};

/// The name of the organization in the names of its CAs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization(String);

impl Organization {
    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Organization {
    type Err = OrganizationError;

    /// Takes a name so short that the longest common name of a CA has at most 64 characters.
    fn from_str(_text: &str) -> Result<Self, OrganizationError> {
        todo!()
    }
}

/// Which CA of its class it is: every generation has a name of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Generation {
    /// The year in which it is made.
    pub year: i16,
    /// Its number in that year, from 1.
    pub number: u8,
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.year, self.number)
    }
}

impl Generation {
    /// Returns the identifier of the CA: `vpn-server-2026-1`.
    pub fn issuer_id(self, _class: IssuerClass) -> IssuerId {
        todo!()
    }

    /// Returns the common name of the CA: `Example Fleet VPN Server CA 2026-1`.
    pub fn common_name(self, _organization: &Organization, _class: IssuerClass) -> String {
        todo!()
    }
}

/// Makes the certificate of a root: 20 years, signed by itself.
///
/// # Errors
/// Fails when the certificate does not pass the lint, or the key does not sign.
pub fn issue_root(
    _organization: &Organization,
    _generation: Generation,
    _serial: SerialNumber,
    _signer: &dyn Signer,
    _now: UnixTime,
) -> Result<Certificate, IssuanceError> {
    todo!()
}

/// The issuing CA that is wanted.
#[derive(Debug, Clone)]
pub struct IssuingCa<'a> {
    /// The name of the organization.
    pub organization: &'a Organization,
    /// Which one of its class.
    pub generation: Generation,
    /// What it issues for; not [`IssuerClass::Root`].
    pub class: IssuerClass,
    /// Its key.
    pub public_key: &'a PublicKey,
}

/// Makes the certificate of an issuing CA: 10 years, or up to the end of the root.
///
/// # Errors
/// Fails when the certificate does not pass the lint, or the key does not sign.
pub fn issue_issuing_ca(
    _wanted: &IssuingCa<'_>,
    _serial: SerialNumber,
    _root: &Issuer,
    _root_signer: &dyn Signer,
    _now: UnixTime,
) -> Result<Certificate, IssuanceError> {
    todo!()
}

/// Why a text is no name of an organization.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OrganizationError {
    /// Nothing, or nothing but blanks.
    #[error("organization: wanted a name")]
    Empty,
    /// So long that the common name of a CA would have more than 64 characters.
    #[error("organization `{name}` has {length} characters: wanted at most {limit}")]
    TooLong {
        /// What came.
        name: String,
        /// Its length.
        length: usize,
        /// The limit.
        limit: usize,
    },
    /// A character that does not belong there.
    #[error("organization `{}`: wanted no control characters, no blanks at its ends", name.escape_default())]
    Character {
        /// What came.
        name: String,
    },
}

impl Hinted for OrganizationError {
    fn code(&self) -> Code {
        Code::InvalidName
    }
}
