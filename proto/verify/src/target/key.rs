//! Kinds of keys and signatures, those too that this CA does not use.

use std::fmt;

use spki::ObjectIdentifier;

use crate::der_reader::{DerReader, MalformedDer, tag};
use crate::oid;

/// The kind of a public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyKind {
    Rsa,
    /// `id-RSASSA-PSS` in the key itself.
    RsaPss,
    P256,
    P384,
    P521,
    Ed25519,
    Ed448,
    /// Another curve, or one that is written out in its parameters.
    OtherCurve,
    Other,
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rsa => "RSA",
            Self::RsaPss => "RSASSA-PSS",
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
            Self::Ed25519 => "Ed25519",
            Self::Ed448 => "Ed448",
            Self::OtherCurve => "of another curve",
            Self::Other => "of another kind",
        })
    }
}

/// A public key, as far as targets mind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) kind: KeyKind,
    /// The length of an RSA modulus.
    pub(super) rsa_bits: Option<usize>,
    pub(super) spki: Box<[u8]>,
}

impl Key {
    /// Reads a `SubjectPublicKeyInfo`; no kind of key is refused.
    pub(super) fn read(spki: &[u8]) -> Result<Self, MalformedDer> {
        let mut reader = DerReader::new(spki, "SubjectPublicKeyInfo");
        let mut fields = reader.sequence("SubjectPublicKeyInfo")?;
        reader.finish()?;
        let mut identifier = fields.sequence("algorithm of the public key")?;
        let bits = fields.octet_bits()?;
        let kind = match identifier.object_identifier()? {
            oid::RSA_ENCRYPTION => KeyKind::Rsa,
            oid::RSASSA_PSS => KeyKind::RsaPss,
            oid::EC_PUBLIC_KEY => curve(identifier)?,
            oid::ED25519 => KeyKind::Ed25519,
            oid::ED448 => KeyKind::Ed448,
            _ => KeyKind::Other,
        };
        let rsa_bits = match kind {
            KeyKind::Rsa | KeyKind::RsaPss => Some(modulus_bits(bits)?),
            KeyKind::P256
            | KeyKind::P384
            | KeyKind::P521
            | KeyKind::Ed25519
            | KeyKind::Ed448
            | KeyKind::OtherCurve
            | KeyKind::Other => None,
        };
        Ok(Self {
            kind,
            rsa_bits,
            spki: spki.into(),
        })
    }

    /// Returns how long a signature by this key is at the most, in octets.
    pub(super) fn signature_octets(&self) -> usize {
        match (self.kind, self.rsa_bits) {
            (_, Some(bits)) => bits.div_ceil(8),
            (KeyKind::P384, None) => 104,
            (KeyKind::P521, None) => 139,
            (KeyKind::Ed448, None) => 114,
            (
                KeyKind::P256
                | KeyKind::Ed25519
                | KeyKind::OtherCurve
                | KeyKind::Other
                | KeyKind::Rsa
                | KeyKind::RsaPss,
                None,
            ) => 72,
        }
    }
}

fn curve(mut parameters: DerReader<'_>) -> Result<KeyKind, MalformedDer> {
    if parameters
        .clone()
        .optional(tag::OBJECT_IDENTIFIER)?
        .is_none()
    {
        return Ok(KeyKind::OtherCurve);
    }
    Ok(match parameters.object_identifier()? {
        oid::P256 => KeyKind::P256,
        oid::P384 => KeyKind::P384,
        P521 => KeyKind::P521,
        _ => KeyKind::OtherCurve,
    })
}

fn modulus_bits(key: &[u8]) -> Result<usize, MalformedDer> {
    let mut reader = DerReader::new(key, "RSA public key");
    let mut fields = reader.sequence("RSA public key")?;
    let modulus = match fields.integer()? {
        [0, rest @ ..] => rest,
        all => all,
    };
    let leading = modulus.first().map_or(0, |first| first.leading_zeros());
    let leading = usize::try_from(leading).unwrap_or_default();
    Ok(modulus.len().saturating_mul(8).saturating_sub(leading))
}

/// The kind of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SignatureKind {
    /// RSA PKCS#1 v1.5 with SHA-2.
    RsaSha2,
    /// ECDSA with SHA-2.
    EcdsaSha2,
    RsaPss,
    /// Ed25519 or Ed448.
    Edwards,
    /// With SHA-1 or MD5.
    OldHash,
    Other,
}

impl fmt::Display for SignatureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RsaSha2 => "RSA with SHA-2",
            Self::EcdsaSha2 => "ECDSA with SHA-2",
            Self::RsaPss => "RSASSA-PSS",
            Self::Edwards => "Ed25519 or Ed448",
            Self::OldHash => "SHA-1 or MD5",
            Self::Other => "another algorithm",
        })
    }
}

impl SignatureKind {
    /// Reads an `AlgorithmIdentifier`.
    pub(super) fn read(identifier: &[u8]) -> Result<Self, MalformedDer> {
        let mut reader = DerReader::new(identifier, "signature algorithm");
        let mut fields = reader.sequence("signature algorithm")?;
        Ok(match fields.object_identifier()? {
            RSA_SHA256 | RSA_SHA384 | RSA_SHA512 => Self::RsaSha2,
            ECDSA_SHA256 | ECDSA_SHA384 | ECDSA_SHA512 => Self::EcdsaSha2,
            oid::RSASSA_PSS => Self::RsaPss,
            oid::ED25519 | oid::ED448 => Self::Edwards,
            RSA_MD5 | RSA_SHA1 | ECDSA_SHA1 => Self::OldHash,
            _ => Self::Other,
        })
    }
}

const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");
const RSA_MD5: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.4");
const RSA_SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.5");
const RSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");
const RSA_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.12");
const RSA_SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.13");
const ECDSA_SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.1");
const ECDSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
const ECDSA_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3");
const ECDSA_SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.4");
