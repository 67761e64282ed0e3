//! Short texts one behind the other: a box for each would cost as much again.

/// Texts that stay for ever.
#[derive(Debug)]
pub(super) struct Texts(Vec<String>);

/// Where a text stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text {
    piece: u32,
    begin: u32,
    length: u32,
}

const PIECE: usize = 1 << 16;

impl Texts {
    pub(super) fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds a text; nothing when there are more octets than can be counted.
    pub(super) fn push(&mut self, text: &str) -> Option<Text> {
        let has_room = |piece: &&mut String| piece.capacity() - piece.len() >= text.len();
        if self.0.last_mut().filter(has_room).is_none() {
            self.0.push(String::with_capacity(PIECE.max(text.len())));
        }
        let piece = self.0.len().checked_sub(1)?;
        let last = self.0.last_mut()?;
        let place = Text {
            piece: u32::try_from(piece).ok()?,
            begin: u32::try_from(last.len()).ok()?,
            length: u32::try_from(text.len()).ok()?,
        };
        last.push_str(text);
        Some(place)
    }

    pub(super) fn get(&self, place: Text) -> Option<&str> {
        let [piece, begin, length] = [place.piece, place.begin, place.length]
            .map(|number| usize::try_from(number).unwrap_or(usize::MAX));
        self.0.get(piece)?.get(begin..)?.get(..length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back_however_long_they_are() {
        let mut texts = Texts::new();
        let lengths = [0, 1, PIECE - 1, 1, 0, PIECE, PIECE + 1, 29, 65_535, 29];
        let all: Vec<String> = ('a'..)
            .zip(lengths)
            .map(|(c, n)| c.to_string().repeat(n))
            .collect();
        let places: Vec<Text> = all.iter().map(|text| texts.push(text).unwrap()).collect();
        for (place, text) in places.into_iter().zip(&all) {
            assert_eq!(texts.get(place), Some(text.as_str()));
        }
    }
}
