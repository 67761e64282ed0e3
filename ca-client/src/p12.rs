//! PKCS#12 files: certificate, key and chain under one passphrase (RFC 7292).

use ca_types::{Code, Hinted, Passphrase};
use p12_keystore::{
    Certificate, EncryptionAlgorithm, KeyStore, KeyStoreEntry, MacAlgorithm, PrivateKeyChain,
};
use sha2::{Digest as _, Sha256};

use crate::keys::PrivateKey;

/// How a PKCS#12 file is sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seal {
    /// AES-256-CBC under PBKDF2, and a MAC with SHA-256.
    Modern,
    /// Triple-DES and a MAC with SHA-1 under the key derivation of PKCS#12: the only seal that Apple's systems and
    /// old RouterOS open. Worth as much as its passphrase is random.
    Legacy,
}

/// Packs a certificate, its key and the chain above it.
pub(crate) fn pkcs12(
    name: &str,
    key: &PrivateKey,
    certificates: &[Vec<u8>],
    passphrase: &Passphrase,
    seal: Seal,
) -> Result<Vec<u8>, P12Error> {
    let passphrase =
        std::str::from_utf8(passphrase.expose()).map_err(|_source| P12Error::PassphraseNotText)?;
    let chain: Vec<Certificate> = certificates
        .iter()
        .map(|der| Certificate::from_der(der))
        .collect::<Result<_, _>>()
        .map_err(P12Error::from_library)?;
    let leaf = certificates.first().map(Vec::as_slice).unwrap_or_default();
    let local_key_id = Sha256::digest(leaf).to_vec();
    let key =
        p12_keystore::PrivateKey::from_der(key.pkcs8_der()).map_err(P12Error::from_library)?;
    let mut store = KeyStore::new();
    let entry = PrivateKeyChain::new(local_key_id, key, chain);
    store.add_entry(name, KeyStoreEntry::PrivateKeyChain(entry));
    let (encryption, mac, iterations) = match seal {
        Seal::Modern => (
            EncryptionAlgorithm::PbeWithHmacSha256AndAes256,
            MacAlgorithm::HmacSha256,
            ITERATIONS,
        ),
        Seal::Legacy => (
            EncryptionAlgorithm::PbeWithShaAnd3KeyTripleDesCbc,
            MacAlgorithm::HmacSha1,
            LEGACY_ITERATIONS,
        ),
    };
    store
        .writer(passphrase)
        .encryption_algorithm(encryption)
        .encryption_iterations(iterations)
        .mac_algorithm(mac)
        .mac_iterations(iterations)
        .write()
        .map_err(P12Error::from_library)
}

/// Why there is no PKCS#12 file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum P12Error {
    /// PKCS#12 knows passphrases of characters only.
    #[error("the passphrase of a PKCS#12 file must be UTF-8 text")]
    PassphraseNotText,
    /// There is no passphrase.
    #[error("a PKCS#12 file needs a passphrase")]
    PassphraseMissing,
    /// The certificate is not by this key.
    #[error("the certificate and the private key do not belong together")]
    OtherKey,
    /// The library refused.
    #[error("PKCS#12: {0}")]
    Library(String),
}

impl P12Error {
    fn from_library(error: p12_keystore::error::Error) -> Self {
        Self::Library(error.to_string())
    }
}

impl Hinted for P12Error {
    fn code(&self) -> Code {
        match self {
            Self::PassphraseNotText | Self::PassphraseMissing | Self::OtherKey => {
                Code::InvalidRequest
            }
            Self::Library(_) => Code::Internal,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::PassphraseNotText | Self::PassphraseMissing => {
                Some("give one with --key-passphrase-file, or use --generate-passphrase".to_owned())
            }
            Self::OtherKey => Some("name the key of this certificate with --key".to_owned()),
            Self::Library(_) => Some("the certificate and the key have to be this CA's; `openssl x509 -in FILE -noout -text` shows one".to_owned()),
        }
    }
}

/// Both the key and the MAC can be guessed at; importing takes a device a fraction of a second.
const ITERATIONS: u32 = 100_000;
/// A small router takes a second for this many.
const LEGACY_ITERATIONS: u32 = 10_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::KeyAlgorithm;
    use p12_keystore::Pkcs12ImportPolicy;

    #[test]
    fn key_and_chain_come_back_with_the_passphrase_only() {
        check_comes_back(Seal::Modern);
        check_comes_back(Seal::Legacy);
    }

    #[track_caller]
    fn check_comes_back(seal: Seal) {
        let pair = rcgen::KeyPair::generate().unwrap();
        let certificate = rcgen::CertificateParams::new(vec!["a.example".to_owned()]).unwrap();
        let certificate = certificate.self_signed(&pair).unwrap();
        let key = PrivateKey::from_pem(pair.serialize_pem().as_bytes(), None).unwrap();
        let passphrase = Passphrase::from_file_content(b"open".to_vec());
        let octets = pkcs12(
            "a.example",
            &key,
            &[certificate.der().to_vec()],
            &passphrase,
            seal,
        )
        .unwrap();
        let read = |text| KeyStore::from_pkcs12(&octets, text, Pkcs12ImportPolicy::Relaxed);
        let store = read("open").unwrap();
        let (name, chain) = store.private_key_chain().unwrap();
        assert_eq!((name, chain.key().as_der()), ("a.example", key.pkcs8_der()));
        assert_eq!(chain.certs()[0].as_der(), certificate.der().as_ref());
        let refused = read("shut").map(drop).unwrap_err();
        assert!(
            matches!(refused, p12_keystore::error::Error::MacError(_)),
            "{refused}"
        );
    }

    #[test]
    fn a_passphrase_that_is_no_text_is_refused() {
        let key = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
        let passphrase = Passphrase::from_file_content(vec![0xff, 0xfe]);
        assert_eq!(
            pkcs12("a", &key, &[], &passphrase, Seal::Modern),
            Err(P12Error::PassphraseNotText)
        );
    }
}
