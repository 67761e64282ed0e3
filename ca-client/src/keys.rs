//! Private keys and the certification requests made with them (PKCS#8, PKCS#10).

use std::fmt;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use ca_types::{Code, GeneralName, Hinted, KeyId, Passphrase, SystemEntropy};
use pkcs8::der::pem::LineEnding;
use pkcs8::pkcs5::{EncryptionScheme, pbes2};
use pkcs8::{EncryptedPrivateKeyInfoRef, PrivateKeyInfoRef, SecretDocument};
use rand_core::Rng as _;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, KeyPair, PublicKeyData as _, SanType,
    SigningKey as _,
};
use rustls::pki_types::PrivatePkcs8KeyDer;
use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize as _, Zeroizing};

/// The kinds of keys that are made here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
#[value(rename_all = "lowercase")]
pub enum KeyAlgorithm {
    /// RSA with 2048 bits.
    Rsa2048,
    /// RSA with 3072 bits.
    Rsa3072,
    /// RSA with 4096 bits.
    Rsa4096,
    /// ECDSA on the curve P-256.
    P256,
}

impl KeyAlgorithm {
    /// Returns the word used on the command line: `rsa2048`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rsa2048 => "rsa2048",
            Self::Rsa3072 => "rsa3072",
            Self::Rsa4096 => "rsa4096",
            Self::P256 => "p256",
        }
    }

    /// Returns the default for a certificate by a CA with a key of this kind: all-RSA chains stay all RSA.
    pub fn under_ca(ca_key: &str) -> Self {
        if ca_key.starts_with("rsa") {
            Self::Rsa2048
        } else {
            Self::P256
        }
    }
}

impl fmt::Display for KeyAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A private key: never printed, wiped when dropped.
pub struct PrivateKey(KeyPair);

