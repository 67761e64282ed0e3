//! Identifiers of changing requests.

use std::fmt;
use std::str::FromStr;

use rand_core::CryptoRng;

/// The caller's identifier of one changing request: the same id and content give the same answer.
///
/// Written as 32 hexadecimal digits; the dashes of a UUID are accepted.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(u128);

impl RequestId {
    /// Draws a new identifier.
    pub fn generate(rng: &mut dyn CryptoRng) -> Self {
        let mut octets = [0; 16];
        rng.fill_bytes(&mut octets);
        Self(u128::from_be_bytes(octets))
    }

    /// Returns the 16 octets.
    pub fn octets(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }
}

impl From<[u8; 16]> for RequestId {
    fn from(octets: [u8; 16]) -> Self {
        Self(u128::from_be_bytes(octets))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequestId({self})")
    }
}

impl FromStr for RequestId {
    type Err = RequestIdError;

    fn from_str(text: &str) -> Result<Self, RequestIdError> {
        let digits: String = text.chars().filter(|c| *c != '-').collect();
        if digits.len() != 32 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(RequestIdError {
                text: text.to_owned(),
            });
        }
        u128::from_str_radix(&digits, 16)
            .map(Self)
            .map_err(|_source| RequestIdError {
                text: text.to_owned(),
            })
    }
}

/// Why a text is no request id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("request id `{text}`: wanted a UUID or 32 hexadecimal digits")]
pub struct RequestIdError {
    text: String,
}
