//! Rows of neighbouring leaves under one key: sled spends more on a key than a row costs.

use super::{IndexError, unusable};
use crate::feed::IndexRow;
use crate::leaf_row::{LeafRow, Usual};

/// The octets of the rows from the last full page on.
#[derive(Debug, Default)]
pub(super) struct Page(Vec<u8>);

/// A page is some kilobytes long: sled keeps much longer ones in memory whatever its cache may hold.
const LEVEL: u8 = 4;
const ROWS: usize = 1 << LEVEL;
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

/// Rows with the places of their records, from a leaf on.
pub(super) type Rows = Vec<(u32, LeafRow)>;

/// Reads the rows of so many leaves, page by page; returns the last page, which may go on.
pub(super) fn read(
    db: &sled::Db,
    leaves: u64,
    visit: &mut dyn FnMut(Rows) -> Result<(), IndexError>,
) -> Result<Page, IndexError> {
    let mut next = 0;
    let mut page = Page::default();
    let mut usual = Usual::default();
    for pair in db.scan_prefix(KEY) {
        let (place, octets) = pair?;
        if !is_full(next) || *place != key(next) {
            return Err(unusable("a page is missing"));
        }
        let rows = rows(&octets, &mut usual)?;
        next += u64::try_from(rows.len()).unwrap_or(u64::MAX);
        if next > leaves {
            return Err(unusable("it has more rows than its head says"));
        }
        page = Page::default();
        if rows.len() < ROWS {
            page.0 = octets.to_vec();
        }
        visit(rows)?;
    }
    if next != leaves {
        return Err(unusable("rows are missing at its end"));
    }
    Ok(page)
}

fn rows(page: &[u8], usual: &mut Usual) -> Result<Rows, IndexError> {
    let mut rows = Vec::with_capacity(ROWS);
    let mut rest = page;
    while !rest.is_empty() {
        let (offset, row, behind) = split(rest).ok_or_else(|| unusable("a row is too short"))?;
        let row = LeafRow::from_octets(row, usual)
            .map_err(|source| IndexError::Unusable(source.to_string()))?;
        rows.push((offset, row));
        rest = behind;
    }
    if rows.is_empty() || rows.len() > ROWS {
        return Err(unusable("a page is malformed"));
    }
    Ok(rows)
}

fn split(octets: &[u8]) -> Option<(u32, &[u8], &[u8])> {
    let (offset, rest) = octets.split_first_chunk::<4>()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (row, rest) = rest.split_at_checked(length)?;
    Some((u32::from_be_bytes(*offset), row, rest))
}
