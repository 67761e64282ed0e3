//! Certificate revocation lists (RFC 5280 §5).

use ca_types::{Code, Hinted, RevocationReason, UnixTime};

use crate::{
    Certificate, DistinguishedName, IssuedByError, MalformedDer, SignatureAlgorithm,
};

/// A full, direct CRL, parsed strictly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateList {
    der: Box<[u8]>,
}

/// One entry of a CRL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RevokedCertificate<'a> {
    /// The content octets of the serial number.
    pub serial: &'a [u8],
    /// When it was revoked.
    pub time: UnixTime,
    /// Why.
    pub reason: RevocationReason,
}

impl CertificateList {
    /// Parses a CRL, all entries included.
    ///
    /// # Errors
    /// Fails on BER, trailing octets, a delta or an indirect CRL, and any other unknown critical extension.
    pub fn from_der(_der: &[u8]) -> Result<Self, CertificateListError> {
        todo!()
    }

    /// Parses one CRL in PEM or DER.
    ///
    /// # Errors
    /// Fails as [`CertificateList::from_der`].
    pub fn from_pem_or_der(_octets: &[u8]) -> Result<Self, CertificateListError> {
        todo!()
    }

    /// Returns the DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Returns the exact octets of the `TBSCertList`.
    pub fn tbs_der(&self) -> &[u8] {
        todo!()
    }

    /// Returns the issuer.
    pub fn issuer(&self) -> &DistinguishedName {
        todo!()
    }

    /// Returns when it was made.
    pub fn this_update(&self) -> UnixTime {
        todo!()
    }

    /// Returns when the next one comes at the latest.
    pub fn next_update(&self) -> UnixTime {
        todo!()
    }

    /// Returns its number.
    pub fn number(&self) -> u64 {
        todo!()
    }

    /// Returns the key identifier of the issuer.
    pub fn authority_key_identifier(&self) -> Option<&[u8]> {
        todo!()
    }

    /// Returns the algorithm of its signature.
    pub fn signature_algorithm(&self) -> SignatureAlgorithm {
        todo!()
    }

    /// Returns how many certificates are on it.
    pub fn len(&self) -> usize {
        todo!()
    }

    /// Tells whether no certificate is on it.
    pub fn is_empty(&self) -> bool {
        todo!()
    }

    /// Finds the entry of a serial number, given by its content octets.
    pub fn find(&self, _serial: &[u8]) -> Option<RevokedCertificate<'_>> {
        todo!()
    }

    /// Verifies that the key of `issuer` signed this CRL, and that the names agree.
    ///
    /// # Errors
    /// Fails when the names differ or the signature does not verify.
    pub fn verify_signed_by(&self, _issuer: &Certificate) -> Result<(), IssuedByError> {
        todo!()
    }
}

/// Why octets are no CRL that is read here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateListError {
    /// Not DER of a CRL.
    #[error("not a CRL in DER: {0}")]
    Malformed(#[from] MalformedDer),
    /// Neither PEM nor DER.
    #[error("wanted one CRL in PEM or DER")]
    NotPem,
    /// An algorithm that this build does not verify, or two that differ.
    #[error("CRL has an unacceptable signature algorithm")]
    Algorithm,
    /// A critical extension that changes what the CRL says: a delta, or a part of a CRL.
    #[error("CRL has the critical extension {0}: wanted a full and direct CRL")]
    CriticalExtension(String),
    /// The same extension twice.
    #[error("CRL has the extension {0} twice")]
    DuplicateExtension(String),
}

impl Hinted for CertificateListError {
    fn code(&self) -> Code {
        Code::InvalidRequest
    }
}
