//! The digests that a template can name.

use rcgen::{PKCS_RSA_SHA256, PKCS_RSA_SHA384, PKCS_RSA_SHA512, SignatureAlgorithm};

/// What an RSA key signs with; the library has no MD5 and no SHA-1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Digest {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl Digest {
    /// Reads a word of RouterOS.
    pub fn of_word(word: &str) -> Option<Self> {
        match word {
            "sha256" => Some(Self::Sha256),
            "sha384" => Some(Self::Sha384),
            "sha512" => Some(Self::Sha512),
            _ => None,
        }
    }

    pub(super) fn with_rsa(self) -> &'static SignatureAlgorithm {
        match self {
            Self::Sha256 => &PKCS_RSA_SHA256,
            Self::Sha384 => &PKCS_RSA_SHA384,
            Self::Sha512 => &PKCS_RSA_SHA512,
        }
    }
}
