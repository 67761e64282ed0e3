//! Serial numbers of certificates (RFC 5280 §4.1.2.2).

use std::fmt;
use std::str::FromStr;

use rand_core::CryptoRng;

/// The serial number of a certificate that this CA issued: 16 octets, positive, of fixed length.
///
/// The first octet lies between `0x40` and `0x7f`, so the DER form is always 16 octets long.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SerialNumber(u128);

impl SerialNumber {
    /// Draws a new serial number: 126 random bits.
    pub fn generate(rng: &mut dyn CryptoRng) -> Self {
        let mut octets = [0; 16];
        rng.fill_bytes(&mut octets);
        Self(u128::from_be_bytes(octets) & !HIGH_BITS | FIXED_BITS)
    }

    /// Reads a serial number from the content octets of a DER INTEGER.
    ///
    /// # Errors
    /// Fails when the number is negative, empty, or longer than 16 octets.
    pub fn from_der_octets(octets: &[u8]) -> Result<Self, SerialError> {
        match octets.first() {
            None => return Err(SerialError::Empty),
            Some(first) if *first >= 0x80 => return Err(SerialError::Negative),
            Some(_) => {}
        }
        let significant = match octets {
            [0, rest @ ..] if !rest.is_empty() => rest,
            all => all,
        };
        if significant.len() > 16 {
            return Err(SerialError::TooLong {
                octets: significant.len(),
            });
        }
        Ok(Self(
            significant
                .iter()
                .fold(0, |sum, octet| sum << 8 | u128::from(*octet)),
        ))
    }

    /// Returns the 16 octets, most significant first.
    pub fn octets(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }
}

impl From<[u8; 16]> for SerialNumber {
    fn from(octets: [u8; 16]) -> Self {
        Self(u128::from_be_bytes(octets))
    }
}

impl fmt::Display for SerialNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for SerialNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SerialNumber({self})")
    }
}

impl FromStr for SerialNumber {
    type Err = SerialError;

    /// Reads hexadecimal digits; case, colons and leading zeros do not matter.
    fn from_str(text: &str) -> Result<Self, SerialError> {
        let digits: String = text.chars().filter(|c| *c != ':').collect();
        if digits.is_empty() {
            return Err(SerialError::Empty);
        }
        if let Some(other) = digits.chars().find(|c| !c.is_ascii_hexdigit()) {
            return Err(SerialError::NotHexadecimal(other));
        }
        let significant = digits.trim_start_matches('0');
        if significant.len() > 32 {
            return Err(SerialError::TooLong {
                octets: significant.len().div_ceil(2),
            });
        }
        if significant.is_empty() {
            return Ok(Self(0));
        }
        u128::from_str_radix(significant, 16)
            .map(Self)
            .map_err(|_source| SerialError::Empty)
    }
}

/// Why a text or an INTEGER is no serial number of this CA.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SerialError {
    /// There is no digit.
    #[error("serial number: no digits")]
    Empty,
    /// A character that is neither a hexadecimal digit nor a colon.
    #[error("serial number: `{0}` is not a hexadecimal digit")]
    NotHexadecimal(char),
    /// More octets than this CA ever uses.
    #[error("serial number: {octets} octets, this CA uses 16")]
    TooLong {
        /// How many octets came.
        octets: usize,
    },
    /// The sign bit is set.
    #[error("serial number: negative")]
    Negative,
}

const HIGH_BITS: u128 = 0b11 << 126;
const FIXED_BITS: u128 = 0b01 << 126;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_colons_and_leading_zeros_do_not_matter() {
        let plain: SerialNumber = "4a0000000000000000000000000000ff".parse().unwrap();
        for text in [
            "4A:00:00:00:00:00:00:00:00:00:00:00:00:00:00:FF",
            "004a0000000000000000000000000000fF",
        ] {
            assert_eq!(text.parse(), Ok(plain));
        }
        assert_eq!(plain.to_string(), "4a0000000000000000000000000000ff");
    }

    #[test]
    fn what_is_not_hexadecimal_or_too_long_is_named() {
        assert_eq!(
            "12g4".parse::<SerialNumber>(),
            Err(SerialError::NotHexadecimal('g'))
        );
        assert_eq!("".parse::<SerialNumber>(), Err(SerialError::Empty));
        assert_eq!(
            "1".repeat(40).parse::<SerialNumber>(),
            Err(SerialError::TooLong { octets: 20 })
        );
    }

    proptest::proptest! {
        #[test]
        fn generated_serials_are_positive_and_sixteen_octets(seed: [u8; 16]) {
            let serial = SerialNumber(u128::from_be_bytes(seed) & !HIGH_BITS | FIXED_BITS);
            proptest::prop_assert!((0x40..0x80).contains(&serial.octets()[0]));
            proptest::prop_assert_eq!(SerialNumber::from_der_octets(&serial.octets()), Ok(serial));
            proptest::prop_assert_eq!(serial.to_string().parse(), Ok(serial));
        }
    }
}