impl PrivateKey {
    /// Makes a new key; RSA takes from a tenth of a second to several seconds.
    ///
    /// # Errors
    /// Fails when the cryptographic library does.
    pub fn generate(algorithm: KeyAlgorithm) -> Result<Self, KeyError> {
        let made = |_source: aws_lc_rs::error::Unspecified| KeyError::NotMade(algorithm);
        let rsa = |size| {
            let pair = aws_lc_rs::rsa::KeyPair::generate(size)?;
            Ok(Zeroizing::new(pair.as_der()?.as_ref().to_vec()))
        };
        let pkcs8 = match algorithm {
            KeyAlgorithm::Rsa2048 => rsa(KeySize::Rsa2048).map_err(made)?,
            KeyAlgorithm::Rsa3072 => rsa(KeySize::Rsa3072).map_err(made)?,
            KeyAlgorithm::Rsa4096 => rsa(KeySize::Rsa4096).map_err(made)?,
            KeyAlgorithm::P256 => {
                let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).map_err(made)?;
                let document = pair.to_pkcs8v1().map_err(made)?;
                Zeroizing::new(document.as_ref().to_vec())
            }
        };
        Self::from_pkcs8(&pkcs8)
    }

    /// Reads a key in PKCS#8 PEM; the passphrase is needed only when it is encrypted.
    ///
    /// # Errors
    /// Fails when it is no such key, or the passphrase is missing or wrong, or opening it would take minutes.
    pub fn from_pem(pem: &[u8], passphrase: Option<&Passphrase>) -> Result<Self, KeyError> {
        let text = std::str::from_utf8(pem).map_err(|_source| KeyError::NotPkcs8)?;
        let (label, document) =
            SecretDocument::from_pem(text).map_err(|_source| KeyError::NotPkcs8)?;
        match label {
            "PRIVATE KEY" => Self::from_pkcs8(document.as_bytes()),
            "ENCRYPTED PRIVATE KEY" => {
                let passphrase = passphrase.ok_or(KeyError::PassphraseMissing)?;
                let encrypted = EncryptedPrivateKeyInfoRef::try_from(document.as_bytes())
                    .map_err(|_source| KeyError::NotPkcs8)?;
                if !opens_in_time(&encrypted.encryption_algorithm) {
                    return Err(KeyError::TooSlow);
                }
                let plain = encrypted
                    .decrypt(passphrase.expose())
                    .map_err(|_source| KeyError::PassphraseWrong)?;
                Self::from_pkcs8(plain.as_bytes())
            }
            _ => Err(KeyError::NotPkcs8),
        }
    }

    /// Tells whether a key in PKCS#8 PEM is encrypted, by its label.
    pub(crate) fn is_encrypted(pem: &[u8]) -> bool {
        pem.starts_with(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
    }

    fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        KeyPair::try_from(&PrivatePkcs8KeyDer::from(der))
            .map(Self)
            .map_err(|_source| KeyError::Unusable)
    }

    /// Returns the key as PKCS#8 DER.
    pub fn pkcs8_der(&self) -> &[u8] {
        self.0.serialized_der()
    }

    /// Writes the key as PKCS#8 PEM.
    ///
    /// # Errors
    /// Fails when the encoder does.
    pub fn to_pem(&self) -> Result<Zeroizing<String>, KeyError> {
        SecretDocument::try_from(self.pkcs8_der())
            .and_then(|document| document.to_pem("PRIVATE KEY", LineEnding::LF))
            .map_err(|_source| KeyError::Unusable)
    }

    /// Writes the key as encrypted PKCS#8 PEM: PBES2 with PBKDF2-HMAC-SHA256 and AES-256-CBC, which OpenSSL opens.
    ///
    /// # Errors
    /// Fails when the encoder does.
    pub fn to_encrypted_pem(&self, passphrase: &Passphrase) -> Result<Zeroizing<String>, KeyError> {
        let mut salt = [0; 16];
        let mut iv = [0; 16];
        SystemEntropy.fill_bytes(&mut salt);
        SystemEntropy.fill_bytes(&mut iv);
        let parameters = pbes2::Parameters::generate_pbkdf2_sha256_aes256cbc(ITERATIONS, &salt, iv)
            .map_err(|_source| KeyError::Unusable)?;
        PrivateKeyInfoRef::try_from(self.pkcs8_der())
            .and_then(|key| key.encrypt_with_params(parameters, passphrase.expose()))
            .map_err(|_source| KeyError::Unusable)?
            .to_pem("ENCRYPTED PRIVATE KEY", LineEnding::LF)
            .map_err(|_source| KeyError::Unusable)
    }

    /// Returns the DER of its `SubjectPublicKeyInfo`.
    pub fn public_key_der(&self) -> Vec<u8> {
        self.0.subject_public_key_info()
    }

    /// Returns the SHA-256 of its `SubjectPublicKeyInfo`.
    pub fn key_id(&self) -> KeyId {
        KeyId::from(<[u8; 32]>::from(Sha256::digest(self.public_key_der())))
    }

    /// Signs with RSASSA-PKCS1-v1_5 and SHA-256, or with ECDSA and the hash of the curve's size.
    ///
    /// # Errors
    /// Fails when the cryptographic library does.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.0.sign(message).map_err(|_source| KeyError::Unusable)
    }

    /// Makes a PKCS#10 request in DER for a common name and exactly these subject alternative names.
    ///
    /// # Errors
    /// Fails when a name does not encode.
    pub fn certification_request(
        &self,
        common_name: &str,
        sans: &[GeneralName],
    ) -> Result<Vec<u8>, KeyError> {
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name = DistinguishedName::new();
        parameters
            .distinguished_name
            .push(DnType::CommonName, common_name);
        parameters.subject_alt_names = sans.iter().map(san_type).collect::<Result<_, _>>()?;
        let request = parameters
            .serialize_request(&self.0)
            .map_err(|_source| KeyError::Unusable)?;
        Ok(request.der().to_vec())
    }
}

