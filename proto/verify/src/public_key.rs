//! Public keys (`SubjectPublicKeyInfo`, RFC 5280 §4.1.2.7).

mod strength;

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA384_ASN1, ECDSA_P384_SHA256_ASN1, ECDSA_P384_SHA384_ASN1,
    ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, UnparsedPublicKey, VerificationAlgorithm,
};
use ca_types::{Code, Hinted, KeyId};

use crate::der_reader::{DerReader, tag};
use crate::{MalformedDer, SignatureAlgorithm, oid};

/// A public key that this CA accepts; its point or modulus was checked.
#[derive(Clone)]
pub struct PublicKey {
    spki: Box<[u8]>,
    algorithm: KeyAlgorithm,
    key_id: KeyId,
    subject_key_identifier: [u8; 20],
    verifier: ParsedPublicKey,
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
    pub fn from_spki_der(der: &[u8]) -> Result<Self, KeyError> {
        let mut reader = DerReader::new(der, "SubjectPublicKeyInfo");
        let mut spki = reader.sequence("SubjectPublicKeyInfo")?;
        reader.finish()?;
        let mut identifier = spki.sequence("algorithm of the public key")?;
        let bits = spki.octet_bits()?;
        spki.finish()?;
        let algorithm = match identifier.object_identifier()? {
            oid::RSA_ENCRYPTION => rsa(identifier, bits)?,
            oid::EC_PUBLIC_KEY => elliptic(identifier, bits)?,
            oid::RSASSA_PSS | oid::RSAES_OAEP => return Err(KeyError::RsaRestricted),
            oid::ED25519 => return Err(KeyError::Edwards("Ed25519")),
            oid::ED448 => return Err(KeyError::Edwards("Ed448")),
            oid::X25519 => return Err(KeyError::Edwards("X25519")),
            oid::X448 => return Err(KeyError::Edwards("X448")),
            other => {
                return Err(KeyError::UnknownAlgorithm {
                    oid: other.to_string(),
                });
            }
        };
        let verifier =
            ParsedPublicKey::new(verification(algorithm), bits).map_err(
                |_source| match algorithm {
                    KeyAlgorithm::Rsa { .. } => KeyError::RsaMalformed("modulus or exponent"),
                    KeyAlgorithm::P256 | KeyAlgorithm::P384 => KeyError::PointNotOnCurve(algorithm),
                },
            )?;
        Ok(Self {
            spki: der.into(),
            algorithm,
            key_id: KeyId::from(sha256(der)),
            subject_key_identifier: leftmost(sha256(bits)),
            verifier,
        })
    }

    /// Looks for keys that are known to be weak: RSA with small factors, by ROCA, or of close primes.
    ///
    /// It takes longer than the reading, so it is asked where a key comes in, in a certification request, and where a
    /// certificate is judged.
    ///
    /// # Errors
    /// Fails when the private key can be found from this key.
    pub fn check_strength(&self) -> Result<(), KeyError> {
        match self.algorithm {
            KeyAlgorithm::Rsa { .. } => strength::check(self.modulus()?),
            KeyAlgorithm::P256 | KeyAlgorithm::P384 => Ok(()),
        }
    }

    /// Returns the octets of the modulus, which was read before.
    fn modulus(&self) -> Result<&[u8], KeyError> {
        let mut reader = DerReader::new(&self.spki, "SubjectPublicKeyInfo");
        let mut spki = reader.sequence("SubjectPublicKeyInfo")?;
        spki.sequence("algorithm of the public key")?;
        let mut key = DerReader::new(spki.octet_bits()?, "RSA public key");
        positive(key.sequence("RSA public key")?.integer()?)
            .ok_or(KeyError::RsaMalformed("modulus"))
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
        message: &[u8],
        signature: &[u8],
        algorithm: SignatureAlgorithm,
    ) -> Result<(), SignatureError> {
        use SignatureAlgorithm::{
            EcdsaSha256, EcdsaSha384, RsaPkcs1Sha256, RsaPkcs1Sha384, RsaPkcs1Sha512,
        };
        let other: &'static dyn VerificationAlgorithm = match (self.algorithm, algorithm) {
            (KeyAlgorithm::Rsa { .. }, RsaPkcs1Sha256)
            | (KeyAlgorithm::P256, EcdsaSha256)
            | (KeyAlgorithm::P384, EcdsaSha384) => {
                return self
                    .verifier
                    .verify_sig(message, signature)
                    .map_err(|_source| SignatureError::Wrong);
            }
            (KeyAlgorithm::Rsa { .. }, RsaPkcs1Sha384) => &RSA_PKCS1_2048_8192_SHA384,
            (KeyAlgorithm::Rsa { .. }, RsaPkcs1Sha512) => &RSA_PKCS1_2048_8192_SHA512,
            (KeyAlgorithm::P256, EcdsaSha384) => &ECDSA_P256_SHA384_ASN1,
            (KeyAlgorithm::P384, EcdsaSha256) => &ECDSA_P384_SHA256_ASN1,
            (KeyAlgorithm::Rsa { .. }, EcdsaSha256 | EcdsaSha384)
            | (
                KeyAlgorithm::P256 | KeyAlgorithm::P384,
                RsaPkcs1Sha256 | RsaPkcs1Sha384 | RsaPkcs1Sha512,
            ) => {
                return Err(SignatureError::AlgorithmDoesNotFit {
                    key: self.algorithm,
                    algorithm,
                });
            }
        };
        UnparsedPublicKey::new(other, self.verifier.as_ref())
            .verify(message, signature)
            .map_err(|_source| SignatureError::Wrong)
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

fn verification(key: KeyAlgorithm) -> &'static dyn VerificationAlgorithm {
    match key {
        KeyAlgorithm::Rsa { .. } => &RSA_PKCS1_2048_8192_SHA256,
        KeyAlgorithm::P256 => &ECDSA_P256_SHA256_ASN1,
        KeyAlgorithm::P384 => &ECDSA_P384_SHA384_ASN1,
    }
}

