//! A vector that grows without moving what it holds.

/// Items under consecutive numbers, in pieces of equal size.
///
/// A plain vector doubles: at a million certificates that is up to 150 MB held for nothing, and as
/// much again while it is copied.
#[derive(Debug)]
pub(crate) struct Chunks<T> {
    pieces: Vec<Vec<T>>,
    length: usize,
}

const PIECE: usize = 4096;

impl<T> Chunks<T> {
    pub(crate) fn new() -> Self {
        Self {
            pieces: Vec::new(),
            length: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.length
    }

    pub(crate) fn get(&self, number: usize) -> Option<&T> {
        self.pieces.get(number / PIECE)?.get(number % PIECE)
    }

    pub(crate) fn get_mut(&mut self, number: usize) -> Option<&mut T> {
        self.pieces.get_mut(number / PIECE)?.get_mut(number % PIECE)
    }

    pub(crate) fn push(&mut self, item: T) {
        if let Some(piece) = self.pieces.last_mut().filter(|piece| piece.len() < PIECE) {
            piece.push(item);
        } else {
            let mut piece = Vec::with_capacity(PIECE);
            piece.push(item);
            self.pieces.push(piece);
        }
        self.length += 1;
    }

    /// Goes through the items from number `first` on.
    pub(crate) fn iter_from(&self, first: usize) -> impl Iterator<Item = (usize, &T)> {
        let piece = first / PIECE;
        self.pieces
            .iter()
            .skip(piece)
            .flatten()
            .enumerate()
            .map(move |(place, item)| (piece * PIECE + place, item))
            .skip(first % PIECE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_keep_their_numbers_across_pieces() {
        let mut chunks = Chunks::new();
        for item in 0..2 * PIECE + 1 {
            chunks.push(item);
        }
        for number in [0, PIECE - 1, PIECE, 2 * PIECE] {
            assert_eq!(chunks.get(number), Some(&number));
            assert_eq!(chunks.iter_from(number).next(), Some((number, &number)));
        }
        assert_eq!(chunks.get(2 * PIECE + 1), None);
        assert_eq!(chunks.iter_from(2 * PIECE + 1).next(), None);
        assert_eq!(chunks.len(), 2 * PIECE + 1);
    }
}
