//! Certificates (RFC 5280 §4).

mod outline;

use std::net::IpAddr;

use ca_types::{
    Code, Fingerprint, GeneralName, Hinted, SerialError, SerialNumber, Validity, ValidityError,
};
use spki::ObjectIdentifier;

use crate::extension::{
    AuthorityKeyIdentifier, BasicConstraints, ca_issuers, distribution_points, extended_key_usage,
    subject_key_identifier,
};
use crate::public_key::sha256;
use crate::signed::Signed;
use crate::tbs_certificate::TbsCertificate;
use crate::{
    AlternativeName, DistinguishedName, KeyError, KeyUsage, MalformedDer, PublicKey,
    SignatureAlgorithm, SignatureError, oid, pem,
};
pub use outline::CertificateOutline;

/// The longest certificate that is read: 64 KiB.
pub const MAX_CERTIFICATE_OCTETS: usize = 65_536;

/// A certificate, parsed strictly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    der: Box<[u8]>,
    tbs: Box<[u8]>,
    signature: Box<[u8]>,
    algorithm: SignatureAlgorithm,
    serial: Box<[u8]>,
    issuer: DistinguishedName,
    subject: DistinguishedName,
    validity: Validity,
    public_key: PublicKey,
    extensions: KnownExtensions,
}

/// The extensions that are read; the lint judges the others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct KnownExtensions {
    sans: Vec<GeneralName>,
    addresses_as_dns_names: Vec<IpAddr>,
    has_foreign_sans: bool,
    key_usage: Option<KeyUsage>,
    extended_key_usage: Vec<ObjectIdentifier>,
    basic_constraints: Option<BasicConstraints>,
    subject_key_identifier: Option<Box<[u8]>>,
    authority_key_identifier: Option<Box<[u8]>>,
    crl_urls: Vec<String>,
    ca_issuer_urls: Vec<String>,
}

