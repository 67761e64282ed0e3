//! Keys in files: PKCS#8 under PBES2, which `openssl pkey` opens too (RFC 5958, RFC 8018).

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use ca_core::{SignError, Signer};
use ca_store::files::{Files, SystemFiles};
use ca_types::{IssuerId, Passphrase, SystemEntropy};
use ca_verify::{PublicKey, SignatureAlgorithm};
use der::asn1::OctetStringRef;
use der::pem::PemLabel as _;
use pkcs8::pkcs5::pbes2::{Kdf, Parameters};
use pkcs8::{EncryptedPrivateKeyInfoRef, LineEnding, SecretDocument};
use rand_core::Rng as _;
use zeroize::Zeroizing;

use super::{KeyStoreError, PrivateKey};
use crate::atomic::{atomic_write_by, write_new_by};

/// A private key in memory that signs.
#[derive(Debug)]
pub struct FileSigner {
    public_key: PublicKey,
    pair: Pair,
}

#[derive(Debug)]
enum Pair {
    Rsa(Box<RsaKeyPair>),
    P256(Box<EcdsaKeyPair>),
}

impl FileSigner {
    pub(super) fn new(key: &PrivateKey) -> Result<Self, KeyStoreError> {
        let der = key.expose_der();
        let pair = match EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, der) {
            Ok(pair) => Pair::P256(Box::new(pair)),
            Err(_not_p256) => match RsaKeyPair::from_pkcs8(der) {
                Ok(pair) => Pair::Rsa(Box::new(pair)),
                Err(_not_rsa) => return Err(KeyStoreError::UnknownKind),
            },
        };
        let spki: Result<PublicKeyX509Der<'_>, _> = match &pair {
            Pair::Rsa(pair) => pair.public_key().as_der(),
            Pair::P256(pair) => pair.public_key().as_der(),
        };
        let spki = spki.map_err(|_unspecified| KeyStoreError::UnknownKind)?;
        Ok(Self {
            public_key: PublicKey::from_spki_der(spki.as_ref())?,
            pair,
        })
    }
}

impl Signer for FileSigner {
    fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        match self.pair {
            Pair::Rsa(_) => SignatureAlgorithm::RsaPkcs1Sha256,
            Pair::P256(_) => SignatureAlgorithm::EcdsaSha256,
        }
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let refused =
            |_unspecified| SignError::Refused(format!("no {} signature", self.algorithm()));
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .map_err(refused)?;
                Ok(signature)
            }
            Pair::P256(pair) => Ok(pair
                .sign(&random, message)
                .map_err(refused)?
                .as_ref()
                .to_vec()),
        }
    }
}

/// The encrypted key of a CA, and the public key that its certificate has.
#[derive(Debug, Clone)]
pub struct KeyFile {
    /// The CA.
    pub issuer: IssuerId,
    /// The file.
    pub path: PathBuf,
    /// The public key of its certificate.
    pub public_key: PublicKey,
}

/// Opens several keys at once, each in a thread of its own: the key derivation takes its time by design.
///
/// # Errors
/// Fails when one does not open, or is not the key of its certificate.
pub fn load_keys(
    files: &[KeyFile],
    passphrase: &Passphrase,
) -> Result<BTreeMap<IssuerId, Arc<dyn Signer>>, KeyStoreError> {
    std::thread::scope(|scope| {
        let threads: Vec<_> = files
            .iter()
            .map(|file| (file, scope.spawn(|| load_key(file, passphrase))))
            .collect();
        let mut signers = BTreeMap::new();
        for (file, thread) in threads {
            let signer = thread.join().unwrap_or(Err(KeyStoreError::Lost))?;
            signers.insert(file.issuer.clone(), signer);
        }
        Ok(signers)
    })
}

fn load_key(file: &KeyFile, passphrase: &Passphrase) -> Result<Arc<dyn Signer>, KeyStoreError> {
    proved(open_key(&file.path, passphrase)?, file)
}

/// Opens an encrypted key and makes it ready to sign.
pub(crate) fn open_key(path: &Path, passphrase: &Passphrase) -> Result<FileSigner, KeyStoreError> {
    let signer = read_key(path, passphrase)?.signer();
    signer.map_err(|error| error.in_file(path))
}

/// Takes a key only for the certificate that it belongs to.
pub(super) fn proved(signer: FileSigner, file: &KeyFile) -> Result<Arc<dyn Signer>, KeyStoreError> {
    if *signer.public_key() != file.public_key {
        return Err(KeyStoreError::NotOfCertificate {
            path: file.path.clone(),
        });
    }
    Ok(Arc::new(signer))
}

