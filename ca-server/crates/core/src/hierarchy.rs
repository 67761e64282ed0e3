//! Roots and issuing CAs.

use std::fmt;
use std::str::FromStr;

use ca_types::{Code, Days, Hinted, IssuerClass, IssuerId, SerialNumber, UnixTime, Validity};
use ca_verify::{
    Certificate, DistinguishedName, KeyUsage, LintContext, Linted, PublicKey, Purpose,
    SignatureAlgorithm, lint_certificate,
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
        let text = plain(text)?;
        let length = text.chars().count();
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

/// Refuses an empty text, blanks at its ends, and control characters.
fn plain(text: &str) -> Result<&str, OrganizationError> {
    if text.trim().is_empty() {
        return Err(OrganizationError::Empty);
    }
    if text.trim() != text || text.chars().any(char::is_control) {
        return Err(OrganizationError::Character {
            name: text.to_owned(),
        });
    }
    Ok(text)
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
        format!("{organization} {} CA {self}", word(class))
    }

    /// Reads class and generation out of the subject of a CA of this organization, with a name of its own or without.
    pub fn of_subject(
        subject: &DistinguishedName,
        organization: &Organization,
    ) -> Option<(IssuerClass, Self)> {
        let common_name = subject.common_name()?;
        let ours = tbs::ca_name(organization.as_str(), common_name).ok()?;
        let rest = common_name.strip_prefix(organization.as_str())?;
        let (name, generation) = rest.rsplit_once(" CA ")?;
        let class = IssuerClass::ALL
            .into_iter()
            .find(|class| name.ends_with(&format!(" {}", word(*class))))?;
        let id = format!("{class}-{generation}").parse().ok()?;
        let generation = Self::of_issuer_id(&id, class)?;
        (ours == subject.der()).then_some((class, generation))
    }

    /// Returns the common name of a CA with a name of its own: `Example Fleet Site Berlin Router CA 2026-2`.
    ///
    /// # Errors
    /// Refuses a name that is empty, has control characters, or makes more than 64 characters of the whole.
    pub fn common_name_of_site(
        self,
        organization: &Organization,
        site: &str,
        class: IssuerClass,
    ) -> Result<String, OrganizationError> {
        let both: Organization = Organization(format!("{organization} {}", plain(site)?));
        let name = self.common_name(&both, class);
        let length = name.chars().count();
        if length > MAX_COMMON_NAME {
            return Err(OrganizationError::TooLong {
                name,
                length,
                limit: MAX_COMMON_NAME,
            });
        }
        Ok(name)
    }

    /// Reads the generation out of the identifier of a CA of this class: `router-2026-2`.
    pub fn of_issuer_id(id: &IssuerId, class: IssuerClass) -> Option<Self> {
        let rest = id
            .as_str()
            .strip_prefix(class.as_str())?
            .strip_prefix('-')?;
        let (year, number) = rest.split_once('-')?;
        let generation = Self {
            year: year.parse().ok()?,
            number: number.parse().ok()?,
        };
        (generation.issuer_id(class) == *id).then_some(generation)
    }

    /// Returns the first generation of a year that none of these CAs has; none when 255 are used.
    pub fn next<'a>(
        year: i16,
        class: IssuerClass,
        used: impl Iterator<Item = &'a IssuerId>,
    ) -> Option<Self> {
        let last = used
            .filter_map(|id| Self::of_issuer_id(id, class))
            .filter(|generation| generation.year == year)
            .map(|generation| generation.number)
            .max()
            .unwrap_or(0);
        Some(Self {
            year,
            number: last.checked_add(1)?,
        })
    }
}

/// Returns the word for a class in the common names of its CAs; none of them ends with another.
fn word(class: IssuerClass) -> &'static str {
    match class {
        IssuerClass::Root => "Root",
        IssuerClass::Router => "Router",
        IssuerClass::VpnServer => "VPN Server",
        IssuerClass::VpnClient => "VPN Client",
        IssuerClass::Control => "Control",
    }
}

impl fmt::Display for Organization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `ub-common-name`, RFC 5280 appendix A.
const MAX_COMMON_NAME: usize = 64;

/// [`MAX_COMMON_NAME`] less ` VPN Server CA 9999-255`.
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
    /// The organization in its subject.
    pub organization: &'a str,
    /// The common name in its subject.
    pub common_name: &'a str,
    /// When it is valid.
    pub validity: Validity,
    /// Its key.
    pub public_key: &'a PublicKey,
}

/// Returns when an issuing CA made now is valid: 10 years, or up to the end of the root.
///
/// # Errors
/// Fails when the root is no longer valid.
pub fn issuing_validity(now: UnixTime, root: &Certificate) -> Result<Validity, IssuanceError> {
    let outer = root.validity();
    validity(now, ISSUING_VALIDITY, outer.not_before(), outer.not_after())
}

/// Makes the certificate of an issuing CA.
///
/// # Errors
/// Fails when the certificate does not pass the lint, or the key does not sign.
pub fn issue_issuing_ca(
    wanted: &IssuingCa<'_>,
    serial: SerialNumber,
    root: &Issuer,
    root_signer: &dyn Signer,
) -> Result<Certificate, IssuanceError> {
    sign(prepare_issuing_ca(wanted, serial, root)?, root_signer)
}

/// Builds the `TBSCertificate` of an issuing CA, and lints it; the same CA and serial number give the same octets.
///
/// # Errors
/// Fails when the key is that of the root, or a lint finds an error.
pub fn prepare_issuing_ca(
    wanted: &IssuingCa<'_>,
    serial: SerialNumber,
    root: &Issuer,
) -> Result<Linted, IssuanceError> {
    if wanted.public_key == root.certificate.public_key() {
        return Err(IssuanceError::KeyOfTheRoot);
    }
    let algorithm = SignatureAlgorithm::for_key(root.certificate.public_key());
    let authority = root
        .certificate
        .subject_key_identifier()
        .unwrap_or_default();
    let mut extensions = extensions_of_ca(wanted.public_key, authority, Some(0))?;
    extensions.push(extensions::crl_distribution_point(&root.urls.crl)?);
    extensions.push(extensions::ca_issuers(&root.urls.certificate)?);
    let parts = Parts {
        serial,
        algorithm,
        issuer: root.certificate.subject().der(),
        validity: wanted.validity,
        subject: &tbs::ca_name(wanted.organization, wanted.common_name)?,
        public_key: wanted.public_key,
        extensions,
    };
    let context = LintContext {
        purpose: Purpose::IssuingCa,
        issuer: Some(&root.certificate),
        algorithm,
    };
    Ok(lint_certificate(parts.into_der()?, context)?)
}

/// Makes the certification request (PKCS#10, RFC 2986) of an issuing CA, in DER.
///
/// # Errors
/// Fails when the name cannot be encoded, or the key does not sign.
pub fn request_issuing_ca(
    organization: &str,
    common_name: &str,
    signer: &dyn Signer,
) -> Result<Vec<u8>, IssuanceError> {
    let subject = tbs::ca_name(organization, common_name)?;
    let content = tbs::request_info(&subject, signer.public_key())?;
    let signature = signer.sign(&content)?;
    Ok(tbs::signed(&content, signer.algorithm(), &signature)?)
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
