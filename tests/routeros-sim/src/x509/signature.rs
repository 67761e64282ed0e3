//! Signatures of certificates and CRLs: whose key made them, with which algorithm and curve.

use super::{RSA_ENCRYPTION, oid};
use aws_lc_rs::signature::{self, UnparsedPublicKey};
use der::{
    Decode as _, Encode as _,
    asn1::{Any, BitString, ObjectIdentifier},
};
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

/// The three parts of anything signed: a certificate and a CRL have the same outer form.
#[derive(Debug, der::Sequence)]
pub(crate) struct SignedParts {
    signed: Any,
    algorithm: AlgorithmIdentifierOwned,
    signature: BitString,
}

impl SignedParts {
    /// Tells whether the key of this `SubjectPublicKeyInfo` made the signature.
    pub(crate) fn is_signed_by(&self, spki_der: &[u8]) -> bool {
        let Ok(spki) = SubjectPublicKeyInfoOwned::from_der(spki_der) else {
            return false;
        };
        let (Ok(signed), Some(signature), Some(key)) = (
            self.signed.to_der(),
            self.signature.as_bytes(),
            spki.subject_public_key.as_bytes(),
        ) else {
            return false;
        };
        verification(self.algorithm.oid, &spki).is_some_and(|how| {
            UnparsedPublicKey::new(how, key)
                .verify(&signed, signature)
                .is_ok()
        })
    }
}

/// A curve that RouterOS has a key size for.
pub(super) struct Curve {
    oid: ObjectIdentifier,
    pub(super) word: &'static str,
    pub(super) signing: &'static signature::EcdsaSigningAlgorithm,
    /// With SHA-256, SHA-384 and SHA-512, as in [`ECDSA_SIGNATURES`].
    verifying: [&'static dyn signature::VerificationAlgorithm; 3],
}

pub(super) fn curve_of(spki: &SubjectPublicKeyInfoOwned) -> Option<&'static Curve> {
    let named: ObjectIdentifier = spki.algorithm.parameters.as_ref()?.decode_as().ok()?;
    CURVES.iter().find(|curve| curve.oid == named)
}

fn verification(
    algorithm: ObjectIdentifier,
    spki: &SubjectPublicKeyInfoOwned,
) -> Option<&'static dyn signature::VerificationAlgorithm> {
    if spki.algorithm.oid == RSA_ENCRYPTION {
        return RSA_SIGNATURES
            .iter()
            .find(|(oid, ..)| *oid == algorithm)
            .map(|(_, how)| *how);
    }
    let curve = curve_of(spki)?;
    let digest = ECDSA_SIGNATURES.iter().position(|oid| *oid == algorithm)?;
    curve.verifying.get(digest).copied()
}

pub(super) fn digest_word(algorithm: ObjectIdentifier) -> &'static str {
    DIGESTS
        .iter()
        .find(|(oid, _)| *oid == algorithm)
        .map_or("", |(_, word)| *word)
}

const RSA_SHA1: ObjectIdentifier = oid("1.2.840.113549.1.1.5");
const RSA_SHA256: ObjectIdentifier = oid("1.2.840.113549.1.1.11");
const RSA_SHA384: ObjectIdentifier = oid("1.2.840.113549.1.1.12");
const RSA_SHA512: ObjectIdentifier = oid("1.2.840.113549.1.1.13");
const ECDSA_SHA256: ObjectIdentifier = oid("1.2.840.10045.4.3.2");
const ECDSA_SHA384: ObjectIdentifier = oid("1.2.840.10045.4.3.3");
const ECDSA_SHA512: ObjectIdentifier = oid("1.2.840.10045.4.3.4");

static RSA_SIGNATURES: [(ObjectIdentifier, &dyn signature::VerificationAlgorithm); 4] = [
    (
        RSA_SHA1,
        &signature::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
    ),
    (
        RSA_SHA256,
        &signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
    ),
    (RSA_SHA384, &signature::RSA_PKCS1_2048_8192_SHA384),
    (
        RSA_SHA512,
        &signature::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
    ),
];

const ECDSA_SIGNATURES: [ObjectIdentifier; 3] = [ECDSA_SHA256, ECDSA_SHA384, ECDSA_SHA512];

pub(super) static CURVES: [Curve; 3] = [
    Curve {
        oid: oid("1.2.840.10045.3.1.7"),
        word: "prime256v1",
        signing: &signature::ECDSA_P256_SHA256_ASN1_SIGNING,
        verifying: [
            &signature::ECDSA_P256_SHA256_ASN1,
            &signature::ECDSA_P256_SHA384_ASN1,
            &signature::ECDSA_P256_SHA512_ASN1,
        ],
    },
    Curve {
        oid: oid("1.3.132.0.34"),
        word: "secp384r1",
        signing: &signature::ECDSA_P384_SHA384_ASN1_SIGNING,
        verifying: [
            &signature::ECDSA_P384_SHA256_ASN1,
            &signature::ECDSA_P384_SHA384_ASN1,
            &signature::ECDSA_P384_SHA512_ASN1,
        ],
    },
    Curve {
        oid: oid("1.3.132.0.35"),
        word: "secp521r1",
        signing: &signature::ECDSA_P521_SHA512_ASN1_SIGNING,
        verifying: [
            &signature::ECDSA_P521_SHA256_ASN1,
            &signature::ECDSA_P521_SHA384_ASN1,
            &signature::ECDSA_P521_SHA512_ASN1,
        ],
    },
];

const DIGESTS: [(ObjectIdentifier, &str); 8] = [
    (oid("1.2.840.113549.1.1.4"), "md5"),
    (RSA_SHA1, "sha1"),
    (RSA_SHA256, "sha256"),
    (RSA_SHA384, "sha384"),
    (RSA_SHA512, "sha512"),
    (ECDSA_SHA256, "sha256"),
    (ECDSA_SHA384, "sha384"),
    (ECDSA_SHA512, "sha512"),
];