/// Encrypts a key into a file for its owner only; a file that is there is never overwritten.
///
/// # Errors
/// Fails when the file is there already or cannot be written.
pub fn write_key(
    path: &Path,
    key: &PrivateKey,
    passphrase: &Passphrase,
) -> Result<(), KeyStoreError> {
    write_key_by(&SystemFiles, path, key, passphrase)
}

/// Encrypts a key into a file by way of these files.
pub(super) fn write_key_by(
    files: &dyn Files,
    path: &Path,
    key: &PrivateKey,
    passphrase: &Passphrase,
) -> Result<(), KeyStoreError> {
    let pem = encrypt(key, passphrase)?;
    Ok(write_new_by(files, path, pem.as_bytes(), 0o600)?)
}

/// Opens an encrypted key.
///
/// # Errors
/// Fails when the file is no encrypted PKCS#8 key, or the passphrase does not open it.
pub fn read_key(path: &Path, passphrase: &Passphrase) -> Result<PrivateKey, KeyStoreError> {
    let document = read_pem(path, EncryptedPrivateKeyInfoRef::PEM_LABEL)?;
    let wanted = "PKCS#8 under PBES2 with PBKDF2";
    let encrypted: EncryptedPrivateKeyInfoRef<'_> = document
        .decode_msg()
        .map_err(|error: der::Error| KeyStoreError::not_a_key(path, wanted, error.to_string()))?;
    // A file that somebody changed must not be able to keep the server busy for hours.
    let rounds = encrypted
        .encryption_algorithm
        .pbes2()
        .and_then(|scheme| rounds_of(&scheme.kdf));
    match rounds {
        None => {
            return Err(KeyStoreError::not_a_key(
                path,
                wanted,
                "another key derivation",
            ));
        }
        Some(rounds) if rounds > MOST_ROUNDS => {
            return Err(KeyStoreError::not_a_key(
                path,
                wanted,
                format!("{rounds} rounds"),
            ));
        }
        Some(_) => {}
    }
    match encrypted.decrypt(passphrase.expose()) {
        Ok(opened) => Ok(PrivateKey::from_pkcs8_der(opened.to_bytes())),
        Err(_wrong) => Err(KeyStoreError::WrongPassphrase {
            path: path.to_owned(),
        }),
    }
}

/// Writes a key without encryption, for its owner only, in the place of the one that may be there.
///
/// # Errors
/// Fails when the file cannot be written.
pub fn write_plain_key(path: &Path, key: &PrivateKey) -> Result<(), KeyStoreError> {
    write_plain_key_by(&SystemFiles, path, key)
}

/// Writes a key without encryption by way of these files.
pub(crate) fn write_plain_key_by(
    files: &dyn Files,
    path: &Path,
    key: &PrivateKey,
) -> Result<(), KeyStoreError> {
    let encoding = |error: der::Error| KeyStoreError::Encoding(error.to_string());
    let document = SecretDocument::try_from(key.expose_der()).map_err(encoding)?;
    let pem = document
        .to_pem(PLAIN_LABEL, LineEnding::LF)
        .map_err(encoding)?;
    Ok(atomic_write_by(files, path, pem.as_bytes(), 0o600)?)
}

/// Reads a key without encryption.
///
/// # Errors
/// Fails when the file is no PKCS#8 key in PEM.
pub fn read_plain_key(path: &Path) -> Result<PrivateKey, KeyStoreError> {
    Ok(PrivateKey::from_pkcs8_der(
        read_pem(path, PLAIN_LABEL)?.to_bytes(),
    ))
}

fn encrypt(key: &PrivateKey, passphrase: &Passphrase) -> Result<Zeroizing<String>, KeyStoreError> {
    let (mut salt, mut iv) = ([0; 16], [0; 16]);
    SystemEntropy.fill_bytes(&mut salt);
    SystemEntropy.fill_bytes(&mut iv);
    let encoding = |error: pkcs8::Error| KeyStoreError::Encoding(error.to_string());
    let parameters = Parameters::generate_pbkdf2_sha256_aes256cbc(ROUNDS, &salt, iv)
        .map_err(|error| KeyStoreError::Encoding(error.to_string()))?;
    let encrypted = parameters
        .encrypt(passphrase.expose(), key.expose_der())
        .map_err(|error| KeyStoreError::Encoding(error.to_string()))?;
    let info = EncryptedPrivateKeyInfoRef {
        encryption_algorithm: parameters.into(),
        encrypted_data: <&OctetStringRef>::try_from(encrypted.as_slice())
            .map_err(|error| encoding(error.into()))?,
    };
    let document = SecretDocument::try_from(&info).map_err(encoding)?;
    document
        .to_pem(EncryptedPrivateKeyInfoRef::PEM_LABEL, LineEnding::LF)
        .map_err(|error| encoding(error.into()))
}

fn rounds_of(kdf: &Kdf) -> Option<u32> {
    kdf.pbkdf2().map(|parameters| parameters.iteration_count)
}

