//! The seam to whoever makes keys, has certificates issued, and keeps the pins.

use std::fmt;

use async_trait::async_trait;
use ca_types::{Code, Hinted, KeyId};
use ca_verify::Certificate;
use zeroize::Zeroizing;

use crate::CertificateWish;

/// Makes a new key and has a certificate issued for it; keeps the pins of the router.
#[async_trait]
pub trait Enroller: Send + Sync {
    /// Gets a certificate under a new key; one that `replaces` others of its NAME has them revoked in the same step, as
    /// no successor has other names than its predecessor.
    ///
    /// # Errors
    /// Fails when the CA refuses or is not reached.
    async fn enroll(&self, wish: &CertificateWish, replaces: bool)
    -> Result<Enrolled, EnrollError>;

    /// Has a certificate revoked, by its serial number: the push that it was for failed, and its key is gone.
    ///
    /// # Errors
    /// Fails when the CA refuses or is not reached.
    async fn discard(&self, serial: &str) -> Result<(), EnrollError>;

    /// Finds the key of a certificate that the CA issued before, by its serial number.
    ///
    /// # Errors
    /// Fails when the CA does not know it or is not reached.
    async fn key_of(&self, serial: &str) -> Result<KeyId, EnrollError>;

    /// Keeps in mind, over a kill of this process too, that the router may show this key from now on.
    ///
    /// # Errors
    /// Fails when that cannot be written.
    async fn pin(&self, key: KeyId) -> Result<(), EnrollError>;
}

/// A new certificate, its chain and its key.
pub struct Enrolled {
    /// The certificate.
    pub certificate: Certificate,
    /// The CA that issued it.
    pub issuing: Certificate,
    /// The root.
    pub root: Certificate,
    /// The private key, PKCS#8 in PEM.
    pub key_pem: Zeroizing<String>,
}

impl fmt::Debug for Enrolled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Enrolled")
            .field("certificate", &self.certificate)
            .finish_non_exhaustive()
    }
}

/// Why there is no certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct EnrollError {
    /// The stable code.
    pub code: Code,
    /// What happened.
    pub message: String,
    /// What the reader can do next.
    pub hint: Option<String>,
}

impl Hinted for EnrollError {
    fn code(&self) -> Code {
        self.code
    }

    fn hint(&self) -> Option<String> {
        self.hint.clone()
    }
}
