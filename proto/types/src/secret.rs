//! Secrets that cannot be printed.

use std::fmt;

use zeroize::Zeroizing;

/// A passphrase: never printed, never cloned, wiped when dropped.
pub struct Passphrase(Zeroizing<Vec<u8>>);

impl Passphrase {
    /// Takes the content of a passphrase file; one trailing newline is stripped.
    pub fn from_file_content(content: Vec<u8>) -> Self {
        let mut content = Zeroizing::new(content);
        if content.last() == Some(&b'\n') {
            content.pop();
            if content.last() == Some(&b'\r') {
                content.pop();
            }
        }
        Self(content)
    }

    /// Returns the octets; the caller must not copy them into anything that outlives the use.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// Tells whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_trailing_newline_is_stripped() {
        for (content, expect) in [
            ("a\n", "a"),
            ("a\r\n", "a"),
            ("a\n\n", "a\n"),
            (" a ", " a "),
            ("", ""),
        ] {
            assert_eq!(
                Passphrase::from_file_content(content.into()).expose(),
                expect.as_bytes()
            );
        }
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(
            format!("{:?}", Passphrase::from_file_content(b"hunter2".to_vec())),
            "Passphrase([redacted])"
        );
    }
}
