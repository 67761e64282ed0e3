//! Certificate revocation lists (RFC 5280 §5).

use std::ops::Range;

use ca_types::{Code, Hinted, UnixTime};

use crate::signed::Signed;
use crate::tbs_cert_list::{Entries, RevokedCertificate, TbsCertList};
use crate::{Certificate, DistinguishedName, IssuedByError, MalformedDer, SignatureAlgorithm, pem};

/// A full, direct CRL, parsed strictly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateList {
    der: Box<[u8]>,
    tbs: Range<usize>,
    entries: Range<usize>,
    count: usize,
    signature: Box<[u8]>,
    algorithm: SignatureAlgorithm,
    issuer: DistinguishedName,
    this_update: UnixTime,
    next_update: UnixTime,
    number: u64,
    authority_key_identifier: Option<Box<[u8]>>,
}

impl CertificateList {
    /// Parses a CRL, all entries included.
    ///
    /// # Errors
    /// Fails on BER, trailing octets, a delta or an indirect CRL, and any other unknown critical extension.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateListError> {
        let signed = Signed::read(der, "CRL")?;
        let tbs = TbsCertList::read(signed.content)?;
        if tbs.signature_algorithm != signed.algorithm {
            return Err(CertificateListError::Algorithm);
        }
        let algorithm = SignatureAlgorithm::from_identifier_der(signed.algorithm)
            .ok_or(CertificateListError::Algorithm)?;
        if let Some(twice) = tbs.extensions.duplicate() {
            return Err(CertificateListError::DuplicateExtension(twice.to_string()));
        }
        if let Some(extension) = tbs.extensions.0.iter().find(|extension| extension.critical) {
            return Err(CertificateListError::CriticalExtension(
                extension.oid.to_string(),
            ));
        }
        let mut count = 0_usize;
        let mut entries = Entries::new(tbs.entries);
        while entries.read()?.is_some() {
            count = count.saturating_add(1);
        }
        let this_update = tbs.this_update.value;
        let next_update = tbs
            .next_update
            .ok_or(CertificateListError::NoNextUpdate)?
            .value;
        if next_update < this_update {
            return Err(CertificateListError::EndsBeforeStart);
        }
        Ok(Self {
            tbs: position(der, signed.content),
            entries: position(der, tbs.entries),
            count,
            signature: signed.signature.into(),
            algorithm,
            issuer: DistinguishedName::read(tbs.issuer)?,
            this_update,
            next_update,
            number: tbs.number()?.ok_or(CertificateListError::NoNumber)?,
            authority_key_identifier: tbs.authority_key_identifier()?.map(Into::into),
            der: der.into(),
        })
    }

    /// Parses one CRL in PEM or DER.
    ///
    /// # Errors
    /// Fails as [`CertificateList::from_der`].
    pub fn from_pem_or_der(octets: &[u8]) -> Result<Self, CertificateListError> {
        let der = pem::only_object(octets, &[LABEL]).ok_or(CertificateListError::NotPem)?;
        Self::from_der(&der)
    }

    /// Returns the DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Writes the CRL as PEM, with a final newline.
    pub fn to_pem(&self) -> String {
        pem::encode(LABEL, &self.der)
    }

    /// Returns the exact octets of the `TBSCertList`.
    pub fn tbs_der(&self) -> &[u8] {
        self.der.get(self.tbs.clone()).unwrap_or_default()
    }

    /// Returns the issuer.
    pub fn issuer(&self) -> &DistinguishedName {
        &self.issuer
    }

    /// Returns when it was made.
    pub fn this_update(&self) -> UnixTime {
        self.this_update
    }

    /// Returns when the next one comes at the latest.
    pub fn next_update(&self) -> UnixTime {
        self.next_update
    }

    /// Returns its number.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Returns the key identifier of the issuer.
    pub fn authority_key_identifier(&self) -> Option<&[u8]> {
        self.authority_key_identifier.as_deref()
    }

    /// Returns the algorithm of its signature.
    pub fn signature_algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    /// Returns how many certificates are on it.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Tells whether no certificate is on it.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Returns the entries in their order.
    pub fn entries(&self) -> impl Iterator<Item = RevokedCertificate<'_>> {
        // All entries were read once in `from_der`, so none can fail here.
        let mut entries = Entries::new(self.der.get(self.entries.clone()).unwrap_or_default());
        std::iter::from_fn(move || entries.read().ok().flatten())
    }

    /// Finds the entry of a serial number, given by its content octets.
    pub fn find(&self, serial: &[u8]) -> Option<RevokedCertificate<'_>> {
        self.entries().find(|entry| entry.serial == serial)
    }

    /// Verifies that the key of `issuer` signed this CRL, and that the names agree.
    ///
    /// # Errors
    /// Fails when the names differ or the signature does not verify.
    pub fn verify_signed_by(&self, issuer: &Certificate) -> Result<(), IssuedByError> {
        if self.issuer.der() != issuer.subject().der() {
            return Err(IssuedByError::OtherName {
                issuer: self.issuer.to_string(),
                ca: issuer.subject().to_string(),
            });
        }
        issuer
            .public_key()
            .verify(self.tbs_der(), &self.signature, self.algorithm)
            .map_err(|source| IssuedByError::Signature {
                ca: issuer.subject().to_string(),
                source,
            })
    }
}

/// Finds where a part of `whole` lies in it.
fn position(whole: &[u8], part: &[u8]) -> Range<usize> {
    let start = part.as_ptr().addr().saturating_sub(whole.as_ptr().addr());
    start..start.saturating_add(part.len())
}

const LABEL: &str = "X509 CRL";

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
    /// No nextUpdate (RFC 5280 §5.1.2.5).
    #[error("CRL has no nextUpdate")]
    NoNextUpdate,
    /// A nextUpdate before thisUpdate.
    #[error("CRL ends before it begins")]
    EndsBeforeStart,
    /// No cRLNumber (RFC 5280 §5.2.3).
    #[error("CRL has no number")]
    NoNumber,
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
