//! The header of a segment.

use crate::LogId;

/// How many octets a header has.
pub const HEADER_OCTETS: usize = 82;

/// What stands at the beginning of every segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentHeader {
    /// The log that the segment belongs to.
    pub log_id: LogId,
    /// The index of its first leaf.
    pub first_leaf: u64,
    /// The first leaf of the segment before; its own in the first segment. A missing segment is named by it.
    pub previous: u64,
    /// The root hash of the tree over all leaves before.
    pub root: [u8; 32],
}

/// Why octets are no header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// Fewer octets than a header has.
    #[error("{0} octets, a segment header has {HEADER_OCTETS}")]
    Short(usize),
    /// No file of ours.
    #[error("no log segment of Fleet CA")]
    Magic,
    /// A format that this build does not know.
    #[error("log format {0}, this build knows format {FORMAT}")]
    Format(u16),
    /// A checksum that does not fit.
    #[error("segment header with a wrong checksum")]
    Checksum,
}

const MAGIC: [u8; 12] = *b"FleetCA.log\n";
const FORMAT: u16 = 1;

impl SegmentHeader {
    /// Encodes the header.
    pub fn to_octets(self) -> Vec<u8> {
        let mut octets = Vec::with_capacity(HEADER_OCTETS);
        octets.extend_from_slice(&MAGIC);
        octets.extend_from_slice(&FORMAT.to_be_bytes());
        octets.extend_from_slice(self.log_id.octets());
        octets.extend_from_slice(&self.first_leaf.to_be_bytes());
        octets.extend_from_slice(&self.previous.to_be_bytes());
        octets.extend_from_slice(&self.root);
        let checksum = crc32c::crc32c(&octets);
        octets.extend_from_slice(&checksum.to_be_bytes());
        octets
    }

    /// Decodes the header that `octets` begin with.
    ///
    /// # Errors
    /// Fails on anything that [`SegmentHeader::to_octets`] does not write.
    pub fn decode(octets: &[u8]) -> Result<Self, HeaderError> {
        let short = HeaderError::Short(octets.len());
        let (magic, rest) = octets.split_first_chunk::<12>().ok_or(short)?;
        let (format, rest) = rest.split_first_chunk::<2>().ok_or(short)?;
        if *magic != MAGIC {
            return Err(HeaderError::Magic);
        }
        let format = u16::from_be_bytes(*format);
        if format != FORMAT {
            return Err(HeaderError::Format(format));
        }
        let (log_id, rest) = rest.split_first_chunk::<16>().ok_or(short)?;
        let (first_leaf, rest) = rest.split_first_chunk::<8>().ok_or(short)?;
        let (previous, rest) = rest.split_first_chunk::<8>().ok_or(short)?;
        let (root, rest) = rest.split_first_chunk::<32>().ok_or(short)?;
        let (checksum, _records) = rest.split_first_chunk::<4>().ok_or(short)?;
        let content = octets.get(..HEADER_OCTETS - 4).ok_or(short)?;
        if crc32c::crc32c(content) != u32::from_be_bytes(*checksum) {
            return Err(HeaderError::Checksum);
        }
        Ok(Self {
            log_id: (*log_id).into(),
            first_leaf: u64::from_be_bytes(*first_leaf),
            previous: u64::from_be_bytes(*previous),
            root: *root,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_comes_back_and_every_flipped_octet_is_refused() {
        let header = SegmentHeader {
            log_id: [7; 16].into(),
            first_leaf: 1 << 40,
            previous: 3,
            root: [9; 32],
        };
        let octets = header.to_octets();
        assert_eq!(octets.len(), HEADER_OCTETS);
        assert_eq!(SegmentHeader::decode(&octets), Ok(header));
        for at in 0..octets.len() {
            let mut flipped = octets.clone();
            flipped[at] ^= 1;
            assert!(SegmentHeader::decode(&flipped).is_err(), "flipped at {at}");
            assert_eq!(
                SegmentHeader::decode(&octets[..at]),
                Err(HeaderError::Short(at))
            );
        }
    }
}
