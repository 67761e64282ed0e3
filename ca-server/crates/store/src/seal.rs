//! What the rows of an index must be, for a signature over it: whoever changes the files cannot change that.

use sha2::{Digest, Sha256};

use crate::LogId;

/// The rows of the first leaves of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndexDigest {
    /// The log.
    pub log_id: LogId,
    /// How many leaves.
    pub leaves: u64,
    /// The SHA-256 over their rows.
    pub rows: [u8; 32],
}

/// A digest that somebody signed; it is kept in the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexSeal {
    /// What was signed.
    pub digest: IndexDigest,
    /// The signature over [`IndexDigest::message`].
    pub signature: Vec<u8>,
}

/// The digest over rows that come one after the other.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rows {
    hasher: Sha256,
    leaves: u64,
}

/// No other signature of the key of a log begins so: notes begin with the name of the log.
const PURPOSE: &[u8] = b"\0fleet-ca rows of an index v1\0";

impl IndexDigest {
    /// Returns the octets to sign.
    pub fn message(&self) -> Vec<u8> {
        let leaves = self.leaves.to_be_bytes();
        [PURPOSE, self.log_id.octets(), &leaves, &self.rows].concat()
    }
}

impl IndexSeal {
    /// The number of leaves, their digest, the signature.
    pub(crate) fn to_octets(&self) -> Vec<u8> {
        let leaves = self.digest.leaves.to_be_bytes();
        [&leaves, &self.digest.rows[..], &self.signature].concat()
    }

    pub(crate) fn from_octets(log_id: LogId, octets: &[u8]) -> Option<Self> {
        let (leaves, rest) = octets.split_first_chunk::<8>()?;
        let (rows, signature) = rest.split_first_chunk::<32>()?;
        Some(Self {
            digest: IndexDigest {
                log_id,
                leaves: u64::from_be_bytes(*leaves),
                rows: *rows,
            },
            signature: signature.to_vec(),
        })
    }
}

impl Rows {
    /// Takes in the row of the next leaf.
    pub(crate) fn push(&mut self, row: &[u8]) {
        let length = u32::try_from(row.len()).unwrap_or(u32::MAX);
        self.hasher.update(length.to_be_bytes());
        self.hasher.update(row);
        self.leaves += 1;
    }

    /// Returns how many rows there were.
    pub(crate) fn leaves(&self) -> u64 {
        self.leaves
    }

    pub(crate) fn digest(&self, log_id: LogId) -> IndexDigest {
        IndexDigest {
            log_id,
            leaves: self.leaves,
            rows: self.hasher.clone().finalize().into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn any_octets_are_a_seal_that_is_written_as_it_was_read_or_none(octets: Vec<u8>) {
            let id = LogId::from([7; 16]);
            match IndexSeal::from_octets(id, &octets) {
                Some(seal) => {
                    assert_eq!(seal.to_octets(), octets);
                    assert_eq!(seal.digest.log_id, id);
                }
                None => assert!(octets.len() < 40, "{} octets", octets.len()),
            }
        }
    }
}
