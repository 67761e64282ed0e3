//! Certificates (RFC 5280 §4).

use ca_types::{
    Code, Fingerprint, GeneralName, Hinted, SerialError, SerialNumber, Validity, ValidityError,
};
use spki::ObjectIdentifier;
use std::net::IpAddr;

use crate::{
    DistinguishedName, KeyError, KeyUsage, MalformedDer, PublicKey, SignatureAlgorithm,
    SignatureError,
};

/// The longest certificate that is read: 64 KiB.
pub const MAX_CERTIFICATE_OCTETS: usize = 65_536;

/// A certificate, parsed strictly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    der: Box<[u8]>,
}

/// `BasicConstraints` (RFC 5280 §4.2.1.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BasicConstraints {
    /// Whether the subject is a CA.
    pub ca: bool,
    /// How many CAs may follow.
    pub path_len: Option<u8>,
}

impl Certificate {
    /// Parses a certificate; BER, trailing octets and keys that are not accepted are refused.
    ///
    /// # Errors
    /// Fails on anything that is not one certificate in DER with a key that this CA accepts.
    pub fn from_der(_der: &[u8]) -> Result<Self, CertificateError> {
        todo!()
    }

    /// Parses one certificate in PEM or DER.
    ///
    /// # Errors
    /// Fails when there is not exactly one certificate.
    pub fn from_pem_or_der(_octets: &[u8]) -> Result<Self, CertificateError> {
        todo!()
    }

    /// Parses the certificates of a PEM file in their order; other objects between them are refused.
    ///
    /// # Errors
    /// Fails when there is none, or anything else.
    pub fn chain_from_pem(_pem: &[u8]) -> Result<Vec<Self>, CertificateError> {
        todo!()
    }

    /// Returns the DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Writes the certificate as PEM, with a final newline.
    pub fn to_pem(&self) -> String {
        todo!()
    }

    /// Returns the exact octets of the `TBSCertificate`.
    pub fn tbs_der(&self) -> &[u8] {
        todo!()
    }

    /// Returns the content octets of the serial number.
    pub fn serial_octets(&self) -> &[u8] {
        todo!()
    }

    /// Returns the serial number.
    ///
    /// # Errors
    /// Fails when it is longer than this CA's serial numbers are, or negative.
    pub fn serial(&self) -> Result<SerialNumber, SerialError> {
        todo!()
    }

    /// Returns the SHA-256 of the DER.
    pub fn fingerprint(&self) -> Fingerprint {
        todo!()
    }

    /// Returns the issuer.
    pub fn issuer(&self) -> &DistinguishedName {
        todo!()
    }

    /// Returns the subject.
    pub fn subject(&self) -> &DistinguishedName {
        todo!()
    }

    /// Returns when it is valid.
    pub fn validity(&self) -> Validity {
        todo!()
    }

    /// Returns the public key.
    pub fn public_key(&self) -> &PublicKey {
        todo!()
    }

    /// Returns the subject alternative names of the three forms that this CA issues, in their order.
    pub fn sans(&self) -> &[GeneralName] {
        todo!()
    }

    /// Returns the addresses that stand in a `dNSName`, as Windows IKEv2 wants it.
    pub fn addresses_as_dns_names(&self) -> &[IpAddr] {
        todo!()
    }

    /// Tells whether there are subject alternative names that this CA would not issue.
    pub fn has_foreign_sans(&self) -> bool {
        todo!()
    }

    /// Returns the key usage; `None` when the extension is absent.
    pub fn key_usage(&self) -> Option<KeyUsage> {
        todo!()
    }

    /// Returns the extended key usage; empty when the extension is absent.
    pub fn extended_key_usage(&self) -> &[ObjectIdentifier] {
        todo!()
    }

    /// Returns the basic constraints; `None` when the extension is absent.
    pub fn basic_constraints(&self) -> Option<BasicConstraints> {
        todo!()
    }

    /// Tells whether the subject is a CA.
    pub fn is_ca(&self) -> bool {
        todo!()
    }

    /// Returns the subject key identifier.
    pub fn subject_key_identifier(&self) -> Option<&[u8]> {
        todo!()
    }

    /// Returns the key identifier of the issuer.
    pub fn authority_key_identifier(&self) -> Option<&[u8]> {
        todo!()
    }

    /// Returns the URLs of the CRL distribution points.
    pub fn crl_urls(&self) -> &[String] {
        todo!()
    }

    /// Returns the URLs of the issuer's certificate (`caIssuers`).
    pub fn ca_issuer_urls(&self) -> &[String] {
        todo!()
    }

    /// Returns the algorithm of its signature.
    pub fn signature_algorithm(&self) -> SignatureAlgorithm {
        todo!()
    }

    /// Returns the octets of its signature.
    pub fn signature(&self) -> &[u8] {
        todo!()
    }

    /// Verifies that the key of `issuer` signed this certificate, and that the names chain; nothing else.
    ///
    /// # Errors
    /// Fails when the issuer's subject is not byte-identical to this issuer, or the signature does not verify.
    pub fn verify_signed_by(&self, _issuer: &Self) -> Result<(), IssuedByError> {
        todo!()
    }
}

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
    /// Neither PEM nor DER.
    #[error("wanted {wanted} in PEM or DER")]
    NotPem {
        /// What was wanted.
        wanted: &'static str,
    },
    /// Not one certificate.
    #[error("wanted one certificate, {count} came")]
    NotOne {
        /// How many came.
        count: usize,
    },
    /// A key that is not accepted.
    #[error("certificate has an unacceptable key")]
    Key(#[from] KeyError),
    /// The end of the validity lies before its start.
    #[error("certificate has an impossible validity")]
    Validity(#[from] ValidityError),
    /// An algorithm that this build does not verify, or two that differ.
    #[error("certificate has an unacceptable signature algorithm: {0}")]
    Algorithm(&'static str),
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
            | Self::NotPem { .. }
            | Self::NotOne { .. }
            | Self::Validity(_)
            | Self::Algorithm(_)
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
