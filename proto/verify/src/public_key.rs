//! Public keys (`SubjectPublicKeyInfo`, RFC 5280 §4.1.2.7).

use std::fmt;

use ca_types::{Code, Hinted, KeyId};

use crate::{MalformedDer, SignatureAlgorithm};

/// A public key that this CA accepts; its point or modulus was checked.
#[derive(Clone)]
pub struct PublicKey {
    spki: Box<[u8]>,
    algorithm: KeyAlgorithm,
    key_id: KeyId,
    subject_key_identifier: [u8; 20],
}

/// The kind of a public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyAlgorithm {
    /// RSA with a modulus of this many bits.
    Rsa {
        /// The length of the modulus.
        bits: u32,
    },
    /// ECDSA on the curve P-256.
    P256,
    /// ECDSA on the curve P-384.
    P384,
}

impl fmt::Display for KeyAlgorithm {
    /// Writes `rsa2048`, `p256` or `p384`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa { bits } => write!(f, "rsa{bits}"),
            Self::P256 => f.write_str("p256"),
            Self::P384 => f.write_str("p384"),
        }
    }
}

impl PublicKey {
    /// Reads a key from the DER of a `SubjectPublicKeyInfo`.
    ///
    /// # Errors
    /// Fails when the DER is malformed, or the key is of a kind or quality that is not accepted.
    pub fn from_spki_der(_der: &[u8]) -> Result<Self, KeyError> {
        todo!()
    }

    /// Returns the DER of the `SubjectPublicKeyInfo`.
    pub fn spki_der(&self) -> &[u8] {
        &self.spki
    }

    /// Returns the kind of the key.
    pub fn algorithm(&self) -> KeyAlgorithm {
        self.algorithm
    }

    /// Returns the identity of the key: the SHA-256 of its `SubjectPublicKeyInfo`.
    pub fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// Returns the key identifier: the leftmost 160 bits of the SHA-256 of the `subjectPublicKey` (RFC 7093 §2
    /// method 1).
    pub fn subject_key_identifier(&self) -> [u8; 20] {
        self.subject_key_identifier
    }

    /// Verifies a signature: PKCS#1 v1.5, or ECDSA in its ASN.1 form.
    ///
    /// # Errors
    /// Fails when the algorithm does not fit the key, or the signature is not by this key over this message.
    pub fn verify(
        &self,
        _message: &[u8],
        _signature: &[u8],
        _algorithm: SignatureAlgorithm,
    ) -> Result<(), SignatureError> {
        todo!()
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.spki == other.spki
    }
}

impl Eq for PublicKey {}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({} {})", self.algorithm, self.key_id)
    }
}

/// Why a public key is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not the DER of a `SubjectPublicKeyInfo`.
    #[error("public key is not a SubjectPublicKeyInfo in DER")]
    Malformed(#[from] MalformedDer),
    /// An RSA modulus that is too short.
    #[error("RSA key of {bits} bits: wanted 2048 to 8192")]
    RsaTooShort {
        /// The length of the modulus.
        bits: u32,
    },
    /// An RSA modulus that is too long.
    #[error("RSA key of {bits} bits: wanted 2048 to 8192")]
    RsaTooLong {
        /// The length of the modulus.
        bits: u32,
    },
    /// An RSA modulus of an odd length.
    #[error("RSA key of {bits} bits: wanted a multiple of 8")]
    RsaOddLength {
        /// The length of the modulus.
        bits: u32,
    },
    /// A modulus or exponent that is negative, or an even modulus.
    #[error("RSA key has an impossible {0}")]
    RsaMalformed(&'static str),
    /// An even public exponent.
    #[error("RSA key has an even public exponent")]
    RsaExponentEven,
    /// A small public exponent.
    #[error("RSA key has public exponent {exponent}: wanted 65537 or more")]
    RsaExponentTooSmall {
        /// The exponent.
        exponent: u64,
    },
    /// A large public exponent.
    #[error("RSA key has a public exponent above 2^32")]
    RsaExponentTooLarge,
    /// A key for RSASSA-PSS or RSAES-OAEP alone.
    #[error("RSA key is restricted to PSS or OAEP: wanted rsaEncryption")]
    RsaRestricted,
    /// An Edwards or Montgomery key.
    #[error("{0} key: routers and VPN clients do not read it")]
    Edwards(&'static str),
    /// A curve other than P-256 and P-384.
    #[error("curve {oid}: wanted P-256 or P-384")]
    UnknownCurve {
        /// The object identifier of the curve.
        oid: String,
    },
    /// A curve given by its parameters.
    #[error("curve is not named by an object identifier")]
    UnnamedCurve,
    /// An algorithm that nobody knows here.
    #[error("key algorithm {oid}: wanted RSA, or EC on P-256 or P-384")]
    UnknownAlgorithm {
        /// The object identifier of the algorithm.
        oid: String,
    },
    /// A point in its compressed form.
    #[error("point of the {0} key is not in the uncompressed form")]
    PointNotUncompressed(KeyAlgorithm),
    /// A point that does not lie on the curve.
    #[error("point of the {0} key is not on its curve")]
    PointNotOnCurve(KeyAlgorithm),
}

impl Hinted for KeyError {
    fn code(&self) -> Code {
        Code::UnacceptableKey
    }

    fn hint(&self) -> Option<String> {
        Some("make a new key: rsa2048, rsa3072, rsa4096 or p256".to_owned())
    }
}

/// Why a signature does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The algorithm is of another kind than the key.
    #[error("a {key} key does not sign with {algorithm}")]
    AlgorithmDoesNotFit {
        /// The key.
        key: KeyAlgorithm,
        /// The algorithm.
        algorithm: SignatureAlgorithm,
    },
    /// An algorithm that this build does not verify.
    #[error("signature algorithm is not one of SHA-2 with RSA PKCS#1 v1.5 or ECDSA")]
    UnknownAlgorithm,
    /// The signature is not by this key over this message.
    #[error("signature does not verify")]
    Wrong,
}
