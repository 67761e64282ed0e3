//! Sentences of the binary API as octets.
//!
//! A word is its length and its octets; a sentence is words up to one of length zero.

use zeroize::Zeroizing;

use crate::Row;

/// The longest word that is read or written.
pub const LONGEST_WORD: usize = 1 << 20;
/// The most words of a sentence that is read.
pub const MOST_WORDS: usize = 1024;
/// The most octets of a sentence that is read.
pub const LONGEST_SENTENCE: usize = 4 << 20;

/// Words that came from the other side: one at least.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    words: Vec<Vec<u8>>,
}

impl Sentence {
    /// Returns the words.
    pub fn words(&self) -> impl Iterator<Item = &[u8]> {
        self.words.iter().map(Vec::as_slice)
    }

    /// Returns the first word: `!re`, `!done`.
    pub fn head(&self) -> &[u8] {
        self.words.first().map(Vec::as_slice).unwrap_or_default()
    }

    /// Returns the tag of the call that this answers.
    pub fn tag(&self) -> Option<&[u8]> {
        self.words().find_map(|word| word.strip_prefix(b".tag="))
    }

    /// Returns the attributes, `=name=value`; octets that are no UTF-8 are replaced.
    pub fn row(&self) -> Row {
        self.words().filter_map(attribute).collect()
    }
}

fn attribute(word: &[u8]) -> Option<(String, String)> {
    let text = String::from_utf8_lossy(word.strip_prefix(b"=")?);
    let (name, value) = text.split_once('=')?;
    Some((name.to_owned(), value.to_owned()))
}

/// Reads one sentence and how many octets it takes; nothing when octets are missing. Empty sentences are skipped.
///
/// # Errors
/// Fails when the octets cannot become a sentence whatever follows.
pub fn decode(octets: &[u8]) -> Result<Option<(Sentence, usize)>, CodecError> {
    // The end is looked for first, so that nothing is copied of a sentence that is not complete.
    let empty = empty_sentences(octets);
    let octets = octets.get(empty..).unwrap_or_default();
    let mut rest = octets;
    let mut spans = Vec::new();
    loop {
        let Some((word, after)) = split_word(rest)? else {
            // All of it is the beginning of one sentence.
            return match octets.len() > LONGEST_SENTENCE + 5 {
                true => Err(CodecError::SentenceTooLong),
                false => Ok(None),
            };
        };
        rest = after;
        let taken = octets.len().saturating_sub(rest.len());
        if taken > LONGEST_SENTENCE {
            return Err(CodecError::SentenceTooLong);
        }
        if word.is_empty() {
            let words = spans.into_iter().map(<[u8]>::to_vec).collect();
            return Ok(Some((Sentence { words }, empty.saturating_add(taken))));
        }
        if spans.len() == MOST_WORDS {
            return Err(CodecError::TooManyWords);
        }
        spans.push(word);
    }
}

/// Counts the octets of empty sentences in front; a length of zero may be written in five ways.
fn empty_sentences(octets: &[u8]) -> usize {
    let mut rest = octets;
    while let Ok(Some(([], after))) = split_word(rest) {
        rest = after;
    }
    octets.len().saturating_sub(rest.len())
}

/// A word, and what follows it.
type Split<'a> = (&'a [u8], &'a [u8]);

/// Splits off the first word; nothing when octets are missing.
fn split_word(octets: &[u8]) -> Result<Option<Split<'_>>, CodecError> {
    let Some((first, tail)) = octets.split_first() else {
        return Ok(None);
    };
    let (more, mask) = match first {
        0..=0x7F => (0, 0x7F),
        0x80..=0xBF => (1, 0x3F),
        0xC0..=0xDF => (2, 0x1F),
        0xE0..=0xEF => (3, 0x0F),
        0xF0 => (4, 0),
        0xF1..=0xFF => return Err(CodecError::Reserved(*first)),
    };
    let Some((low, tail)) = tail.split_at_checked(more) else {
        return Ok(None);
    };
    let length = low.iter().fold(u64::from(first & mask), |sum, octet| {
        sum << 8 | u64::from(*octet)
    });
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if length > LONGEST_WORD {
        return Err(CodecError::WordTooLong(length));
    }
    Ok(tail.split_at_checked(length))
}

