//! The parts of a certificate that a log tells it by.

use ca_types::{Fingerprint, GeneralName, KeyId, SerialError, SerialNumber, Validity};

use super::CertificateError;
use crate::public_key::sha256;
use crate::signed::Signed;
use crate::tbs_certificate::TbsCertificate;
use crate::{AlternativeName, MalformedDer, oid};

/// A certificate of which the key and most extensions stay unread.
///
/// It is meant for those of a log, which were parsed strictly when they came into it: what takes long is to look at the
/// key.
#[derive(Debug, Clone)]
pub struct CertificateOutline<'a> {
    der: &'a [u8],
    tbs: TbsCertificate<'a>,
    validity: Validity,
}

impl<'a> CertificateOutline<'a> {
    /// Reads the fields of a certificate.
    ///
    /// # Errors
    /// Fails on anything that is not one certificate in DER, its key and extensions aside.
    pub fn from_der(der: &'a [u8]) -> Result<Self, CertificateError> {
        let tbs = TbsCertificate::read(Signed::read(der, "certificate")?.content)?;
        Ok(Self {
            der,
            validity: Validity::new(tbs.not_before.value, tbs.not_after.value)?,
            tbs,
        })
    }

    /// Returns the serial number.
    ///
    /// # Errors
    /// Fails when it is longer than this CA's serial numbers are, or negative.
    pub fn serial(&self) -> Result<SerialNumber, SerialError> {
        SerialNumber::from_der_octets(self.tbs.serial)
    }

    /// Returns the DER of the issuer.
    pub fn issuer_der(&self) -> &'a [u8] {
        self.tbs.issuer
    }

    /// Returns when it is valid.
    pub fn validity(&self) -> Validity {
        self.validity
    }

    /// Returns the identity of its key.
    pub fn key_id(&self) -> KeyId {
        KeyId::from(sha256(self.tbs.public_key))
    }

    /// Returns the SHA-256 of the DER.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::from(sha256(self.der))
    }

    /// Reads the subject alternative names of the three forms that this CA issues, in their order.
    ///
    /// # Errors
    /// Fails when the extension is malformed.
    pub fn sans(&self) -> Result<Vec<GeneralName>, MalformedDer> {
        let Some(extension) = self.tbs.extensions.find(oid::SUBJECT_ALT_NAME) else {
            return Ok(Vec::new());
        };
        let names = AlternativeName::read_all(extension.value)?.into_iter();
        Ok(names
            .filter_map(|name| match name {
                AlternativeName::Issuable(name) => Some(name),
                AlternativeName::AddressAsDns(_) | AlternativeName::Foreign(_) => None,
            })
            .collect())
    }
}
