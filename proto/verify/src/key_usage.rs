//! Key usage (RFC 5280 §4.2.1.3).

use std::fmt;

use crate::der_reader::{DerReader, MalformedDer, tag};

/// The uses that `KeyUsage` names.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct KeyUsage(u16);

impl KeyUsage {
    /// No use at all.
    pub const NONE: Self = Self(0);
    /// `digitalSignature`.
    pub const DIGITAL_SIGNATURE: Self = Self(1 << 15);
    /// `keyEncipherment`.
    pub const KEY_ENCIPHERMENT: Self = Self(1 << 13);
    /// `keyCertSign`.
    pub const KEY_CERT_SIGN: Self = Self(1 << 10);
    /// `cRLSign`.
    pub const CRL_SIGN: Self = Self(1 << 9);

    /// Returns the uses of both.
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Tells whether all uses of `other` are in this.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Reads the extension: named bits, at least one, without zeros behind the last (X.690 §11.2.2).
    pub(crate) fn read(value: &[u8]) -> Result<Self, MalformedDer> {
        let mut reader = DerReader::new(value, "key usage");
        let content = reader.expect(tag::BIT_STRING, "wanted a BIT STRING")?;
        let bits = match content {
            [_, first] => u16::from(*first) << 8,
            [_, first, second] => u16::from(*first) << 8 | u16::from(*second),
            _ => return Err(reader.error("is no list of key usages")),
        };
        let unused = content.first().copied().unwrap_or_default();
        let last = content.last().copied().unwrap_or_default();
        if last == 0 || u32::from(unused) != last.trailing_zeros() {
            return Err(reader.error("is a list of named bits that DER writes shorter"));
        }
        reader.finish()?;
        Ok(Self(bits))
    }
}

const WORDS: [(u16, &str); 9] = [
    (1 << 15, "digitalSignature"),
    (1 << 14, "nonRepudiation"),
    (1 << 13, "keyEncipherment"),
    (1 << 12, "dataEncipherment"),
    (1 << 11, "keyAgreement"),
    (1 << 10, "keyCertSign"),
    (1 << 9, "cRLSign"),
    (1 << 8, "encipherOnly"),
    (1 << 7, "decipherOnly"),
];

impl fmt::Display for KeyUsage {
    /// Writes the names of RFC 5280: `digitalSignature, keyEncipherment`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = WORDS
            .into_iter()
            .filter(|(bit, _)| self.0 & bit != 0)
            .map(|(_, word)| word)
            .collect();
        f.write_str(if words.is_empty() { "none" } else { "" })?;
        f.write_str(&words.join(", "))
    }
}

impl fmt::Debug for KeyUsage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyUsage({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_usage_reads_in_its_one_form() {
        for (octets, expect) in [
            (&[3, 2, 7, 0x80][..], Some("digitalSignature")),
            (&[3, 2, 5, 0xa0], Some("digitalSignature, keyEncipherment")),
            (&[3, 2, 1, 6], Some("keyCertSign, cRLSign")),
            (
                &[3, 3, 7, 0x80, 0x80],
                Some("digitalSignature, decipherOnly"),
            ),
            (&[3, 2, 0, 0x80], None),
            (&[3, 2, 7, 0], None),
            (&[3, 1, 0], None),
            (&[3, 0], None),
            (&[3, 3, 0, 0x80, 0], None),
            (&[3, 2, 7, 0x80, 0], None),
        ] {
            let read = KeyUsage::read(octets).ok().map(|usage| usage.to_string());
            assert_eq!(read.as_deref(), expect, "{octets:?}");
        }
    }
}
