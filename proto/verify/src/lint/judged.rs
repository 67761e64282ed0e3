//! A certificate under judgement: everything that the rules look at, read once.

use ca_types::IssuerClass;
use spki::ObjectIdentifier;

use super::{Applies, Purpose};
use crate::alternative_name::Written;
use crate::der_reader::MalformedDer;
use crate::distinguished_name::{Attribute, attributes};
use crate::extension::{
    AuthorityKeyIdentifier, BasicConstraints, Extension, Urls, ca_issuers, distribution_points,
    extended_key_usage, subject_key_identifier,
};
use crate::tbs_certificate::TbsCertificate;
use crate::{AlternativeName, Certificate, KeyError, KeyUsage, PublicKey, SignatureAlgorithm, oid};

/// What stands outside of the `TBSCertificate`, and what is known about it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Surroundings<'a> {
    pub(super) purpose: Purpose,
    pub(super) issuer: Option<&'a Certificate>,
    /// The `AlgorithmIdentifier` outside.
    pub(super) outer: &'a [u8],
}

/// The certificate under judgement.
#[derive(Debug)]
pub(super) struct Judged<'a> {
    pub(super) octets: &'a [u8],
    pub(super) tbs: TbsCertificate<'a>,
    pub(super) purpose: Purpose,
    pub(super) issuer: Option<&'a Certificate>,
    pub(super) outer: &'a [u8],
    pub(super) algorithm: Option<SignatureAlgorithm>,
    pub(super) key: Result<PublicKey, KeyError>,
    pub(super) issuer_name: Result<Vec<Attribute<'a>>, MalformedDer>,
    pub(super) subject: Result<Vec<Attribute<'a>>, MalformedDer>,
    pub(super) sans: Option<Part<Vec<Written<'a>>>>,
    pub(super) key_usage: Option<Part<KeyUsage>>,
    pub(super) extended_key_usage: Option<Part<Vec<ObjectIdentifier>>>,
    pub(super) basic_constraints: Option<Part<BasicConstraints>>,
    pub(super) subject_key_identifier: Option<Part<&'a [u8]>>,
    pub(super) authority_key_identifier: Option<Part<AuthorityKeyIdentifier<'a>>>,
    pub(super) crl_urls: Option<Part<Urls<'a>>>,
    pub(super) access: Option<Part<Urls<'a>>>,
}

/// An extension, read or not readable.
#[derive(Debug)]
pub(super) struct Part<T> {
    pub(super) critical: bool,
    pub(super) value: Result<T, MalformedDer>,
}

impl<'a> Judged<'a> {
    pub(super) fn read(octets: &'a [u8], around: Surroundings<'a>) -> Result<Self, MalformedDer> {
        let tbs = TbsCertificate::read(octets)?;
        let find = |oid| tbs.extensions.find(oid);
        Ok(Self {
            octets,
            purpose: around.purpose,
            issuer: around.issuer,
            outer: around.outer,
            algorithm: SignatureAlgorithm::from_identifier_der(around.outer),
            key: PublicKey::from_spki_der(tbs.public_key),
            issuer_name: attributes(tbs.issuer),
            subject: attributes(tbs.subject),
            sans: part(find(oid::SUBJECT_ALT_NAME), AlternativeName::read_written),
            key_usage: part(find(oid::KEY_USAGE), KeyUsage::read),
            extended_key_usage: part(find(oid::EXTENDED_KEY_USAGE), extended_key_usage),
            basic_constraints: part(find(oid::BASIC_CONSTRAINTS), BasicConstraints::read),
            subject_key_identifier: part(find(oid::SUBJECT_KEY_IDENTIFIER), subject_key_identifier),
            authority_key_identifier: part(
                find(oid::AUTHORITY_KEY_IDENTIFIER),
                AuthorityKeyIdentifier::read,
            ),
            crl_urls: part(find(oid::CRL_DISTRIBUTION_POINTS), distribution_points),
            access: part(find(oid::AUTHORITY_INFO_ACCESS), ca_issuers),
            tbs,
        })
    }

