//! The key of the log: Ed25519, kept like the keys of CAs.

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use zeroize::Zeroizing;

use super::{KeyStoreError, PrivateKey};

/// The key of the log in memory; it signs checkpoints.
#[derive(Debug)]
pub struct LogSigner {
    pair: Ed25519KeyPair,
    public_key: [u8; 32],
}

impl LogSigner {
    /// Makes a key.
    ///
    /// # Errors
    /// Fails when the cryptographic module does.
    pub fn generate() -> Result<PrivateKey, KeyStoreError> {
        let pair = Ed25519KeyPair::generate().map_err(|_unspecified| KeyStoreError::NoLogKey)?;
        let document: Pkcs8V1Der<'static> = pair
            .as_der()
            .map_err(|_unspecified| KeyStoreError::NoLogKey)?;
        Ok(PrivateKey::from_pkcs8_der(Zeroizing::new(
            document.as_ref().to_vec(),
        )))
    }

    /// Makes a key ready to sign.
    ///
    /// # Errors
    /// Fails when it is no Ed25519 key.
    pub fn new(key: &PrivateKey) -> Result<Self, KeyStoreError> {
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(key.expose_der())
            .map_err(|_rejected| KeyStoreError::UnknownKind)?;
        let public_key = pair
            .public_key()
            .as_ref()
            .try_into()
            .map_err(|_length| KeyStoreError::UnknownKind)?;
        Ok(Self { pair, public_key })
    }

    /// Returns the 32 octets of the public key.
    pub fn public_key(&self) -> [u8; 32] {
        self.public_key
    }

    /// Signs a message.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.pair.sign(message).as_ref().to_vec()
    }
}
