//! Certification requests (PKCS#10, RFC 2986).

use ca_types::{Code, Hinted};
use spki::ObjectIdentifier;

use crate::der_reader::{DerReader, tag};
use crate::extension::{Extensions, extended_key_usage};
use crate::signed::Signed;
use crate::{
    AlternativeName, BasicConstraints, DistinguishedName, KeyError, KeyUsage, MalformedDer,
    PublicKey, SignatureAlgorithm, SignatureError, oid, pem,
};

/// The longest request that is read: 16 KiB.
pub const MAX_REQUEST_OCTETS: usize = 16_384;

/// A certification request whose signature proves possession of its key.
#[derive(Debug, Clone)]
pub struct CertificationRequest {
    der: Box<[u8]>,
    subject: DistinguishedName,
    public_key: PublicKey,
    requested: RequestedExtensions,
}

/// What a request asks for beside its key; nothing of it is copied into a certificate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestedExtensions {
    /// The subject alternative names.
    pub sans: Vec<AlternativeName>,
    /// The key usage.
    pub key_usage: Option<KeyUsage>,
    /// The extended key usage.
    pub extended_key_usage: Option<Vec<ObjectIdentifier>>,
    /// The basic constraints.
    pub basic_constraints: Option<BasicConstraints>,
    /// Extensions and attributes of other kinds, but for attributes that say nothing about the certificate.
    pub others: Vec<ObjectIdentifier>,
}

impl CertificationRequest {
    /// Parses a request, verifies its signature by its own key, and checks the key.
    ///
    /// # Errors
    /// Fails when it is malformed, too long, not signed by its key, or the key is not accepted.
    pub fn from_der(der: &[u8]) -> Result<Self, RequestError> {
        if der.len() > MAX_REQUEST_OCTETS {
            return Err(RequestError::TooLong { octets: der.len() });
        }
        let signed = Signed::read(der, "certification request")?;
        let mut reader = DerReader::new(signed.content, "certification request");
        let mut fields = reader.sequence("certification request")?;
        reader.finish()?;
        if fields.small_integer()? != 0 {
            return Err(fields.error("wanted version 1").into());
        }
        let subject = fields.expect_element(tag::SEQUENCE, "wanted a subject")?;
        let key = fields.expect_element(tag::SEQUENCE, "wanted a public key")?;
        let attributes = fields.expect(tag::context_constructed(0), "wanted attributes")?;
        fields.finish()?;
        let public_key = PublicKey::from_spki_der(key.octets)?;
        public_key.check_strength()?;
        let algorithm = SignatureAlgorithm::from_identifier_der(signed.algorithm)
            .ok_or(RequestError::Algorithm)?;
        public_key
            .verify(signed.content, signed.signature, algorithm)
            .map_err(|error| match error {
                SignatureError::AlgorithmDoesNotFit { .. } => RequestError::Algorithm,
                SignatureError::Wrong => RequestError::ProofOfPossession,
            })?;
        Ok(Self {
            der: der.into(),
            subject: DistinguishedName::read(subject.octets)?,
            public_key,
            requested: RequestedExtensions::read(attributes)?,
        })
    }

    /// Parses one request in PEM or DER, as [`CertificationRequest::from_der`].
    ///
    /// # Errors
    /// Fails as [`CertificationRequest::from_der`].
    pub fn from_pem_or_der(octets: &[u8]) -> Result<Self, RequestError> {
        let der = pem::only_object(octets, &LABELS).ok_or(RequestError::NotPem)?;
        Self::from_der(&der)
    }

    /// Returns the DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Returns the subject.
    pub fn subject(&self) -> &DistinguishedName {
        &self.subject
    }

    /// Returns the public key.
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// Returns what it asks for.
    pub fn requested(&self) -> &RequestedExtensions {
        &self.requested
    }
}