/// Writes a sentence.
///
/// # Errors
/// Fails for a word that is too long, or an empty one, which would end the sentence.
pub fn encode_sentence<'a>(
    words: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Zeroizing<Vec<u8>>, CodecError> {
    let words: Vec<&[u8]> = words.into_iter().collect();
    // In one piece: a buffer that grows would leave copies of secrets behind.
    let size: usize = words.iter().map(|word| word.len() + 5).sum();
    let mut octets = Zeroizing::new(Vec::with_capacity(size + 1));
    for word in words {
        encode_length(word.len(), &mut octets)?;
        octets.extend_from_slice(word);
    }
    octets.push(0);
    Ok(octets)
}

fn encode_length(length: usize, octets: &mut Vec<u8>) -> Result<(), CodecError> {
    let too_long = CodecError::WordTooLong(length);
    if length == 0 {
        return Err(CodecError::EmptyWord);
    }
    if length > LONGEST_WORD {
        return Err(too_long);
    }
    let number = u32::try_from(length).map_err(|_source| too_long)?;
    let (marked, count) = match number {
        0..0x80 => (number, 1),
        0x80..0x4000 => (number | 0x8000, 2),
        0x4000..0x20_0000 => (number | 0xC0_0000, 3),
        0x20_0000..0x1000_0000 => (number | 0xE000_0000, 4),
        0x1000_0000.. => {
            octets.push(0xF0);
            (number, 4)
        }
    };
    let all = marked.to_be_bytes();
    octets.extend(all.iter().skip(all.len().saturating_sub(count)));
    Ok(())
}

/// Makes sentences of octets as they arrive.
#[derive(Debug, Default)]
pub struct Decoder {
    octets: Vec<u8>,
}

impl Decoder {
    /// Takes octets.
    pub fn push(&mut self, octets: &[u8]) {
        self.octets.extend_from_slice(octets);
    }

    /// Returns the next complete sentence.
    ///
    /// # Errors
    /// Fails when the octets are no sentences; then they never will be.
    pub fn next_sentence(&mut self) -> Result<Option<Sentence>, CodecError> {
        self.octets.drain(..empty_sentences(&self.octets));
        let Some((sentence, taken)) = decode(&self.octets)? else {
            return Ok(None);
        };
        self.octets.drain(..taken);
        Ok(Some(sentence))
    }
}

