//! Passphrases come from files.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use ca_types::{Code, Hinted, Passphrase};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

/// Reads a passphrase file; one trailing newline is stripped.
///
/// # Errors
/// Fails when the file cannot be read, is empty, or too long for a passphrase.
pub fn read_passphrase(path: &Path) -> Result<Passphrase, PassphraseError> {
    let mut content = Zeroizing::new(Vec::with_capacity(LONGEST + 1));
    let limit = u64::try_from(LONGEST + 1).unwrap_or(u64::MAX);
    File::open(path)
        .and_then(|file| file.take(limit).read_to_end(&mut content))
        .map_err(|source| PassphraseError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
    if content.len() > LONGEST {
        return Err(PassphraseError::TooLong {
            path: path.to_owned(),
        });
    }
    let passphrase = Passphrase::from_file_content(std::mem::take(&mut *content));
    if passphrase.is_empty() {
        return Err(PassphraseError::Empty {
            path: path.to_owned(),
        });
    }
    Ok(passphrase)
}

/// Tells whether others than its owner can read a file.
pub fn is_readable_by_others(path: &Path) -> bool {
    path.metadata()
        .is_ok_and(|metadata| metadata.permissions().mode() & 0o044 != 0)
}

/// Draws a passphrase of letters and digits: 160 random bits in eight groups.
pub fn generate_passphrase(rng: &mut dyn CryptoRng) -> Zeroizing<Vec<u8>> {
    let mut octets = Zeroizing::new([0; 32]);
    rng.fill_bytes(&mut *octets);
    // Reserved from the start, so that no half of it is left behind by a growing vector.
    let mut text = Zeroizing::new(Vec::with_capacity(48));
    for (index, octet) in octets.iter().enumerate() {
        if index > 0 && index % 4 == 0 {
            text.push(b'-');
        }
        text.extend(ALPHABET.get(usize::from(octet % 32)));
    }
    text
}

/// Why there is no passphrase.
#[derive(Debug, thiserror::Error)]
pub enum PassphraseError {
    /// No file was named.
    #[error("no passphrase file: the keys of the CAs are encrypted")]
    NotGiven,
    /// It cannot be read.
    #[error("cannot read the passphrase file {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is nothing in it.
    #[error("passphrase file {} is empty", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// No passphrase is that long.
    #[error("passphrase file {} has more than {LONGEST} octets", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
    },
}

impl Hinted for PassphraseError {
    fn code(&self) -> Code {
        match self {
            Self::NotGiven | Self::Empty { .. } | Self::TooLong { .. } => Code::InvalidRequest,
            Self::Unreadable { .. } => Code::FailedPrecondition,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NotGiven => "give --passphrase-file FILE, or set passphrase_file in the settings".to_owned(),
            Self::Unreadable { .. } | Self::Empty { .. } | Self::TooLong { .. } => {
                "put the passphrase into the file, on one line: `openssl rand -base64 30 > FILE; chmod 600 FILE`"
                    .to_owned()
            }
        })
    }
}

const LONGEST: usize = 1024;

/// No letter or digit that a person takes for another one.
const ALPHABET: [u8; 32] = *b"abcdefghjkmnpqrstuvwxyz023456789";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::atomic::write_new;

    #[test]
    fn empty_and_endless_files_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        for (name, content, refused) in [
            ("one", b"secret\n".to_vec(), false),
            ("newline", b"\n".to_vec(), true),
            ("empty", Vec::new(), true),
            ("long", vec![b'a'; 1025], true),
        ] {
            let path = dir.path().join(name);
            write_new(&path, &content, 0o600).unwrap();
            assert_eq!(read_passphrase(&path).is_err(), refused, "{name}");
        }
        assert!(matches!(
            read_passphrase(&dir.path().join("absent")),
            Err(PassphraseError::Unreadable { .. })
        ));
    }

    #[test]
    fn rights_of_others_are_seen() {
        let dir = tempfile::tempdir().unwrap();
        for (name, mode, expect) in [("a", 0o600, false), ("b", 0o640, true), ("c", 0o604, true)] {
            write_new(&dir.path().join(name), b"x", mode).unwrap();
            assert_eq!(
                is_readable_by_others(&dir.path().join(name)),
                expect,
                "{name}"
            );
        }
    }

    #[test]
    fn drawn_passphrases_differ_and_are_long() {
        let mut entropy = ca_types::SystemEntropy;
        let (one, other) = (
            generate_passphrase(&mut entropy),
            generate_passphrase(&mut entropy),
        );
        assert_ne!(one, other);
        assert_eq!(one.len(), 39);
    }
}
