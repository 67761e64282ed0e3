//! The pinned key of a router.

use std::fmt;
use std::str::FromStr;

use ca_types::{DigestError, Fingerprint, KeyId};
use rustls::pki_types::CertificateDer;
use rustls::server::ParsedCertificate;
use sha2::{Digest as _, Sha256};

/// The key that a router must show: the SHA-256 of its public key, written `sha256:` and 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pin(KeyId);

impl Pin {
    /// Returns the pin of the key in a certificate; nothing when the certificate cannot be read.
    pub fn of_certificate(der: &[u8]) -> Option<Self> {
        let der = CertificateDer::from(der);
        let parsed = ParsedCertificate::try_from(&der).ok()?;
        Some(Self::of_key(&parsed.subject_public_key_info()))
    }

    /// Returns the pin of a key, from the DER of its `SubjectPublicKeyInfo`.
    pub fn of_key(der: &[u8]) -> Self {
        Self(sha256(der).into())
    }

    /// Returns the digest.
    pub fn key(self) -> KeyId {
        self.0
    }
}

impl From<KeyId> for Pin {
    fn from(key: KeyId) -> Self {
        Self(key)
    }
}

impl From<Pin> for KeyId {
    fn from(pin: Pin) -> Self {
        pin.0
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", self.0)
    }
}

impl FromStr for Pin {
    type Err = PinError;

    fn from_str(text: &str) -> Result<Self, PinError> {
        let digits = text.strip_prefix("sha256:").ok_or(PinError::Prefix)?;
        Ok(Self(digits.parse().map_err(PinError::Digest)?))
    }
}

/// Why a text is no pin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PinError {
    /// The name of the digest is missing.
    #[error("a pin begins with `sha256:`")]
    Prefix,
    /// What follows is no digest.
    #[error(transparent)]
    Digest(DigestError),
}

/// Returns what RouterOS prints as the `fingerprint` of a certificate: the SHA-256 of its DER.
pub fn certificate_fingerprint(der: &[u8]) -> Fingerprint {
    sha256(der).into()
}

fn sha256(octets: &[u8]) -> [u8; 32] {
    Sha256::digest(octets).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_is_read_as_it_is_written() {
        let pin = Pin::of_key(b"");
        let text = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(pin.to_string(), text);
        assert_eq!(text.parse(), Ok(pin));
        assert_eq!("e3b0".parse::<Pin>(), Err(PinError::Prefix));
        let short: Result<Pin, _> = "sha256:e3b0".parse();
        assert_eq!(short, Err(PinError::Digest(DigestError::Length(2))));
        assert_eq!(Pin::of_certificate(b"no certificate"), None);
    }
}