fn read_pem(path: &Path, label: &'static str) -> Result<SecretDocument, KeyStoreError> {
    let mut text = Zeroizing::new(String::with_capacity(LONGEST));
    let limit = u64::try_from(LONGEST).unwrap_or(u64::MAX);
    File::open(path)
        .and_then(|file| file.take(limit).read_to_string(&mut text))
        .map_err(|source| KeyStoreError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
    let (came, document) = SecretDocument::from_pem(&text)
        .map_err(|error| KeyStoreError::not_a_key(path, label, error.to_string()))?;
    if came != label {
        return Err(KeyStoreError::not_a_key(path, label, came));
    }
    Ok(document)
}

/// What OWASP asks of PBKDF2 with SHA-256; OpenSSL 3.0 refuses scrypt of that strength.
const ROUNDS: u32 = 600_000;
const MOST_ROUNDS: u32 = 10_000_000;
const LONGEST: usize = 16_384;
const PLAIN_LABEL: &str = "PRIVATE KEY";

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::atomic::atomic_write;
    use crate::keystore::KeyKind;

    fn passphrase(text: &str) -> Passphrase {
        Passphrase::from_file_content(text.into())
    }

    #[test]
    fn what_was_written_opens_with_its_passphrase_only_and_signs() {
        let dir = tempfile::tempdir().unwrap();
        for kind in [KeyKind::P256, KeyKind::Rsa2048] {
            let path = dir.path().join(format!("{kind}.key"));
            let key = PrivateKey::generate(kind).unwrap();
            write_key(&path, &key, &passphrase("right")).unwrap();
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
            let wrong = read_key(&path, &passphrase("wrong")).unwrap_err();
            assert!(
                matches!(wrong, KeyStoreError::WrongPassphrase { .. }),
                "{wrong}"
            );
            assert!(ca_types::Hinted::hint(&wrong).is_some());
            let signer = read_key(&path, &passphrase("right"))
                .unwrap()
                .signer()
                .unwrap();
            assert_eq!(*signer.public_key(), *key.signer().unwrap().public_key());
            let signature = signer.sign(b"message").unwrap();
            signer
                .public_key()
                .verify(b"message", &signature, signer.algorithm())
                .unwrap();
            assert!(
                signer
                    .public_key()
                    .verify(b"massage", &signature, signer.algorithm())
                    .is_err()
            );
        }
    }

    #[test]
    fn a_key_in_a_file_is_a_signer() {
        for kind in KeyKind::ALL {
            let key = PrivateKey::generate(kind).unwrap();
            crate::keystore::suite::conforms(Arc::new(key.signer().unwrap()));
        }
    }

    #[test]
    fn a_key_is_never_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.key");
        let key = PrivateKey::generate(KeyKind::P256).unwrap();
        write_key(&path, &key, &passphrase("one")).unwrap();
        assert!(matches!(
            write_key(&path, &key, &passphrase("two")),
            Err(KeyStoreError::Write(_))
        ));
        read_key(&path, &passphrase("one")).unwrap();
    }

    #[test]
    fn a_key_of_another_certificate_is_refused_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.key");
        write_key(
            &path,
            &PrivateKey::generate(KeyKind::P256).unwrap(),
            &passphrase("p"),
        )
        .unwrap();
        let other = PrivateKey::generate(KeyKind::P256)
            .unwrap()
            .signer()
            .unwrap();
        let file = KeyFile {
            issuer: "router-2026-1".parse().unwrap(),
            path,
            public_key: other.public_key().clone(),
        };
        let error = load_keys(&[file], &passphrase("p")).unwrap_err();
        assert!(
            matches!(error, KeyStoreError::NotOfCertificate { .. }),
            "{error}"
        );
    }

    #[test]
    fn what_is_no_encrypted_key_is_refused_before_any_derivation() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.key");
        let key = PrivateKey::generate(KeyKind::P256).unwrap();
        write_plain_key(&path, &key).unwrap();
        let plain = read_key(&path, &passphrase("p")).unwrap_err();
        assert_eq!(
            plain.to_string(),
            format!(
                "{}: wanted ENCRYPTED PRIVATE KEY, came PRIVATE KEY",
                path.display()
            )
        );
        assert_eq!(
            read_plain_key(&path).unwrap().expose_der(),
            key.expose_der()
        );
        atomic_write(
            &path,
            b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n",
            0o600,
        )
        .unwrap();
        assert!(matches!(
            read_key(&path, &passphrase("p")),
            Err(KeyStoreError::NotAKey { .. })
        ));
    }

    #[test]
    fn debug_shows_no_secret() {
        let key = PrivateKey::generate(KeyKind::P256).unwrap();
        assert_eq!(format!("{key:?}"), "PrivateKey([redacted])");
    }
}