/// Why octets are no sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// A length that begins with an octet that means nothing yet.
    #[error("a length begins with the reserved octet {0:#04x}")]
    Reserved(u8),
    /// A word over the limit.
    #[error("a word of {0} octets is longer than {LONGEST_WORD}")]
    WordTooLong(usize),
    /// A sentence over the limit of words.
    #[error("a sentence has more than {MOST_WORDS} words")]
    TooManyWords,
    /// A sentence over the limit of octets.
    #[error("a sentence is longer than {LONGEST_SENTENCE} octets")]
    SentenceTooLong,
    /// A word without octets, which would end the sentence.
    #[error("a word is empty")]
    EmptyWord,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_length(length: usize, expect: &[u8]) {
        let word = vec![b'x'; length];
        let octets = encode_sentence([word.as_slice()]).unwrap();
        assert_eq!(&octets[..expect.len()], expect, "{length}");
        assert_eq!(octets.len(), expect.len() + length + 1);
        let (sentence, taken) = decode(&octets).unwrap().unwrap();
        assert_eq!(taken, octets.len());
        assert_eq!(sentence.words().collect::<Vec<_>>(), [word.as_slice()]);
        // Every beginning is incomplete, none is wrong.
        for end in (0..octets.len()).step_by(1 + length / 50) {
            assert_eq!(decode(&octets[..end]), Ok(None), "{length} {end}");
        }
    }

    #[test]
    fn lengths_take_one_to_five_octets() {
        check_length(0x01, &[0x01]);
        check_length(0x7F, &[0x7F]);
        check_length(0x80, &[0x80, 0x80]);
        check_length(0x3FFF, &[0xBF, 0xFF]);
        check_length(0x4000, &[0xC0, 0x40, 0x00]);
        check_length(0xF_FFFF, &[0xCF, 0xFF, 0xFF]);
        // Longer forms than needed are read as well.
        for octets in [
            &b"\xF0\0\0\0\x02ab\0"[..],
            b"\xE0\0\0\x02ab\0",
            b"\xC0\0\x02ab\0",
            b"\0\x80\0\xF0\0\0\0\0\x02ab\xC0\0\0",
        ] {
            let (sentence, taken) = decode(octets).unwrap().unwrap();
            assert_eq!((sentence.head(), taken), (&b"ab"[..], octets.len()));
        }
    }

    #[test]
    fn what_cannot_become_a_sentence_is_refused_at_once() {
        for (octets, expect) in [
            (&b"\xF8"[..], CodecError::Reserved(0xF8)),
            (b"\xF1", CodecError::Reserved(0xF1)),
            (
                b"\xF0\xFF\xFF\xFF\xFF",
                CodecError::WordTooLong(0xFFFF_FFFF),
            ),
            (b"\xE0\x10\x00\x01", CodecError::WordTooLong(0x10_0001)),
        ] {
            assert_eq!(decode(octets), Err(expect));
        }
        let many = [1, b'x'].repeat(MOST_WORDS + 1);
        assert_eq!(decode(&many), Err(CodecError::TooManyWords));
        let word = [&b"\xCF\xFF\xFF"[..], &[0; 0xF_FFFF]].concat();
        assert_eq!(decode(&word.repeat(5)), Err(CodecError::SentenceTooLong));
        let long = vec![0; LONGEST_WORD + 1];
        assert_eq!(
            encode_sentence([long.as_slice()]).unwrap_err(),
            CodecError::WordTooLong(LONGEST_WORD + 1)
        );
        assert_eq!(
            encode_sentence([[].as_slice()]).unwrap_err(),
            CodecError::EmptyWord
        );
    }

    #[test]
    fn a_reply_is_read_however_it_is_cut() {
        let octets = b"\0\x03!re\x04=a=b\x07.tag=12\x06=c=d=e\x05=\xFF=\xFEx\0\0\x05!done\0";
        for size in 1..octets.len() {
            let mut decoder = Decoder::default();
            let mut sentences = Vec::new();
            for piece in octets.chunks(size) {
                decoder.push(piece);
                while let Some(sentence) = decoder.next_sentence().unwrap() {
                    sentences.push(sentence);
                }
            }
            let [reply, done] = sentences.as_slice() else {
                panic!("{sentences:?}");
            };
            assert_eq!(reply.head(), b"!re");
            assert_eq!(reply.tag(), Some(&b"12"[..]));
            assert_eq!(reply.row().get("c"), Some("d=e"));
            assert_eq!(reply.row().get("\u{FFFD}"), Some("\u{FFFD}x"));
            assert_eq!(done.head(), b"!done");
            assert_eq!(done.tag(), None);
        }
    }

    #[test]
    fn arbitrary_octets_never_panic() {
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        for _ in 0..20_000 {
            let mut octets = Vec::new();
            for _ in 0..state % 40 {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                // Small octets make words, others make lengths.
                let octet = state.to_be_bytes()[0];
                octets.push(if state & 3 == 0 { octet } else { octet % 5 });
            }
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            if let Ok(Some((sentence, taken))) = decode(&octets) {
                assert!(taken <= octets.len());
                sentence.row();
                let again = encode_sentence(sentence.words()).unwrap();
                assert_eq!(decode(&again).unwrap(), Some((sentence, again.len())));
            }
        }
    }
}