/// Tells whether a passphrase becomes a key within seconds and in little memory, whatever the file asks for.
fn opens_in_time(scheme: &EncryptionScheme) -> bool {
    let Some(parameters) = scheme.pbes2() else {
        return true;
    };
    if let Some(scrypt) = parameters.kdf.scrypt() {
        let lanes = u64::from(scrypt.block_size) * u64::from(scrypt.parallelization);
        return scrypt
            .cost_parameter
            .checked_mul(128 * lanes)
            .is_some_and(|octets| octets <= MOST_OCTETS);
    }
    let pbkdf2 = parameters.kdf.pbkdf2();
    pbkdf2.is_none_or(|pbkdf2| pbkdf2.iteration_count <= MOST_ITERATIONS)
}

fn san_type(name: &GeneralName) -> Result<SanType, KeyError> {
    let text = |value: &str| value.try_into().map_err(|_source| KeyError::Unusable);
    Ok(match name {
        GeneralName::Dns(name) => SanType::DnsName(text(name.as_str())?),
        GeneralName::Ip(address) => SanType::IpAddress(*address),
        GeneralName::Email(address) => SanType::Rfc822Name(text(address.as_str())?),
    })
}

impl Drop for PrivateKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({})", self.key_id())
    }
}

/// Why a key cannot be made or used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The library did not make one.
    #[error("no {0} key was made")]
    NotMade(KeyAlgorithm),
    /// Not PKCS#8 in PEM.
    #[error("wanted a private key in PKCS#8 PEM")]
    NotPkcs8,
    /// Encrypted, and there is no passphrase.
    #[error("the private key is encrypted and no passphrase was given")]
    PassphraseMissing,
    /// The passphrase does not open it.
    #[error("the passphrase does not open the private key")]
    PassphraseWrong,
    /// Its passphrase would be turned into a key for minutes.
    #[error(
        "opening the private key would take more than {MOST_ITERATIONS} rounds of PBKDF2, or more than {MOST_OCTETS} \
         octets of scrypt"
    )]
    TooSlow,
    /// Broken, or of a kind that is not supported.
    #[error("the private key is broken or of a kind other than RSA, P-256 or P-384")]
    Unusable,
}

impl Hinted for KeyError {
    fn code(&self) -> Code {
        match self {
            Self::NotMade(_) => Code::Internal,
            Self::NotPkcs8 | Self::PassphraseMissing | Self::PassphraseWrong | Self::TooSlow => {
                Code::InvalidRequest
            }
            Self::Unusable => Code::UnacceptableKey,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NotMade(_) => Some("repeat the command".to_owned()),
            Self::Unusable => Some("make a new key: rsa2048, rsa3072, rsa4096 or p256".to_owned()),
            Self::NotPkcs8 => {
                Some("convert it: openssl pkcs8 -topk8 -nocrypt -in OLD -out NEW".to_owned())
            }
            Self::TooSlow => {
                Some("encrypt it anew: openssl pkcs8 -topk8 -in OLD -out NEW".to_owned())
            }
            Self::PassphraseMissing | Self::PassphraseWrong => {
                Some("name the file that holds its passphrase".to_owned())
            }
        }
    }
}

/// As for the CA keys: `openssl pkey` opens it, and guessing is slow.
const ITERATIONS: u32 = 600_000;

/// The most rounds of PBKDF2 that are taken on: some seconds.
const MOST_ITERATIONS: u32 = 10_000_000;

/// The most that scrypt may go through: 128 octets for each unit of its three costs.
const MOST_OCTETS: u64 = 1 << 30;

#[cfg(test)]
mod tests {
    use super::*;
    use ca_verify::CertificationRequest;

    fn passphrase(text: &str) -> Passphrase {
        Passphrase::from_file_content(text.into())
    }

