//! Certification requests (PKCS#10, RFC 2986).

use ca_types::{Code, Hinted};
use spki::ObjectIdentifier;

use crate::{
    AlternativeName, BasicConstraints, DistinguishedName, KeyError, KeyUsage, MalformedDer,
    PublicKey,
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
    /// Extensions and attributes of other kinds.
    pub others: Vec<ObjectIdentifier>,
}

impl CertificationRequest {
    /// Parses a request, verifies its signature by its own key, and checks the key.
    ///
    /// # Errors
    /// Fails when it is malformed, too long, not signed by its key, or the key is not accepted.
    pub fn from_der(_der: &[u8]) -> Result<Self, RequestError> {
        todo!()
    }

    /// Parses one request in PEM or DER, as [`CertificationRequest::from_der`].
    ///
    /// # Errors
    /// Fails as [`CertificationRequest::from_der`].
    pub fn from_pem_or_der(_octets: &[u8]) -> Result<Self, RequestError> {
        todo!()
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
    #[error("certification request is signed with an unknown algorithm, or one that does not fit its key")]
    Algorithm,
    /// The signature is not by the key of the request.
    #[error("certification request is not signed by its own key")]
    ProofOfPossession,
    /// The same extension twice.
    #[error("certification request asks for the extension {0} twice")]
    DuplicateExtension(String),
    /// The extensionRequest attribute twice, or with no or several values.
    #[error("certification request has more than one list of extensions")]
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
            Self::ProofOfPossession => Some("sign the request with the private key that belongs to it".to_owned()),
            Self::Malformed(_)
            | Self::TooLong { .. }
            | Self::NotPem
            | Self::Algorithm
            | Self::DuplicateExtension(_)
            | Self::DuplicateAttribute => None,
        }
    }
}
