//! Signature algorithms (RFC 4055 §5, RFC 5758 §3.2).

use std::fmt;

use crate::{KeyAlgorithm, PublicKey};

/// A signature algorithm that this build verifies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureAlgorithm {
    /// `sha256WithRSAEncryption`.
    RsaPkcs1Sha256,
    /// `sha384WithRSAEncryption`.
    RsaPkcs1Sha384,
    /// `sha512WithRSAEncryption`.
    RsaPkcs1Sha512,
    /// `ecdsa-with-SHA256`.
    EcdsaSha256,
    /// `ecdsa-with-SHA384`.
    EcdsaSha384,
}

impl SignatureAlgorithm {
    /// All algorithms.
    pub const ALL: [Self; 5] = [
        Self::RsaPkcs1Sha256,
        Self::RsaPkcs1Sha384,
        Self::RsaPkcs1Sha512,
        Self::EcdsaSha256,
        Self::EcdsaSha384,
    ];

    /// Returns the algorithm that a key of this kind signs with here: SHA-256, or SHA-384 on P-384.
    pub fn for_key(key: &PublicKey) -> Self {
        match key.algorithm() {
            KeyAlgorithm::Rsa { .. } => Self::RsaPkcs1Sha256,
            KeyAlgorithm::P256 => Self::EcdsaSha256,
            KeyAlgorithm::P384 => Self::EcdsaSha384,
        }
    }

    /// Returns the DER of its `AlgorithmIdentifier`: NULL parameters for RSA, none for ECDSA.
    pub fn identifier_der(self) -> &'static [u8] {
        match self {
            Self::RsaPkcs1Sha256 => &[
                0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11, 5, 0,
            ],
            Self::RsaPkcs1Sha384 => &[
                0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 12, 5, 0,
            ],
            Self::RsaPkcs1Sha512 => &[
                0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 13, 5, 0,
            ],
            Self::EcdsaSha256 => &[0x30, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2],
            Self::EcdsaSha384 => &[0x30, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3],
        }
    }

    /// Finds the algorithm with exactly this `AlgorithmIdentifier`.
    ///
    /// Other parameters make another certificate of the same facts (CVE-2021-41991), so they are not taken.
    pub fn from_identifier_der(der: &[u8]) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.identifier_der() == der)
    }

    /// Returns the name that RFC 4055 and RFC 5758 give it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RsaPkcs1Sha256 => "sha256WithRSAEncryption",
            Self::RsaPkcs1Sha384 => "sha384WithRSAEncryption",
            Self::RsaPkcs1Sha512 => "sha512WithRSAEncryption",
            Self::EcdsaSha256 => "ecdsa-with-SHA256",
            Self::EcdsaSha384 => "ecdsa-with-SHA384",
        }
    }

    /// Tells whether a key of this kind signs with it: ECDSA with the digest of the curve's length only.
    pub(crate) fn fits(self, key: KeyAlgorithm) -> bool {
        match self {
            Self::RsaPkcs1Sha256 | Self::RsaPkcs1Sha384 | Self::RsaPkcs1Sha512 => {
                matches!(key, KeyAlgorithm::Rsa { .. })
            }
            Self::EcdsaSha256 => key == KeyAlgorithm::P256,
            Self::EcdsaSha384 => key == KeyAlgorithm::P384,
        }
    }

    /// Tells whether signing takes so long that it must not stand in the way of other requests.
    pub fn is_slow(self) -> bool {
        match self {
            Self::RsaPkcs1Sha256 | Self::RsaPkcs1Sha384 | Self::RsaPkcs1Sha512 => true,
            Self::EcdsaSha256 | Self::EcdsaSha384 => false,
        }
    }
}

impl fmt::Display for SignatureAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
