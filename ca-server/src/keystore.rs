//! Private keys of this server: made here, kept encrypted, used through core's [`Signer`] port.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, RsaKeyPair};
use ca_types::{Code, Hinted};
use ca_verify::KeyAlgorithm;
use zeroize::Zeroizing;

mod ca_keys;
mod file;
mod keys_ahead;
mod log_key;
mod rewrap;
#[cfg(test)]
mod suite;

pub use ca_keys::CaKeys;
pub use file::{
    FileSigner, KeyFile, load_keys, read_key, read_plain_key, write_key, write_plain_key,
};
pub(crate) use file::{open_key, write_plain_key_by};
pub use keys_ahead::KeysAhead;
pub use log_key::LogSigner;
pub use rewrap::{rewrap_keys, settle_keys};

#[cfg(doc)]
use ca_core::Signer;

/// The kinds of keys that CAs can have here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// RSA with 3072 bits: what every device of a fleet reads.
    Rsa3072,
    /// RSA with 2048 bits.
    Rsa2048,
    /// ECDSA on the curve P-256.
    P256,
}

impl KeyKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Rsa3072, Self::Rsa2048, Self::P256];

    /// Returns the word used on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rsa3072 => "rsa3072",
            Self::Rsa2048 => "rsa2048",
            Self::P256 => "p256",
        }
    }

    /// Returns the kind of a CA key of this algorithm.
    pub fn of_ca(algorithm: KeyAlgorithm) -> Self {
        match algorithm {
            KeyAlgorithm::Rsa { bits } if bits < 3072 => Self::Rsa2048,
            KeyAlgorithm::Rsa { .. } => Self::Rsa3072,
            KeyAlgorithm::P256 | KeyAlgorithm::P384 => Self::P256,
        }
    }

    /// Returns the kind for end entities under a CA whose key is of this algorithm.
    pub fn for_end_entities_of(ca: KeyAlgorithm) -> Self {
        match ca {
            KeyAlgorithm::Rsa { .. } => Self::Rsa2048,
            KeyAlgorithm::P256 | KeyAlgorithm::P384 => Self::P256,
        }
    }
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for KeyKind {
    type Err = KeyKindError;

    fn from_str(text: &str) -> Result<Self, KeyKindError> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| KeyKindError(text.to_owned()))
    }
}

/// A text that names no kind of key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("key algorithm `{}`: wanted rsa3072, rsa2048 or p256", .0.escape_default())]
pub struct KeyKindError(String);

/// A private key outside of a signer: PKCS#8 in DER, wiped when dropped, never printed.
pub struct PrivateKey(Zeroizing<Vec<u8>>);