    /// Tells whether a rule for these is about this certificate.
    pub(super) fn is_among(&self, these: Applies) -> bool {
        let is_root = self.purpose == Purpose::Root;
        let is_end_entity = match self.purpose {
            Purpose::EndEntity(_) | Purpose::SomeEndEntity => true,
            Purpose::Root | Purpose::IssuingCa => false,
        };
        match these {
            Applies::Certificates => true,
            Applies::EndEntities => is_end_entity,
            Applies::Authorities => !is_end_entity,
            Applies::IssuingAuthorities => !is_end_entity && !is_root,
            Applies::Roots => is_root,
            Applies::BelowRoot => !is_root,
            Applies::Lists => false,
        }
    }

    /// Returns the class of the issuing CA of an end entity, when it is known.
    pub(super) fn class(&self) -> Option<IssuerClass> {
        match self.purpose {
            Purpose::EndEntity(class) => Some(class),
            Purpose::Root | Purpose::IssuingCa | Purpose::SomeEndEntity => None,
        }
    }

    /// Returns the key that signs, when it is known.
    pub(super) fn signer(&self) -> Option<&PublicKey> {
        match (self.issuer, self.purpose) {
            (Some(issuer), _) => Some(issuer.public_key()),
            (None, Purpose::Root) => self.key.as_ref().ok(),
            (None, Purpose::IssuingCa | Purpose::EndEntity(_) | Purpose::SomeEndEntity) => None,
        }
    }

    /// Returns the attributes of the subject; none when it cannot be read.
    pub(super) fn subject(&self) -> &[Attribute<'a>] {
        self.subject.as_deref().unwrap_or_default()
    }

    /// Returns the common names of the subject.
    pub(super) fn common_names(&self) -> impl Iterator<Item = &Attribute<'a>> {
        let subject = self.subject().iter();
        subject.filter(|attribute| attribute.oid == oid::COMMON_NAME)
    }

    /// Returns the subject alternative names; none when they are absent or cannot be read.
    pub(super) fn sans(&self) -> &[Written<'a>] {
        value(self.sans.as_ref()).map_or(&[], Vec::as_slice)
    }

    /// Returns the purposes of the extended key usage; none when it is absent or cannot be read.
    pub(super) fn purposes(&self) -> &[ObjectIdentifier] {
        value(self.extended_key_usage.as_ref()).map_or(&[], Vec::as_slice)
    }

    /// Returns the key usage, when there is one that can be read.
    pub(super) fn key_usage(&self) -> Option<KeyUsage> {
        value(self.key_usage.as_ref()).copied()
    }

    /// Returns the basic constraints, when there are some that can be read.
    pub(super) fn basic_constraints(&self) -> Option<BasicConstraints> {
        value(self.basic_constraints.as_ref()).copied()
    }

    /// Returns the subject key identifier, when there is one that can be read.
    pub(super) fn subject_key_identifier(&self) -> Option<&'a [u8]> {
        value(self.subject_key_identifier.as_ref()).copied()
    }

    /// Returns the authority key identifier, when there is one that can be read.
    pub(super) fn authority_key_identifier(&self) -> Option<AuthorityKeyIdentifier<'a>> {
        value(self.authority_key_identifier.as_ref()).copied()
    }

    /// Returns the CRL distribution points, when there are some that can be read.
    pub(super) fn crl_urls(&self) -> Option<&Urls<'a>> {
        value(self.crl_urls.as_ref())
    }

    /// Returns the authority information access, when there is one that can be read.
    pub(super) fn access(&self) -> Option<&Urls<'a>> {
        value(self.access.as_ref())
    }

    /// Tells that an extension is absent, or there and not critical.
    pub(super) fn is_not_critical(&self, oid: ObjectIdentifier) -> bool {
        let found = self.tbs.extensions.find(oid);
        found.is_none_or(|extension| !extension.critical)
    }
}

impl<T> Part<T> {
    /// Returns why it cannot be read.
    pub(super) fn error(&self) -> Option<&MalformedDer> {
        self.value.as_ref().err()
    }
}

fn part<'a, T>(
    extension: Option<Extension<'a>>,
    read: impl FnOnce(&'a [u8]) -> Result<T, MalformedDer>,
) -> Option<Part<T>> {
    extension.map(|extension| Part {
        critical: extension.critical,
        value: read(extension.value),
    })
}

fn value<T>(part: Option<&Part<T>>) -> Option<&T> {
    part.and_then(|part| part.value.as_ref().ok())
}