    #[test]
    fn a_key_comes_back_from_its_pem() {
        let key = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
        let plain = PrivateKey::from_pem(key.to_pem().unwrap().as_bytes(), None).unwrap();
        assert_eq!(plain.key_id(), key.key_id());
        let pem = key.to_encrypted_pem(&passphrase("open")).unwrap();
        let opened = PrivateKey::from_pem(pem.as_bytes(), Some(&passphrase("open"))).unwrap();
        assert_eq!(opened.key_id(), key.key_id());
        let refused =
            |given: Option<&Passphrase>| PrivateKey::from_pem(pem.as_bytes(), given).unwrap_err();
        assert_eq!(refused(None), KeyError::PassphraseMissing);
        assert_eq!(
            refused(Some(&passphrase("shut"))),
            KeyError::PassphraseWrong
        );
    }

    /// Whoever writes the file chooses the work: it is refused before it begins.
    #[test]
    fn a_key_that_would_take_minutes_to_open_is_refused() {
        let usual = |rounds| {
            let mut parameters =
                pbes2::Parameters::generate_pbkdf2_sha256_aes256cbc(1, &[1; 16], [2; 16]).unwrap();
            if let pbes2::Kdf::Pbkdf2(kdf) = &mut parameters.kdf {
                kdf.iteration_count = rounds;
            }
            parameters
        };
        let scrypt = |cost_parameter, block_size, parallelization| {
            let mut parameters = usual(1);
            let salt = parameters.kdf.pbkdf2().unwrap().salt;
            parameters.kdf = pbes2::Kdf::Scrypt(pbes2::ScryptParams {
                salt,
                cost_parameter,
                block_size,
                parallelization,
                key_length: None,
            });
            parameters
        };
        let opened = |parameters: pbes2::Parameters| {
            let encrypted = EncryptedPrivateKeyInfoRef {
                encryption_algorithm: parameters.into(),
                encrypted_data: (&[0; 32]).try_into().unwrap(),
            };
            let document = SecretDocument::try_from(&encrypted).unwrap();
            let pem = document.to_pem("ENCRYPTED PRIVATE KEY", LineEnding::LF);
            PrivateKey::from_pem(pem.unwrap().as_bytes(), Some(&passphrase("open"))).unwrap_err()
        };
        for parameters in [
            usual(MOST_ITERATIONS + 1),
            usual(u32::MAX),
            scrypt(1 << 21, 8, 1),
            scrypt(1 << 40, u16::MAX, u16::MAX),
            scrypt(1 << 14, 8, u16::MAX),
            scrypt(2, u16::MAX, u16::MAX),
        ] {
            assert_eq!(opened(parameters), KeyError::TooSlow);
        }
        for parameters in [usual(1), scrypt(1 << 4, 8, 1)] {
            assert_eq!(opened(parameters), KeyError::PassphraseWrong);
        }
    }

    #[test]
    fn a_request_names_exactly_what_is_asked() {
        for algorithm in [KeyAlgorithm::P256, KeyAlgorithm::Rsa2048] {
            let key = PrivateKey::generate(algorithm).unwrap();
            let sans = ["dns:a.example", "ip:192.0.2.1", "email:a@b.example"]
                .map(|san| san.parse().unwrap());
            let der = key.certification_request("a.example", &sans).unwrap();
            let request = CertificationRequest::from_der(&der).unwrap();
            assert_eq!(request.subject().common_names(), ["a.example"]);
            let asked: Vec<String> = request
                .requested()
                .sans
                .iter()
                .map(ToString::to_string)
                .collect();
            assert_eq!(
                asked,
                ["dns:a.example", "ip:192.0.2.1", "email:a@b.example"]
            );
            assert_eq!(request.public_key().key_id(), key.key_id());
        }
    }

    #[test]
    fn what_is_no_pkcs8_is_refused_and_nothing_secret_is_printed() {
        for text in [
            "",
            "x",
            "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n",
        ] {
            assert_eq!(
                PrivateKey::from_pem(text.as_bytes(), None).unwrap_err(),
                KeyError::NotPkcs8
            );
        }
        let key = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
        assert_eq!(format!("{key:?}"), format!("PrivateKey({})", key.key_id()));
    }
}
