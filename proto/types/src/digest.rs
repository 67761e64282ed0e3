//! SHA-256 digests, one type per meaning.

use std::fmt;
use std::str::FromStr;

macro_rules! digest {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 32]);

        impl $name {
            /// Returns the 32 octets.
            pub fn octets(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl From<[u8; 32]> for $name {
            fn from(octets: [u8; 32]) -> Self {
                Self(octets)
            }
        }

        impl TryFrom<&[u8]> for $name {
            type Error = DigestError;

            fn try_from(octets: &[u8]) -> Result<Self, DigestError> {
                octets.try_into().map(Self).map_err(|_source| DigestError::Length(octets.len()))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = DigestError;

            fn from_str(text: &str) -> Result<Self, DigestError> {
                from_hex(text).map(Self)
            }
        }
    };
}

digest! {
    /// The SHA-256 of a certificate's DER.
    Fingerprint
}
digest! {
    /// The SHA-256 of a `SubjectPublicKeyInfo`'s DER: the identity of a key.
    KeyId
}
digest! {
    /// The SHA-256 of the settings that were in force when a change was made.
    SettingsDigest
}
digest! {
    /// The SHA-256 of everything in a changing request that decides its answer.
    RequestDigest
}

fn from_hex(text: &str) -> Result<[u8; 32], DigestError> {
    let digits: Vec<u8> = text
        .bytes()
        .filter(|byte| *byte != b':')
        .map(|byte| {
            char::from(byte)
                .to_digit(16)
                .and_then(|digit| u8::try_from(digit).ok())
        })
        .collect::<Option<_>>()
        .ok_or(DigestError::NotHexadecimal)?;
    let octets: Vec<u8> = digits
        .chunks(2)
        .map(|pair| pair.iter().fold(0, |sum, digit| sum << 4 | digit))
        .collect();
    if digits.len() % 2 == 1 {
        return Err(DigestError::NotHexadecimal);
    }
    octets
        .as_slice()
        .try_into()
        .map_err(|_source| DigestError::Length(octets.len()))
}

/// Why octets or a text are no SHA-256 digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DigestError {
    /// Not 32 octets.
    #[error("a SHA-256 digest has 32 octets, this has {0}")]
    Length(usize),
    /// A character that is no hexadecimal digit, or an odd number of digits.
    #[error("a SHA-256 digest is written as 64 hexadecimal digits")]
    NotHexadecimal,
}
