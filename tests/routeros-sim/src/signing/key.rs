//! The private keys that the router makes for its templates.

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::KeySize;
use getrandom::SysRng;
use rand_core::UnwrapErr;
use rcgen::{
    Error, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ECDSA_P521_SHA512,
    PKCS_RSA_SHA256, PublicKeyData, SignatureAlgorithm, SigningKey,
};
use rsa::pkcs1::EncodeRsaPublicKey as _;
use rsa::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _};
use rsa::{Pkcs1v15Sign, RsaPrivateKey};
use rustls::pki_types::PrivatePkcs8KeyDer;
use sha2::{Digest as _, Sha256};

use super::Digest;

/// A private key.
#[derive(Debug)]
pub(super) enum OwnKey {
    Usual(KeyPair),
    /// RSA of less than 2048 bits, which the library of the others does not sign with.
    Short(Box<ShortKey>),
}

#[derive(Debug)]
pub(super) struct ShortKey {
    private: RsaPrivateKey,
    /// The public key as in PKCS#1.
    public: Vec<u8>,
}

impl OwnKey {
    /// Makes a key of so many bits: of RSA, or of a curve.
    pub(super) fn generate(size: u32) -> Result<Self, String> {
        let of_rsa = |size| {
            let key = aws_lc_rs::rsa::KeyPair::generate(size).map_err(|error| error.to_string())?;
            let der: aws_lc_rs::encoding::Pkcs8V1Der<'_> =
                key.as_der().map_err(|error| error.to_string())?;
            Self::read(der.as_ref())
        };
        let on_curve = |algorithm| {
            KeyPair::generate_for(algorithm)
                .map(Self::Usual)
                .map_err(|error| error.to_string())
        };
        match size {
            1024 | 1536 => {
                let bits = usize::try_from(size).map_err(|error| error.to_string())?;
                RsaPrivateKey::new(&mut UnwrapErr(SysRng), bits)
                    .map_err(|error| error.to_string())
                    .and_then(Self::short)
            }
            2048 => of_rsa(KeySize::Rsa2048),
            4096 => of_rsa(KeySize::Rsa4096),
            8192 => of_rsa(KeySize::Rsa8192),
            256 => on_curve(&PKCS_ECDSA_P256_SHA256),
            384 => on_curve(&PKCS_ECDSA_P384_SHA384),
            521 => on_curve(&PKCS_ECDSA_P521_SHA512),
            other => Err(format!("key-size {other} is none of RouterOS")),
        }
    }

    /// Reads a key in PKCS#8.
    pub(super) fn read(pkcs8: &[u8]) -> Result<Self, String> {
        match KeyPair::try_from(pkcs8) {
            Ok(key) => Ok(Self::Usual(key)),
            Err(error) => RsaPrivateKey::from_pkcs8_der(pkcs8)
                .map_err(|_| error.to_string())
                .and_then(Self::short),
        }
    }

    /// Lets a key of RSA sign with a digest; those of curves have theirs.
    pub(super) fn with(self, digest: Digest) -> Result<Self, String> {
        match self {
            key if digest == Digest::Sha256 => Ok(key),
            Self::Usual(key) if key.algorithm() == &PKCS_RSA_SHA256 => {
                let der = PrivatePkcs8KeyDer::from(key.serialize_der());
                KeyPair::from_pkcs8_der_and_sign_algo(&der, digest.with_rsa())
                    .map(Self::Usual)
                    .map_err(|error| error.to_string())
            }
            Self::Usual(key) => Ok(Self::Usual(key)),
            Self::Short(_) => Err("RSA of less than 2048 bits signs with SHA-256 here".to_owned()),
        }
    }

    /// The key in PKCS#8.
    pub(super) fn pkcs8(&self) -> Result<Vec<u8>, String> {
        match self {
            Self::Usual(key) => Ok(key.serialize_der()),
            Self::Short(key) => key
                .private
                .to_pkcs8_der()
                .map(|der| der.as_bytes().to_vec())
                .map_err(|error| error.to_string()),
        }
    }

    fn short(private: RsaPrivateKey) -> Result<Self, String> {
        let public = private
            .to_public_key()
            .to_pkcs1_der()
            .map_err(|error| error.to_string())?
            .as_bytes()
            .to_vec();
        Ok(Self::Short(Box::new(ShortKey { private, public })))
    }
}

impl PublicKeyData for OwnKey {
    fn der_bytes(&self) -> &[u8] {
        match self {
            Self::Usual(key) => key.der_bytes(),
            Self::Short(key) => &key.public,
        }
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        match self {
            Self::Usual(key) => key.algorithm(),
            Self::Short(_) => &PKCS_RSA_SHA256,
        }
    }
}

impl SigningKey for OwnKey {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        match self {
            Self::Usual(key) => key.sign(message),
            Self::Short(key) => {
                let mut digest = SHA256_DIGEST_INFO.to_vec();
                digest.extend(Sha256::digest(message));
                key.private
                    .sign(Pkcs1v15Sign::new_unprefixed(), &digest)
                    .map_err(|_| Error::RemoteKeyError)
            }
        }
    }
}

/// What stands before a SHA-256 digest in a `DigestInfo` (RFC 8017 §9.2, note 1).
const SHA256_DIGEST_INFO: [u8; 19] = [
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
    0x00, 0x04, 0x20,
];
