//! Roots and issuing CAs.

use std::fmt;
use std::str::FromStr;

use ca_types::{Code, Days, Hinted, IssuerClass, IssuerId, SerialNumber, UnixTime, Validity};
use ca_verify::{
    Certificate, KeyUsage, LintContext, PublicKey, Purpose, SignatureAlgorithm, lint_certificate,
};
use x509_cert::ext::Extension;

use crate::tbs::{self, Parts};
use crate::{IssuanceError, Issuer, Signer, extensions, sign};

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
    fn from_str(text: &str) -> Result<Self, OrganizationError> {
        let length = text.chars().count();
        if text.trim().is_empty() {
            return Err(OrganizationError::Empty);
        }
        if text.trim() != text || text.chars().any(char::is_control) {
            return Err(OrganizationError::Character {
                name: text.to_owned(),
            });
        }
        if length > MAX_ORGANIZATION {
            return Err(OrganizationError::TooLong {
                name: text.to_owned(),
                length,
                limit: MAX_ORGANIZATION,
            });
        }
        Ok(Self(text.to_owned()))
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
    pub fn issuer_id(self, class: IssuerClass) -> IssuerId {
        format!("{class}-{self}")
            .parse()
            .expect("a class, a year and a number make an issuer id")
    }

    /// Returns the common name of the CA: `Example Fleet VPN Server CA 2026-1`.
    pub fn common_name(self, organization: &Organization, class: IssuerClass) -> String {
        let word = match class {
            IssuerClass::Root => "Root",
            IssuerClass::Router => "Router",
            IssuerClass::VpnServer => "VPN Server",
            IssuerClass::VpnClient => "VPN Client",
            IssuerClass::Control => "Control",
        };
        format!("{organization} {word} CA {self}")
    }
}

impl fmt::Display for Organization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// 64 characters of a common name (`ub-common-name`, RFC 5280 appendix A) less ` VPN Server CA 9999-255`.
const MAX_ORGANIZATION: usize = 41;

const ROOT_VALIDITY: Days = Days(7305);
const ISSUING_VALIDITY: Days = Days(3652);

/// An hour, so that the certificates below may be back-dated from the first minute on.
const BACKDATING_SECONDS: u64 = 3600;

/// Makes the certificate of a root: 20 years, signed by itself.
///
/// # Errors
/// Fails when the certificate does not pass the lint, or the key does not sign.
pub fn issue_root(
    organization: &Organization,
    generation: Generation,
    serial: SerialNumber,
    signer: &dyn Signer,
    now: UnixTime,
) -> Result<Certificate, IssuanceError> {
    let common_name = generation.common_name(organization, IssuerClass::Root);
    let name = tbs::ca_name(organization.as_str(), &common_name)?;
    let key = signer.public_key();
    let parts = Parts {
        serial,
        algorithm: signer.algorithm(),
        issuer: &name,
        validity: validity(now, ROOT_VALIDITY, UnixTime::EPOCH, UnixTime::MAX)?,
        subject: &name,
        public_key: key,
        // macOS and Windows take a root without an authority key identifier for an intermediate.
        extensions: extensions_of_ca(key, &key.subject_key_identifier(), None)?,
    };
    let context = LintContext {
        purpose: Purpose::Root,
        issuer: None,
        algorithm: signer.algorithm(),
    };
    sign(lint_certificate(parts.into_der()?, context)?, signer)
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
    wanted: &IssuingCa<'_>,
    serial: SerialNumber,
    root: &Issuer,
    root_signer: &dyn Signer,
    now: UnixTime,
) -> Result<Certificate, IssuanceError> {
    if wanted.public_key == root.certificate.public_key() {
        return Err(IssuanceError::KeyOfTheRoot);
    }
    let common_name = wanted
        .generation
        .common_name(wanted.organization, wanted.class);
    let algorithm = SignatureAlgorithm::for_key(root.certificate.public_key());
    let authority = root
        .certificate
        .subject_key_identifier()
        .unwrap_or_default();
    let mut extensions = extensions_of_ca(wanted.public_key, authority, Some(0))?;
    extensions.push(extensions::crl_distribution_point(&root.urls.crl)?);
    extensions.push(extensions::ca_issuers(&root.urls.certificate)?);
    let outer = root.certificate.validity();
    let parts = Parts {
        serial,
        algorithm,
        issuer: root.certificate.subject().der(),
        validity: validity(now, ISSUING_VALIDITY, outer.not_before(), outer.not_after())?,
        subject: &tbs::ca_name(wanted.organization.as_str(), &common_name)?,
        public_key: wanted.public_key,
        extensions,
    };
    let context = LintContext {
        purpose: Purpose::IssuingCa,
        issuer: Some(&root.certificate),
        algorithm,
    };
    sign(lint_certificate(parts.into_der()?, context)?, root_signer)
}

/// Returns a validity of whole days that begins an hour ago, and lies between `earliest` and `latest`.
fn validity(
    now: UnixTime,
    length: Days,
    earliest: UnixTime,
    latest: UnixTime,
) -> Result<Validity, IssuanceError> {
    let not_before = now.minus(BACKDATING_SECONDS).max(earliest);
    let not_after = not_before
        .plus(length.seconds().saturating_sub(1))
        .unwrap_or(latest)
        .min(latest);
    Ok(Validity::new(not_before, not_after)?)
}

fn extensions_of_ca(
    key: &PublicKey,
    authority: &[u8],
    path_len: Option<u8>,
) -> Result<Vec<Extension>, IssuanceError> {
    let usage = KeyUsage::KEY_CERT_SIGN.and(KeyUsage::CRL_SIGN);
    Ok(vec![
        extensions::basic_constraints_of_ca(path_len)?,
        extensions::key_usage(usage)?,
        extensions::subject_key_identifier(key)?,
        extensions::authority_key_identifier(authority)?,
    ])
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
