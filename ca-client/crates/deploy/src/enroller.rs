//! The seam to whoever makes keys and has certificates issued.

use std::fmt;

use async_trait::async_trait;
use ca_types::{Code, Hinted};
use ca_verify::Certificate;
use zeroize::Zeroizing;

use crate::CertificateWish;

/// Makes a new key and has a certificate issued for it.
#[async_trait]
pub trait Enroller: Send + Sync {
    /// Gets a certificate under a new key.
    ///
    /// # Errors
    /// Fails when the CA refuses or is not reached.
    async fn enroll(&self, wish: &CertificateWish) -> Result<Enrolled, EnrollError>;
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