impl Certificate {
    /// Parses a certificate; BER, trailing octets and keys that are not accepted are refused.
    ///
    /// # Errors
    /// Fails on anything that is not one certificate in DER with a key that this CA accepts.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        if der.len() > MAX_CERTIFICATE_OCTETS {
            return Err(CertificateError::TooLong { octets: der.len() });
        }
        let signed = Signed::read(der, "certificate")?;
        let tbs = TbsCertificate::read(signed.content)?;
        if tbs.signature_algorithm != signed.algorithm {
            return Err(CertificateError::AlgorithmsDiffer);
        }
        let algorithm = SignatureAlgorithm::from_identifier_der(signed.algorithm)
            .ok_or(CertificateError::UnknownAlgorithm)?;
        if let Some(twice) = tbs.extensions.duplicate() {
            return Err(CertificateError::DuplicateExtension(twice.to_string()));
        }
        Ok(Self {
            der: der.into(),
            tbs: signed.content.into(),
            signature: signed.signature.into(),
            algorithm,
            serial: tbs.serial.into(),
            issuer: DistinguishedName::read(tbs.issuer)?,
            subject: DistinguishedName::read(tbs.subject)?,
            validity: Validity::new(tbs.not_before.value, tbs.not_after.value)?,
            public_key: PublicKey::from_spki_der(tbs.public_key)?,
            extensions: KnownExtensions::read(&tbs)?,
        })
    }

    /// Parses one certificate in PEM or DER.
    ///
    /// # Errors
    /// Fails when there is not exactly one certificate.
    pub fn from_pem_or_der(octets: &[u8]) -> Result<Self, CertificateError> {
        let der = pem::only_object(octets, &[LABEL]).ok_or(CertificateError::NotOne)?;
        Self::from_der(&der)
    }

    /// Parses the certificates of a PEM file in their order; other objects between them are refused.
    ///
    /// # Errors
    /// Fails when there is none, or anything else.
    pub fn chain_from_pem(pem: &[u8]) -> Result<Vec<Self>, CertificateError> {
        let objects = std::str::from_utf8(pem)
            .ok()
            .and_then(|text| pem::objects(text, &[LABEL]))
            .filter(|objects| !objects.is_empty())
            .ok_or(CertificateError::NoChain)?;
        objects.iter().map(|der| Self::from_der(der)).collect()
    }

    /// Parses any number of certificates in PEM, or one in DER.
    ///
    /// # Errors
    /// Fails when there is none, or anything else.
    pub fn all_from_pem_or_der(octets: &[u8]) -> Result<Vec<Self>, CertificateError> {
        if octets.starts_with(b"-----") {
            Self::chain_from_pem(octets)
        } else {
            Self::from_der(octets).map(|certificate| vec![certificate])
        }
    }

    /// Returns the DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Writes the certificate as PEM, with a final newline.
    pub fn to_pem(&self) -> String {
        pem::encode(LABEL, &self.der)
    }

    /// Returns the exact octets of the `TBSCertificate`.
    pub fn tbs_der(&self) -> &[u8] {
        &self.tbs
    }

    /// Returns the content octets of the serial number.
    pub fn serial_octets(&self) -> &[u8] {
        &self.serial
    }

    /// Returns the serial number.
    ///
    /// # Errors
    /// Fails when it is longer than this CA's serial numbers are, or negative.
    pub fn serial(&self) -> Result<SerialNumber, SerialError> {
        SerialNumber::from_der_octets(&self.serial)
    }

    /// Returns the SHA-256 of the DER.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::from(sha256(&self.der))
    }

    /// Returns the issuer.
    pub fn issuer(&self) -> &DistinguishedName {
        &self.issuer
    }

    /// Returns the subject.
    pub fn subject(&self) -> &DistinguishedName {
        &self.subject
    }

    /// Returns when it is valid.
    pub fn validity(&self) -> Validity {
        self.validity
    }

    /// Returns the public key.
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// Returns the subject alternative names of the three forms that this CA issues, in their order.
    pub fn sans(&self) -> &[GeneralName] {
        &self.extensions.sans
    }

    /// Returns the addresses that stand in a `dNSName`, as Windows wants it of gateways.
    pub fn addresses_as_dns_names(&self) -> &[IpAddr] {
        &self.extensions.addresses_as_dns_names
    }

    /// Tells whether there are subject alternative names that this CA would not issue.
    pub fn has_foreign_sans(&self) -> bool {
        self.extensions.has_foreign_sans
    }

    /// Returns the key usage; `None` when the extension is absent.
    pub fn key_usage(&self) -> Option<KeyUsage> {
        self.extensions.key_usage
    }

    /// Returns the extended key usage; empty when the extension is absent.
    pub fn extended_key_usage(&self) -> &[ObjectIdentifier] {
        &self.extensions.extended_key_usage
    }

    /// Returns the basic constraints; `None` when the extension is absent.
    pub fn basic_constraints(&self) -> Option<BasicConstraints> {
        self.extensions.basic_constraints
    }

    /// Tells whether the subject is a CA.
    pub fn is_ca(&self) -> bool {
        self.extensions
            .basic_constraints
            .is_some_and(|constraints| constraints.ca)
    }

    /// Returns the subject key identifier.
    pub fn subject_key_identifier(&self) -> Option<&[u8]> {
        self.extensions.subject_key_identifier.as_deref()
    }

    /// Returns the key identifier of the issuer.
    pub fn authority_key_identifier(&self) -> Option<&[u8]> {
        self.extensions.authority_key_identifier.as_deref()
    }

    /// Returns the URLs of the CRL distribution points.
    pub fn crl_urls(&self) -> &[String] {
        &self.extensions.crl_urls
    }

    /// Returns the URLs of the issuer's certificate (`caIssuers`).
    pub fn ca_issuer_urls(&self) -> &[String] {
        &self.extensions.ca_issuer_urls
    }

    /// Returns the algorithm of its signature.
    pub fn signature_algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    /// Returns the octets of its signature.
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// Verifies that the key of `issuer` signed this certificate, and that the names chain; nothing else.
    ///
    /// # Errors
    /// Fails when the issuer's subject is not byte-identical to this issuer, or the signature does not verify.
    pub fn verify_signed_by(&self, issuer: &Self) -> Result<(), IssuedByError> {
        if self.issuer.der() != issuer.subject.der() {
            return Err(IssuedByError::OtherName {
                issuer: self.issuer.to_string(),
                ca: issuer.subject.to_string(),
            });
        }
        issuer
            .public_key
            .verify(&self.tbs, &self.signature, self.algorithm)
            .map_err(|source| IssuedByError::Signature {
                ca: issuer.subject.to_string(),
                source,
            })
    }
}