impl RequestedExtensions {
    /// Reads the content of the attributes.
    fn read(attributes: &[u8]) -> Result<Self, RequestError> {
        let mut requested = Self::default();
        let mut seen = Vec::new();
        let mut reader = DerReader::new(attributes, "attributes");
        while !reader.is_at_end() {
            let mut attribute = reader.sequence("attribute")?;
            let kind = attribute.object_identifier()?;
            let values = attribute.expect(tag::SET, "wanted a SET")?;
            attribute.finish()?;
            if seen.contains(&kind) {
                return Err(RequestError::DuplicateAttribute);
            }
            seen.push(kind);
            if kind == oid::EXTENSION_REQUEST {
                let mut values = DerReader::new(values, "requested extensions");
                let extensions = Extensions::read(&mut values)?;
                if !values.is_at_end() {
                    return Err(RequestError::DuplicateAttribute);
                }
                requested.extensions(&extensions)?;
            } else if !HARMLESS_ATTRIBUTES.contains(&kind) {
                requested.others.push(kind);
            }
        }
        Ok(requested)
    }

    fn extensions(&mut self, extensions: &Extensions<'_>) -> Result<(), RequestError> {
        if let Some(twice) = extensions.duplicate() {
            return Err(RequestError::DuplicateExtension(twice.to_string()));
        }
        for extension in &extensions.0 {
            let value = extension.value;
            match extension.oid {
                oid::SUBJECT_ALT_NAME => self.sans = AlternativeName::read_all(value)?,
                oid::KEY_USAGE => self.key_usage = Some(KeyUsage::read(value)?),
                oid::EXTENDED_KEY_USAGE => {
                    self.extended_key_usage = Some(extended_key_usage(value)?);
                }
                oid::BASIC_CONSTRAINTS => {
                    self.basic_constraints = Some(BasicConstraints::read(value)?);
                }
                // Follows from the key alone, and the CA computes its own.
                oid::SUBJECT_KEY_IDENTIFIER => {}
                other => self.others.push(other),
            }
        }
        Ok(())
    }
}

/// Attributes that say nothing about the certificate: they may stand in a request and are not read.
const HARMLESS_ATTRIBUTES: [ObjectIdentifier; 5] = [
    oid::CHALLENGE_PASSWORD,
    oid::UNSTRUCTURED_NAME,
    oid::WINDOWS_VERSION,
    oid::WINDOWS_KEY_PROVIDER,
    oid::WINDOWS_CLIENT,
];

/// RFC 7468 §7, and the label that Windows writes.
const LABELS: [&str; 2] = ["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"];

/// Why octets are no acceptable certification request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// Not DER of a request.
    #[error("not a certification request in DER: {0}")]
    Malformed(#[from] MalformedDer),
    /// Longer than a request may be.
    #[error("certification request has {octets} octets, the limit is {MAX_REQUEST_OCTETS}")]
    TooLong {
        /// How many octets came.
        octets: usize,
    },
    /// Neither PEM nor DER.
    #[error("wanted one certification request in PEM or DER")]
    NotPem,
    /// A key that is not accepted.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A signature algorithm that is unknown or does not fit the key.
    #[error(
        "certification request is signed with an unknown algorithm, or one that does not fit its key"
    )]
    Algorithm,
    /// The signature is not by the key of the request.
    #[error("certification request is not signed by its own key")]
    ProofOfPossession,
    /// The same extension twice.
    #[error("certification request asks for the extension {0} twice")]
    DuplicateExtension(String),
    /// The same attribute twice, or several values where there may be one.
    #[error("certification request has an attribute twice, or with several values")]
    DuplicateAttribute,
}

impl Hinted for RequestError {
    fn code(&self) -> Code {
        match self {
            Self::Key(error) => error.code(),
            Self::ProofOfPossession => Code::ProofOfPossession,
            Self::Malformed(_)
            | Self::TooLong { .. }
            | Self::NotPem
            | Self::Algorithm
            | Self::DuplicateExtension(_)
            | Self::DuplicateAttribute => Code::InvalidRequest,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Key(error) => error.hint(),
            Self::ProofOfPossession => {
                Some("sign the request with the private key that belongs to it".to_owned())
            }
            Self::Malformed(_)
            | Self::TooLong { .. }
            | Self::NotPem
            | Self::Algorithm
            | Self::DuplicateExtension(_)
            | Self::DuplicateAttribute => None,
        }
    }
}
