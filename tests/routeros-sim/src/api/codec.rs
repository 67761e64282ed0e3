//! Words and sentences of the binary API.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// The character that stands for the octet 0.
const STAND_INS: u32 = 0xF700;

/// The longest word that is read; a longer one ends the connection.
pub const LONGEST_WORD: usize = 65_536;

/// Reads a sentence; nothing at the end of the stream. Empty sentences are left out.
pub async fn read<S: AsyncRead + Unpin>(stream: &mut S) -> io::Result<Option<Vec<Vec<u8>>>> {
    let mut words = Vec::new();
    loop {
        let first = match stream.read_u8().await {
            Ok(octet) => octet,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(error),
        };
        let length = length(first, stream).await?;
        if length > LONGEST_WORD {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "a word is too long",
            ));
        }
        if length == 0 {
            if words.is_empty() {
                continue;
            }
            return Ok(Some(words));
        }
        let mut word = vec![0; length];
        stream.read_exact(&mut word).await?;
        words.push(word);
    }
}

/// Writes a sentence.
pub async fn write<S: AsyncWrite + Unpin>(stream: &mut S, words: &[String]) -> io::Result<()> {
    let mut octets = Vec::new();
    for word in words {
        let word = bytes(word);
        octets.extend(prefix(word.len()));
        octets.extend(word);
    }
    octets.push(0);
    stream.write_all(&octets).await?;
    stream.flush().await
}

/// A word as text: octets that are no UTF-8 stand in it as characters of the private use area.
pub fn text(word: &[u8]) -> String {
    let mut text = String::new();
    let stand_in = |octet: &u8| char::from_u32(STAND_INS + u32::from(*octet)).unwrap_or_default();
    for chunk in word.utf8_chunks() {
        for c in chunk.valid().chars() {
            match octet_of(c) {
                // What looks like a stand-in comes back octet by octet.
                Some(_) => text.extend(c.encode_utf8(&mut [0; 4]).as_bytes().iter().map(stand_in)),
                None => text.push(c),
            }
        }
        text.extend(chunk.invalid().iter().map(stand_in));
    }
    text
}

/// The octets of a text.
fn bytes(text: &str) -> Vec<u8> {
    let mut octets = Vec::new();
    for c in text.chars() {
        match octet_of(c) {
            Some(octet) => octets.push(octet),
            None => octets.extend(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    octets
}

/// The octet that a character stands for.
fn octet_of(c: char) -> Option<u8> {
    let octet = u32::from(c).checked_sub(STAND_INS)?;
    u8::try_from(octet).ok().filter(|octet| !octet.is_ascii())
}

/// The length of a word as it goes before it.
pub fn prefix(length: usize) -> Vec<u8> {
    let length = u32::try_from(length).unwrap_or(u32::MAX);
    let [a, b, c, d] = length.to_be_bytes();
    match length {
        0..0x80 => vec![d],
        0x80..0x4000 => vec![c | 0x80, d],
        0x4000..0x20_0000 => vec![b | 0xC0, c, d],
        0x20_0000..0x1000_0000 => vec![a | 0xE0, b, c, d],
        _ => vec![0xF0, a, b, c, d],
    }
}

async fn length<S: AsyncRead + Unpin>(first: u8, stream: &mut S) -> io::Result<usize> {
    let (mut value, more) = match first {
        0..0x80 => (u64::from(first), 0),
        0x80..0xC0 => (u64::from(first & 0x3F), 1),
        0xC0..0xE0 => (u64::from(first & 0x1F), 2),
        0xE0..0xF0 => (u64::from(first & 0x0F), 3),
        0xF0..0xF8 => (0, 4),
        _ => {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "a reserved control byte",
            ));
        }
    };
    for _ in 0..more {
        value = value << 8 | u64::from(stream.read_u8().await?);
    }
    usize::try_from(value).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::{bytes, prefix, read, text};

    #[test]
    fn every_octet_comes_back() {
        let mut octets: Vec<u8> = (0..=u8::MAX).collect();
        // A character that looks like what stands for an octet.
        octets.extend("\u{F7FF}ü".as_bytes());
        assert_eq!(bytes(&text(&octets)), octets);
        assert_eq!(text("aü".as_bytes()), "aü");
    }

    #[test]
    fn lengths_grow_at_the_documented_bounds() {
        for (length, expected) in [
            (0, vec![0]),
            (0x7F, vec![0x7F]),
            (0x80, vec![0x80, 0x80]),
            (0x3FFF, vec![0xBF, 0xFF]),
            (0x4000, vec![0xC0, 0x40, 0x00]),
            (0x1F_FFFF, vec![0xDF, 0xFF, 0xFF]),
            (0x20_0000, vec![0xE0, 0x20, 0x00, 0x00]),
            (0x1000_0000, vec![0xF0, 0x10, 0x00, 0x00, 0x00]),
        ] {
            assert_eq!(prefix(length), expected, "{length:#x}");
        }
    }

    #[tokio::test]
    async fn a_sentence_is_read_and_garbage_is_not() {
        let mut octets: &[u8] = b"\x00\x06/login\x05=a=b\x0a\x00";
        let words = read(&mut octets)
            .await
            .expect("a sentence")
            .expect("a sentence");
        assert_eq!(words, [b"/login".to_vec(), b"=a=b\n".to_vec()]);
        for bad in [&b"\xff\x00"[..], &b"\xe1\x00\x00\x00"[..]] {
            let mut octets = bad;
            assert!(read(&mut octets).await.is_err(), "{bad:?}");
        }
    }
}