impl KnownExtensions {
    fn read(tbs: &TbsCertificate<'_>) -> Result<Self, MalformedDer> {
        let mut known = Self::default();
        for extension in &tbs.extensions.0 {
            let value = extension.value;
            match extension.oid {
                oid::SUBJECT_ALT_NAME => known.sort(AlternativeName::read_all(value)?),
                oid::KEY_USAGE => known.key_usage = Some(KeyUsage::read(value)?),
                oid::EXTENDED_KEY_USAGE => known.extended_key_usage = extended_key_usage(value)?,
                oid::BASIC_CONSTRAINTS => {
                    known.basic_constraints = Some(BasicConstraints::read(value)?);
                }
                oid::SUBJECT_KEY_IDENTIFIER => {
                    known.subject_key_identifier = Some(subject_key_identifier(value)?.into());
                }
                oid::AUTHORITY_KEY_IDENTIFIER => {
                    known.authority_key_identifier = AuthorityKeyIdentifier::read(value)?
                        .key_identifier
                        .map(Into::into);
                }
                oid::CRL_DISTRIBUTION_POINTS => {
                    known.crl_urls = owned(distribution_points(value)?.urls);
                }
                oid::AUTHORITY_INFO_ACCESS => {
                    known.ca_issuer_urls = owned(ca_issuers(value)?.urls);
                }
                _ => {}
            }
        }
        Ok(known)
    }

    fn sort(&mut self, names: Vec<AlternativeName>) {
        for name in names {
            match name {
                AlternativeName::Issuable(name) => self.sans.push(name),
                AlternativeName::AddressAsDns(address) => self.addresses_as_dns_names.push(address),
                AlternativeName::Foreign(_) => self.has_foreign_sans = true,
            }
        }
    }
}

fn owned(urls: Vec<&str>) -> Vec<String> {
    urls.into_iter().map(str::to_owned).collect()
}

const LABEL: &str = "CERTIFICATE";

/// Why octets are no certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// Not DER of a certificate.
    #[error("not a certificate in DER: {0}")]
    Malformed(#[from] MalformedDer),
    /// Longer than a certificate may be.
    #[error("certificate has {octets} octets, the limit is {MAX_CERTIFICATE_OCTETS}")]
    TooLong {
        /// How many octets came.
        octets: usize,
    },
    /// Not one certificate.
    #[error("wanted one certificate, in PEM or DER, and nothing else")]
    NotOne,
    /// Not a list of certificates.
    #[error("wanted one or more certificates in PEM, and nothing else")]
    NoChain,
    /// A key that is not accepted.
    #[error("certificate has an unacceptable key: {0}")]
    Key(#[from] KeyError),
    /// The end of the validity lies before its start.
    #[error("certificate has an impossible validity: {0}")]
    Validity(#[from] ValidityError),
    /// An algorithm that this build does not verify.
    #[error(
        "certificate is signed with an unknown algorithm: wanted SHA-2 with RSA PKCS#1 v1.5 or ECDSA"
    )]
    UnknownAlgorithm,
    /// The algorithm inside is not the one outside (RFC 5280 §4.1.1.2).
    #[error("certificate names one signature algorithm inside and another outside")]
    AlgorithmsDiffer,
    /// The same extension twice.
    #[error("certificate has the extension {0} twice")]
    DuplicateExtension(String),
}

impl Hinted for CertificateError {
    fn code(&self) -> Code {
        match self {
            Self::Key(_) => Code::UnacceptableKey,
            Self::Malformed(_)
            | Self::TooLong { .. }
            | Self::NotOne
            | Self::NoChain
            | Self::Validity(_)
            | Self::UnknownAlgorithm
            | Self::AlgorithmsDiffer
            | Self::DuplicateExtension(_) => Code::InvalidRequest,
        }
    }
}

/// Why one certificate is not issued by another.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IssuedByError {
    /// The names do not chain byte for byte (RFC 5280 §4.1.2.4).
    #[error("issuer is `{issuer}`, the CA is `{ca}`")]
    OtherName {
        /// The issuer that is named.
        issuer: String,
        /// The CA that was tried.
        ca: String,
    },
    /// The signature does not hold.
    #[error("not signed by `{ca}`")]
    Signature {
        /// The CA that was tried.
        ca: String,
        /// Why.
        source: SignatureError,
    },
}
