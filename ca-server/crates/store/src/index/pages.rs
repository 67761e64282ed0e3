//! Rows of neighbouring leaves under one key: sled spends more on a key than a row costs.

use super::{IndexError, unusable};
use crate::feed::IndexRow;
use crate::leaf_row::{LeafRow, Usual};
use crate::seal::Rows;

/// The octets of the rows from the last full page on.
#[derive(Debug, Default)]
pub(super) struct Page(Vec<u8>);

/// A page is some kilobytes long: sled keeps much longer ones in memory whatever its cache may hold.
pub(super) const LEVEL: u8 = 4;
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
    rows: Rows,
    /// The seal is about so many leaves.
    sealed: Option<u64>,
    sealed_rows: Rows,
    rows_behind: Rows,
}

/// What was read.
#[derive(Debug)]
pub(super) struct All {
    /// The last page when it is not full.
    pub(super) page: Page,
    pub(super) rows: Rows,
    /// The rows that the seal is about.
    pub(super) sealed_rows: Rows,
    pub(super) rows_behind: Rows,
}

/// Takes the place of the record of the next leaf, and its row.
pub(super) type Visit<'v> = dyn FnMut(u32, LeafRow) + 'v;

impl Reading {
    /// Begins to read an index whose seal, if it has one, is about so many leaves.
    pub(super) fn new(sealed: Option<u64>) -> Self {
        Self {
            sealed,
            ..Self::default()
        }
    }

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
            self.digest(row);
            let row = LeafRow::from_octets(row, &mut self.usual)
                .map_err(|source| IndexError::Unusable(source.to_string()))?;
            visit(offset, row);
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
    pub(super) fn end(self, leaves: u64) -> Result<All, IndexError> {
        if self.leaves != leaves {
            return Err(unusable("it has not the rows that its head tells of"));
        }
        if self.sealed.is_some_and(|sealed| leaves < sealed) {
            return Err(unusable("rows are missing that were sealed"));
        }
        Ok(All {
            page: self.page,
            rows: self.rows,
            sealed_rows: self.sealed_rows,
            rows_behind: self.rows_behind,
        })
    }

    fn digest(&mut self, row: &[u8]) {
        self.rows.push(row);
        let Some(sealed) = self.sealed else {
            return;
        };
        if self.leaves >= sealed {
            self.rows_behind.push(row);
        } else if self.leaves + 1 == sealed {
            self.sealed_rows = self.rows.clone();
        }
    }
}

/// Goes through the pages with their keys, undecoded.
pub(super) fn scan(db: &sled::Db) -> sled::Iter {
    db.scan_prefix(KEY)
}

/// Goes through the rows of a page, each with the place of its record.
#[cfg(test)]
pub(super) fn rows(octets: &[u8]) -> impl Iterator<Item = (u32, &[u8])> {
    let mut rest = octets;
    std::iter::from_fn(move || {
        let (offset, row, behind) = split(rest)?;
        rest = behind;
        Some((offset, row))
    })
}

fn split(octets: &[u8]) -> Option<(u32, &[u8], &[u8])> {
    let (offset, rest) = octets.split_first_chunk::<4>()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (row, rest) = rest.split_at_checked(length)?;
    Some((u32::from_be_bytes(*offset), row, rest))
}
