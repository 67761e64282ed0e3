//! The rows of certificates in the order of issue: whole, or put into the archive.

use ca_types::{SerialNumber, UnixTime};

use super::certificates::{Number, TableCertificate};

/// Rows under consecutive places, in pieces of equal size.
///
/// A piece keeps the two kinds apart, so that what was archived leaves its room.
#[derive(Debug)]
pub(super) struct Rows {
    pieces: Vec<Piece>,
    length: usize,
}

#[derive(Debug)]
struct Piece {
    /// Both in the order of their places.
    whole: Vec<TableCertificate>,
    archived: Vec<ArchivedCertificate>,
    /// Nothing of it is due before.
    look_at: UnixTime,
}

/// A certificate of which the log is asked for the rest.
#[derive(Debug, Clone)]
pub(crate) struct ArchivedCertificate {
    pub(crate) leaf: u64,
    pub(super) not_after: UnixTime,
    serial: [u8; 16],
    key: KeyStart,
    pub(super) name: Number,
    pub(super) issuer: u32,
    pub(super) profile: u32,
    place: u16,
}

/// The first half of the SHA-256 of a key, which nobody can meet with another key.
pub(super) type KeyStart = [u8; 16];

/// A row of either kind.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kept<'t> {
    Whole(&'t TableCertificate),
    Archived(&'t ArchivedCertificate),
}

const PIECE: usize = 4096;
/// A piece is rewritten when so many of its rows are due; fewer are not worth it.
const ENOUGH: usize = 256;

trait Placed {
    fn place(&self) -> u16;
}

impl Placed for TableCertificate {
    fn place(&self) -> u16 {
        self.place
    }
}

impl Placed for ArchivedCertificate {
    fn place(&self) -> u16 {
        self.place
    }
}

impl ArchivedCertificate {
    fn new(row: &TableCertificate) -> Self {
        Self {
            leaf: row.leaf,
            not_after: row.validity.not_after(),
            serial: row.serial().octets(),
            key: row.key_start(),
            name: row.name(),
            issuer: row.issuer,
            profile: row.profile,
            place: row.place,
        }
    }

    pub(crate) fn serial(&self) -> SerialNumber {
        self.serial.into()
    }
}

impl Kept<'_> {
    pub(super) fn serial(self) -> [u8; 16] {
        match self {
            Self::Whole(row) => row.serial().octets(),
            Self::Archived(row) => row.serial,
        }
    }

    pub(super) fn key(self) -> KeyStart {
        match self {
            Self::Whole(row) => row.key_start(),
            Self::Archived(row) => row.key,
        }
    }

    pub(super) fn name(self) -> Number {
        match self {
            Self::Whole(row) => row.name(),
            Self::Archived(row) => row.name,
        }
    }

    pub(super) fn issuer(self) -> usize {
        let issuer = match self {
            Self::Whole(row) => row.issuer,
            Self::Archived(row) => row.issuer,
        };
        usize::try_from(issuer).unwrap_or(usize::MAX)
    }
}

impl Rows {
    pub(super) fn new() -> Self {
        Self {
            pieces: Vec::new(),
            length: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.length
    }

    pub(super) fn get(&self, place: usize) -> Option<Kept<'_>> {
        let piece = self.pieces.get(place / PIECE)?;
        let within = within(place);
        if let Some(row) = find(&piece.whole, within) {
            return piece.whole.get(row).map(Kept::Whole);
        }
        piece
            .archived
            .get(find(&piece.archived, within)?)
            .map(Kept::Archived)
    }

    pub(super) fn whole(&self, place: usize) -> Option<&TableCertificate> {
        match self.get(place)? {
            Kept::Whole(row) => Some(row),
            Kept::Archived(_) => None,
        }
    }

    pub(super) fn whole_mut(&mut self, place: usize) -> Option<&mut TableCertificate> {
        let piece = self.pieces.get_mut(place / PIECE)?;
        let row = find(&piece.whole, within(place))?;
        piece.whole.get_mut(row)
    }

    pub(super) fn push(&mut self, mut row: TableCertificate) {
        if self.length.is_multiple_of(PIECE) {
            self.pieces.push(Piece {
                whole: Vec::with_capacity(PIECE),
                archived: Vec::new(),
                look_at: UnixTime::EPOCH,
            });
        }
        row.place = within(self.length);
        if let Some(piece) = self.pieces.last_mut() {
            piece.whole.push(row);
        }
        self.length += 1;
    }

    /// Goes through the rows from a place on.
    pub(super) fn iter_from(&self, first: usize) -> impl Iterator<Item = (usize, Kept<'_>)> {
        (first..self.length).filter_map(|place| Some((place, self.get(place)?)))
    }

    /// Finds what ended before `end`, in the pieces where enough has.
    pub(super) fn due(&mut self, end: UnixTime) -> Vec<usize> {
        let mut due = Vec::new();
        for (number, piece) in self.pieces.iter_mut().enumerate() {
            if end <= piece.look_at {
                continue;
            }
            let mut ends: Vec<_> = piece.whole.iter().map(ends_at).collect();
            let enough = ENOUGH.min(ends.len());
            if ends.iter().filter(|at| **at < end).count() < enough || enough == 0 {
                // Of a piece that grows nothing is due before it is full but what is there now.
                let (_, last, _) = match enough.checked_sub(1) {
                    Some(last) => ends.select_nth_unstable(last),
                    None => continue,
                };
                piece.look_at = *last;
                continue;
            }
            let rows = piece.whole.iter().filter(|row| ends_at(row) < end);
            due.extend(rows.map(|row| number * PIECE + usize::from(row.place)));
        }
        due
    }

    /// Puts rows into the archive.
    pub(super) fn archive(&mut self, places: &[usize]) {
        for run in places.chunk_by(|one, next| one / PIECE == next / PIECE) {
            let piece = run
                .first()
                .and_then(|place| self.pieces.get_mut(place / PIECE));
            let Some(piece) = piece else {
                continue;
            };
            let mut gone = run.iter().map(|place| within(*place)).peekable();
            let Piece {
                whole, archived, ..
            } = piece;
            whole.retain(|row| {
                let is_gone = gone.next_if_eq(&row.place).is_some();
                if is_gone {
                    archived.push(ArchivedCertificate::new(row));
                }
                !is_gone
            });
            archived.sort_unstable_by_key(|row| row.place);
            whole.shrink_to_fit();
            archived.shrink_to_fit();
            piece.look_at = UnixTime::EPOCH;
        }
    }
}

fn ends_at(row: &TableCertificate) -> UnixTime {
    row.validity.not_after()
}

fn within(place: usize) -> u16 {
    u16::try_from(place % PIECE).unwrap_or(u16::MAX)
}

/// Finds a place; as long as none before it is missing it stands where it says.
fn find<T: Placed>(rows: &[T], place: u16) -> Option<usize> {
    let direct = usize::from(place);
    match rows.get(direct) {
        Some(row) if row.place() == place => Some(direct),
        Some(_) | None => rows.binary_search_by_key(&place, Placed::place).ok(),
    }
}
