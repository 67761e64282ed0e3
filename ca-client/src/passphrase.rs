//! Passphrases for keys and PKCS#12 files.

use std::path::Path;

use ca_types::{Code, Hinted, Passphrase, SystemEntropy};
use rand_core::Rng as _;
use zeroize::Zeroizing;

use crate::files::{self, FileError};

/// Reads a passphrase file; one trailing newline is stripped.
///
/// # Errors
/// Fails when it cannot be read, or there is nothing in it.
pub fn read_passphrase(file: &Path) -> Result<Passphrase, PassphraseError> {
    let passphrase = Passphrase::from_file_content(files::read(file)?);
    if passphrase.is_empty() {
        return Err(PassphraseError::Empty(file.display().to_string()));
    }
    Ok(passphrase)
}

/// Draws a passphrase of 30 letters and digits: 150 random bits.
pub fn generate_passphrase() -> Passphrase {
    let mut octets = Zeroizing::new([0; 30]);
    SystemEntropy.fill_bytes(&mut *octets);
    // Reserved from the start, so that no half of it is left behind by a growing vector.
    let mut text = Vec::with_capacity(36);
    for (index, octet) in octets.iter().enumerate() {
        if index > 0 && index % 5 == 0 {
            text.push(b'-');
        }
        text.extend(ALPHABET.get(usize::from(octet % 32)));
    }
    Passphrase::from_file_content(text)
}

/// Why there is no passphrase.
#[derive(Debug, thiserror::Error)]
pub enum PassphraseError {
    /// It cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// There is nothing in it.
    #[error("passphrase file {0} is empty")]
    Empty(String),
}

impl Hinted for PassphraseError {
    fn code(&self) -> Code {
        match self {
            Self::File(error) => error.code(),
            Self::Empty(_) => Code::InvalidRequest,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::File(error) => error.hint(),
            Self::Empty(_) => Some("write the passphrase into it, or name another file".to_owned()),
        }
    }
}

/// No letter or digit that a person takes for another one.
const ALPHABET: [u8; 32] = *b"abcdefghjkmnpqrstuvwxyz023456789";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_passphrases_are_six_groups_of_five_and_differ() {
        let one = generate_passphrase();
        let text = std::str::from_utf8(one.expose()).unwrap();
        let groups: Vec<&str> = text.split('-').collect();
        assert!(
            groups.len() == 6 && groups.iter().all(|group| group.len() == 5),
            "{text}"
        );
        assert_ne!(one.expose(), generate_passphrase().expose());
    }
}
