//! Records: the octets of a leaf in a segment.

use ca_verify::MAX_ENTRY_OCTETS;

use crate::LogId;

/// How many octets stand before the leaf.
pub const RECORD_HEADER_OCTETS: usize = 20;

/// A leaf in a segment: length (4), index of the leaf (8), position in its group (4), CRC-32C (4), leaf.
///
/// The checksum covers the identity of the log, the header and the leaf. Big-endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// The index of the leaf.
    pub leaf: u64,
    /// How many records stand before it in the group that was written and synced with it.
    ///
    /// A crash can tear any record of the last group, whole ones behind it included. A record of a
    /// later group proves that the earlier group was durable once.
    pub position: u32,
    /// The octets of the leaf.
    pub octets: &'a [u8],
}

/// Why octets do not begin with a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// They end before the record does.
    #[error("the record ends too early")]
    Short,
    /// A length that no leaf has.
    #[error("record of {0} octets, a leaf has 1 to {MAX_ENTRY_OCTETS}")]
    Length(u32),
    /// A checksum that does not fit.
    #[error("record with a wrong checksum")]
    Checksum,
    /// Another leaf than the one that must stand here.
    #[error("record of leaf {found}, leaf {wanted} must stand here")]
    Leaf {
        /// The leaf that must stand here.
        wanted: u64,
        /// The leaf that does.
        found: u64,
    },
}

impl<'a> Record<'a> {
    /// Decodes the record that `octets` begin with.
    ///
    /// # Errors
    /// Fails when they do not begin with a whole record of this log.
    pub fn decode(log_id: LogId, octets: &'a [u8]) -> Result<Self, RecordError> {
        let (length, rest) = octets.split_first_chunk::<4>().ok_or(RecordError::Short)?;
        let (leaf, rest) = rest.split_first_chunk::<8>().ok_or(RecordError::Short)?;
        let (position, rest) = rest.split_first_chunk::<4>().ok_or(RecordError::Short)?;
        let (checksum, rest) = rest.split_first_chunk::<4>().ok_or(RecordError::Short)?;
        let record = Self {
            leaf: u64::from_be_bytes(*leaf),
            position: u32::from_be_bytes(*position),
            octets: rest
                .get(..leaf_octets(*length)?)
                .ok_or(RecordError::Short)?,
        };
        if record.checksum(log_id) != u32::from_be_bytes(*checksum) {
            return Err(RecordError::Checksum);
        }
        Ok(record)
    }

    /// Returns how many octets the record has whose header `octets` begin with.
    ///
    /// # Errors
    /// Fails when they are no header.
    pub fn octets_wanted(octets: &[u8]) -> Result<usize, RecordError> {
        let length = octets.first_chunk::<4>().ok_or(RecordError::Short)?;
        Ok(RECORD_HEADER_OCTETS + leaf_octets(*length)?)
    }

    /// Writes the record to the end of `out`.
    pub fn append_to(&self, log_id: LogId, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.header());
        out.extend_from_slice(&self.checksum(log_id).to_be_bytes());
        out.extend_from_slice(self.octets);
    }

    fn header(&self) -> [u8; 16] {
        let length = u32::try_from(self.octets.len()).unwrap_or(u32::MAX);
        let mut header = [0; 16];
        let fields = length
            .to_be_bytes()
            .into_iter()
            .chain(self.leaf.to_be_bytes())
            .chain(self.position.to_be_bytes());
        for (octet, field) in header.iter_mut().zip(fields) {
            *octet = field;
        }
        header
    }

    fn checksum(&self, log_id: LogId) -> u32 {
        let checksum = crc32c::crc32c(log_id.octets());
        let checksum = crc32c::crc32c_append(checksum, &self.header());
        crc32c::crc32c_append(checksum, self.octets)
    }
}

fn leaf_octets(length: [u8; 4]) -> Result<usize, RecordError> {
    let length = u32::from_be_bytes(length);
    usize::try_from(length)
        .ok()
        .filter(|octets| (1..=MAX_ENTRY_OCTETS).contains(octets))
        .ok_or(RecordError::Length(length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id() -> LogId {
        [7; 16].into()
    }

    fn octets(record: &Record<'_>) -> Vec<u8> {
        let mut octets = Vec::new();
        record.append_to(id(), &mut octets);
        octets
    }

    #[test]
    fn every_cut_every_flipped_octet_and_another_log_is_refused() {
        let record = Record {
            leaf: 5,
            position: 2,
            octets: b"leaf",
        };
        let octets = octets(&record);
        assert_eq!(Record::decode(id(), &octets), Ok(record));
        assert_eq!(Record::octets_wanted(&octets), Ok(octets.len()));
        for at in 0..octets.len() {
            assert_eq!(
                Record::decode(id(), &octets[..at]),
                Err(RecordError::Short),
                "cut at {at}"
            );
            let mut flipped = octets.clone();
            flipped[at] ^= 1;
            assert!(Record::decode(id(), &flipped).is_err(), "flipped at {at}");
        }
        assert_eq!(
            Record::decode([8; 16].into(), &octets),
            Err(RecordError::Checksum)
        );
    }

    #[test]
    fn zeros_are_no_record() {
        assert_eq!(Record::decode(id(), &[0; 64]), Err(RecordError::Length(0)));
    }

    proptest::proptest! {
        #[test]
        fn any_octets_are_a_record_that_writes_them_or_are_refused(noise: Vec<u8>) {
            if let Ok(record) = Record::decode(id(), &noise) {
                proptest::prop_assert!(noise.starts_with(&octets(&record)));
            }
        }

        #[test]
        fn any_leaf_comes_back(leaf: u64, position: u32, content in proptest::collection::vec(0_u8.., 1..300)) {
            let record = Record { leaf, position, octets: &content };
            let octets = octets(&record);
            proptest::prop_assert_eq!(Record::decode(id(), &octets), Ok(record));
        }
    }
}
