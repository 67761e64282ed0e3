//! Rows of neighbouring leaves under one key: sled spends more on a key than a row costs.

use super::{IndexError, unusable};
use crate::feed::IndexRow;
use crate::leaf_row::{LeafRow, Usual};

/// The octets of the rows from the last full page on.
#[derive(Debug, Default)]
pub(super) struct Page(Vec<u8>);

/// A page is some kilobytes long: sled keeps much longer ones in memory whatever its cache may hold.
const LEVEL: u8 = 4;
const ROWS: u64 = 1 << LEVEL;
/// What the keys of pages begin with.
const KEY: &[u8] = b"page";

/// Returns the key of the page with a leaf.
pub(super) fn key(leaf: u64) -> Vec<u8> {
    [KEY, &(leaf >> LEVEL).to_be_bytes()].concat()
}

/// Tells whether the last of so many leaves fills its page.
pub(super) fn is_full(leaves: u64) -> bool {
    leaves.trailing_zeros() >= u32::from(LEVEL)
}

impl Page {
    pub(super) fn push(&mut self, row: &IndexRow) {
        let length = u32::try_from(row.octets.len()).unwrap_or(u32::MAX);
        self.0.extend_from_slice(&row.offset.to_be_bytes());
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(&row.octets);
    }

    pub(super) fn octets(&self) -> &[u8] {
        &self.0
    }
}

/// Decodes the pages one after the other.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// How many leaves the pages so far have.
    leaves: u64,
    /// The last page when it is not full.
    page: Page,
    usual: Usual,
}

/// Takes the number of a leaf, the place of its record, and its row.
pub(super) type Visit<'v> = dyn FnMut(u64, u32, &LeafRow) -> Result<(), IndexError> + 'v;

impl Reading {
    /// Decodes the next page.
    pub(super) fn page(
        &mut self,
        place: &[u8],
        octets: &[u8],
        visit: &mut Visit<'_>,
    ) -> Result<(), IndexError> {
        let begin = self.leaves;
        if !is_full(begin) || *place != key(begin) {
            return Err(unusable("a page is missing"));
        }
        let mut rest = octets;
        while !rest.is_empty() {
            let (offset, row, behind) =
                split(rest).ok_or_else(|| unusable("a row is too short"))?;
            let row = LeafRow::from_octets(row, &mut self.usual)
                .map_err(|source| IndexError::Unusable(source.to_string()))?;
            visit(self.leaves, offset, &row)?;
            self.leaves += 1;
            rest = behind;
        }
        self.page = Page::default();
        match self.leaves - begin {
            ROWS => Ok(()),
            1..ROWS => {
                self.page.0 = octets.to_vec();
                Ok(())
            }
            _ => Err(unusable("a page is malformed")),
        }
    }

    /// Ends behind so many leaves; returns the last page, which may go on.
    pub(super) fn end(self, leaves: u64) -> Result<Page, IndexError> {
        if self.leaves != leaves {
            return Err(unusable("it has not the rows that its head tells of"));
        }
        Ok(self.page)
    }
}

/// Goes through the pages with their keys, undecoded.
pub(super) fn scan(db: &sled::Db) -> sled::Iter {
    db.scan_prefix(KEY)
}

fn split(octets: &[u8]) -> Option<(u32, &[u8], &[u8])> {
    let (offset, rest) = octets.split_first_chunk::<4>()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (row, rest) = rest.split_at_checked(length)?;
    Some((u32::from_be_bytes(*offset), row, rest))
}