/// Checks an `RSAPublicKey` (RFC 8017 appendix A.1.1).
fn rsa(mut parameters: DerReader<'_>, bits: &[u8]) -> Result<KeyAlgorithm, KeyError> {
    // RFC 3279 §2.3.1: the parameters are NULL.
    if !parameters.expect(tag::NULL, "wanted NULL")?.is_empty() {
        return Err(parameters.error("is no NULL").into());
    }
    parameters.finish()?;
    let mut reader = DerReader::new(bits, "RSA public key");
    let mut key = reader.sequence("RSA public key")?;
    reader.finish()?;
    let modulus = positive(key.integer()?).ok_or(KeyError::RsaMalformed("modulus"))?;
    let exponent = positive(key.integer()?).ok_or(KeyError::RsaMalformed("exponent"))?;
    key.finish()?;
    let bits = bit_length(modulus);
    match bits {
        0..2048 => return Err(KeyError::RsaTooShort { bits }),
        8193.. => return Err(KeyError::RsaTooLong { bits }),
        _ if !bits.is_multiple_of(8) => return Err(KeyError::RsaOddLength { bits }),
        _ => {}
    }
    if modulus.last().is_some_and(|last| last % 2 == 0) {
        return Err(KeyError::RsaMalformed("modulus"));
    }
    if exponent.len() > 5 {
        return Err(KeyError::RsaExponentTooLarge);
    }
    let exponent = exponent
        .iter()
        .fold(0_u64, |sum, octet| sum << 8 | u64::from(*octet));
    if exponent > 1 << 32 {
        return Err(KeyError::RsaExponentTooLarge);
    }
    if exponent % 2 == 0 {
        return Err(KeyError::RsaExponentEven);
    }
    if exponent < 65_537 {
        return Err(KeyError::RsaExponentTooSmall { exponent });
    }
    Ok(KeyAlgorithm::Rsa { bits })
}

/// Returns the significant octets of a number above zero.
fn positive(integer: &[u8]) -> Option<&[u8]> {
    match integer {
        [first, ..] if *first >= 0x80 => None,
        [0] | [] => None,
        [0, rest @ ..] => Some(rest),
        all => Some(all),
    }
}

fn bit_length(significant: &[u8]) -> u32 {
    let octets = u32::try_from(significant.len()).unwrap_or(u32::MAX);
    let leading = significant.first().map_or(0, |first| first.leading_zeros());
    octets.saturating_mul(8).saturating_sub(leading)
}

/// Checks the curve and the form of the point (RFC 5480 §2.1.1 and §2.2).
fn elliptic(mut parameters: DerReader<'_>, point: &[u8]) -> Result<KeyAlgorithm, KeyError> {
    if parameters
        .clone()
        .optional(tag::OBJECT_IDENTIFIER)?
        .is_none()
    {
        return Err(KeyError::UnnamedCurve);
    }
    let (algorithm, length) = match parameters.object_identifier()? {
        oid::P256 => (KeyAlgorithm::P256, 65),
        oid::P384 => (KeyAlgorithm::P384, 97),
        other => {
            return Err(KeyError::UnknownCurve {
                oid: other.to_string(),
            });
        }
    };
    parameters.finish()?;
    if point == [0] {
        return Err(KeyError::PointAtInfinity(algorithm));
    }
    if point.first() != Some(&4) || point.len() != length {
        return Err(KeyError::PointNotUncompressed(algorithm));
    }
    Ok(algorithm)
}

pub(crate) fn sha256(octets: &[u8]) -> [u8; 32] {
    let digest = digest(&SHA256, octets);
    let mut copy = [0; 32];
    copy.copy_from_slice(digest.as_ref());
    copy
}

fn leftmost(digest: [u8; 32]) -> [u8; 20] {
    let mut octets = [0; 20];
    octets
        .iter_mut()
        .zip(digest)
        .for_each(|(octet, from)| *octet = from);
    octets
}

/// Why a public key is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not the DER of a `SubjectPublicKeyInfo`.
    #[error("public key is not a SubjectPublicKeyInfo in DER: {0}")]
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
    /// A modulus with a small factor.
    #[error("RSA modulus is divisible by {factor}")]
    RsaSmallFactor {
        /// The factor.
        factor: u64,
    },
    /// A modulus of the library of CVE-2017-15361.
    #[error("RSA modulus has the fingerprint of ROCA (CVE-2017-15361)")]
    RsaRoca,
    /// Primes so close that Fermat's method finds them.
    #[error("RSA modulus is a product of two close primes, which Fermat's method finds")]
    RsaClosePrimes,
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
    /// The point at infinity, which is nobody's key.
    #[error("point of the {0} key is the point at infinity")]
    PointAtInfinity(KeyAlgorithm),
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
    /// The signature is not by this key over this message.
    #[error("signature does not verify")]
    Wrong,
}
