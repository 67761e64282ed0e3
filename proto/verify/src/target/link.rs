//! One certificate of a chain, read leniently: a key that this CA refuses is just what a target may mind.

use spki::ObjectIdentifier;

use crate::der_reader::{DerReader, MalformedDer, tag};
use crate::extension::{
    AuthorityKeyIdentifier, BasicConstraints, Extension, distribution_points, extended_key_usage,
    subject_key_identifier,
};
use crate::tbs_certificate::TbsCertificate;
use crate::{AlternativeName, DistinguishedName, KeyUsage, oid};

use super::key::{Key, SignatureKind};

/// One certificate of a chain, as far as targets mind.
#[derive(Debug, Clone)]
pub struct ChainLink {
    /// How long the whole certificate is.
    pub(super) octets: usize,
    pub(super) subject: DistinguishedName,
    pub(super) issuer: DistinguishedName,
    pub(super) key: Key,
    pub(super) signature: SignatureKind,
    pub(super) seconds: u64,
    pub(super) names: Vec<AlternativeName>,
    pub(super) key_usage: Option<KeyUsage>,
    pub(super) purposes: Option<Vec<ObjectIdentifier>>,
    pub(super) basic_constraints: Option<BasicConstraints>,
    pub(super) subject_key_identifier: Option<Box<[u8]>>,
    pub(super) authority_key_identifier: Option<Box<[u8]>>,
    pub(super) crl_urls: Vec<String>,
    /// All extensions, and whether each is critical.
    pub(super) extensions: Vec<(ObjectIdentifier, bool)>,
}

impl ChainLink {
    /// Reads the DER of a certificate.
    pub(super) fn from_der(der: &[u8]) -> Result<Self, MalformedDer> {
        let mut reader = DerReader::new(der, "certificate");
        let mut fields = reader.sequence("certificate")?;
        reader.finish()?;
        let tbs = fields.expect_element(tag::SEQUENCE, "wanted a SEQUENCE")?;
        Self::read(tbs.octets, der.len())
    }

    /// Reads a `TBSCertificate` that `issuer` will sign.
    pub(super) fn from_tbs(tbs: &[u8], issuer: &Self) -> Result<Self, MalformedDer> {
        // Two headers of four octets each, and an algorithm of at most 15.
        let around = issuer.key.signature_octets().saturating_add(24);
        Self::read(tbs, tbs.len().saturating_add(around))
    }

    fn read(tbs: &[u8], octets: usize) -> Result<Self, MalformedDer> {
        let tbs = TbsCertificate::read(tbs)?;
        let (start, end) = (tbs.not_before.value, tbs.not_after.value);
        let mut link = Self {
            octets,
            subject: DistinguishedName::read(tbs.subject)?,
            issuer: DistinguishedName::read(tbs.issuer)?,
            key: Key::read(tbs.public_key)?,
            signature: SignatureKind::read(tbs.signature_algorithm)?,
            seconds: end.since(start).saturating_add(1),
            names: Vec::new(),
            key_usage: None,
            purposes: None,
            basic_constraints: None,
            subject_key_identifier: None,
            authority_key_identifier: None,
            crl_urls: Vec::new(),
            extensions: Vec::with_capacity(tbs.extensions.0.len()),
        };
        for extension in &tbs.extensions.0 {
            link.take(extension)?;
        }
        Ok(link)
    }

    fn take(&mut self, extension: &Extension<'_>) -> Result<(), MalformedDer> {
        self.extensions.push((extension.oid, extension.critical));
        let value = extension.value;
        match extension.oid {
            oid::SUBJECT_ALT_NAME => self.names = AlternativeName::read_all(value)?,
            oid::KEY_USAGE => self.key_usage = Some(KeyUsage::read(value)?),
            oid::EXTENDED_KEY_USAGE => self.purposes = Some(extended_key_usage(value)?),
            oid::BASIC_CONSTRAINTS => {
                self.basic_constraints = Some(BasicConstraints::read(value)?);
            }
            oid::SUBJECT_KEY_IDENTIFIER => {
                self.subject_key_identifier = Some(subject_key_identifier(value)?.into());
            }
            oid::AUTHORITY_KEY_IDENTIFIER => {
                let read = AuthorityKeyIdentifier::read(value)?;
                self.authority_key_identifier = read.key_identifier.map(Into::into);
            }
            oid::CRL_DISTRIBUTION_POINTS => {
                let read = distribution_points(value)?;
                self.crl_urls = read.urls.into_iter().map(str::to_owned).collect();
            }
            _ => {}
        }
        Ok(())
    }

    /// Tells whether it names itself as its issuer, as a root does.
    pub(super) fn is_self_issued(&self) -> bool {
        self.subject.der() == self.issuer.der()
    }

    /// Tells whether the extended key usage names this purpose.
    pub(super) fn has_purpose(&self, purpose: ObjectIdentifier) -> bool {
        self.purposes
            .as_ref()
            .is_some_and(|purposes| purposes.contains(&purpose))
    }
}
