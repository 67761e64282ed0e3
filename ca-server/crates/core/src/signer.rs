//! The port to a CA key.

use std::fmt;

use ca_types::{Code, Hinted};
use ca_verify::{PublicKey, SignatureAlgorithm};

/// A private key that signs; where it lives is its own affair.
pub trait Signer: fmt::Debug + Send + Sync {
    /// Returns the public half.
    fn public_key(&self) -> &PublicKey;

    /// Returns the algorithm that [`Signer::sign`] uses.
    fn algorithm(&self) -> SignatureAlgorithm;

    /// Signs a message: PKCS#1 v1.5, or ECDSA in its ASN.1 form.
    ///
    /// # Errors
    /// Fails when the key cannot be used.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError>;
}

/// Why a key does not sign.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The cryptographic module refuses.
    #[error("the key does not sign: {0}")]
    Refused(String),
    /// The place where the key lives does not answer.
    #[error("the key store does not answer")]
    Unreachable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Hinted for SignError {
    fn code(&self) -> Code {
        match self {
            Self::Refused(_) => Code::Internal,
            Self::Unreachable(_) => Code::Unavailable,
        }
    }
}