impl PrivateKey {
    /// Makes a key; an RSA key takes up to a second.
    ///
    /// # Errors
    /// Fails when the cryptographic module does.
    pub fn generate(kind: KeyKind) -> Result<Self, KeyStoreError> {
        let refuse = |_unspecified| KeyStoreError::NotMade(kind);
        let size = match kind {
            KeyKind::Rsa3072 => KeySize::Rsa3072,
            KeyKind::Rsa2048 => KeySize::Rsa2048,
            KeyKind::P256 => {
                let pair =
                    EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).map_err(refuse)?;
                let document = pair.to_pkcs8v1().map_err(refuse)?;
                return Ok(Self(Zeroizing::new(document.as_ref().to_vec())));
            }
        };
        let pair = RsaKeyPair::generate(size).map_err(refuse)?;
        let document: Pkcs8V1Der<'static> = pair.as_der().map_err(refuse)?;
        Ok(Self(Zeroizing::new(document.as_ref().to_vec())))
    }

    /// Takes a key in PKCS#8 DER.
    pub fn from_pkcs8_der(der: Zeroizing<Vec<u8>>) -> Self {
        Self(der)
    }

    /// Returns the key in PKCS#8 DER; the caller must not copy it into anything that outlives the use.
    pub fn expose_der(&self) -> &[u8] {
        &self.0
    }

    /// Makes the key ready to sign.
    ///
    /// # Errors
    /// Fails when it is neither RSA nor P-256, or its public half is not one that this CA accepts.
    pub fn signer(&self) -> Result<FileSigner, KeyStoreError> {
        FileSigner::new(self)
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey([redacted])")
    }
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyStoreError {
    /// The cryptographic module made none.
    #[error("the cryptographic module made no {0} key")]
    NotMade(KeyKind),
    /// The key cannot be encrypted or encoded.
    #[error("the key cannot be encoded: {0}")]
    Encoding(String),
    /// The file cannot be read.
    #[error("cannot read the key {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file holds something else.
    #[error("{}: wanted {wanted}, came {came}", path.display())]
    NotAKey {
        /// The file.
        path: PathBuf,
        /// What was wanted.
        wanted: &'static str,
        /// What came.
        came: String,
    },
    /// The passphrase does not open the file.
    #[error("the passphrase does not open the key {}", path.display())]
    WrongPassphrase {
        /// The file.
        path: PathBuf,
    },
    /// A key of a kind that does not sign here.
    #[error("a private key is neither RSA nor P-256, or damaged")]
    UnknownKind,
    /// The public half is of a quality that this CA does not accept.
    #[error("the public half of a private key is not acceptable: {0}")]
    Unacceptable(#[from] ca_verify::KeyError),
    /// The key belongs to another certificate.
    #[error("the key {} does not belong to its certificate", path.display())]
    NotOfCertificate {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be written.
    #[error(transparent)]
    Write(#[from] crate::atomic::AtomicWriteError),
    /// The cryptographic module made no key for the log.
    #[error("the cryptographic module made no Ed25519 key")]
    NoLogKey,
    /// A thread that opened a key ended early.
    #[error("a key was not opened: its thread ended early")]
    Lost,
}

impl KeyStoreError {
    /// Names the file of a key that opens and is damaged all the same: nothing guards its octets.
    pub(crate) fn in_file(self, path: &Path) -> Self {
        match self {
            Self::UnknownKind | Self::Unacceptable(_) => {
                Self::not_a_key(path, "a key that signs here", self.to_string())
            }
            other => other,
        }
    }

    fn not_a_key(path: &Path, wanted: &'static str, came: impl Into<String>) -> Self {
        Self::NotAKey {
            path: path.to_owned(),
            wanted,
            came: came.into(),
        }
    }
}

impl Hinted for KeyStoreError {
    fn code(&self) -> Code {
        match self {
            Self::WrongPassphrase { .. } => Code::InvalidRequest,
            Self::Unreadable { .. } | Self::NotAKey { .. } | Self::NotOfCertificate { .. } => {
                Code::FailedPrecondition
            }
            Self::UnknownKind | Self::Unacceptable(_) => Code::UnacceptableKey,
            Self::NotMade(_) | Self::Encoding(_) | Self::NoLogKey | Self::Lost => Code::Internal,
            Self::Write(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::WrongPassphrase { path } => Some(format!(
                "name the passphrase file that `init` was given; `openssl pkey -in {} -noout` asks for it too",
                path.display()
            )),
            Self::Unreadable { source, .. } => Some(match source.kind() {
                std::io::ErrorKind::PermissionDenied => {
                    "run it as the user who owns the file".to_owned()
                }
                _ => ca_store::hint_of(source)
                    .unwrap_or("restore it from a backup")
                    .to_owned(),
            }),
            Self::NotAKey { .. } | Self::NotOfCertificate { .. } => {
                Some("restore the file from a backup".to_owned())
            }
            Self::Write(error) => error.hint(),
            Self::UnknownKind
            | Self::Unacceptable(_)
            | Self::NotMade(_)
            | Self::Encoding(_)
            | Self::NoLogKey
            | Self::Lost => None,
        }
    }
}
