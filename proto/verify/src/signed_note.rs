//! Signed notes: a text, an empty line, and the lines of those who signed it (C2SP signed-note).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ca_types::{Code, Hinted};

/// A text with signatures; none of them is verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedNote {
    text: String,
    signatures: Vec<NoteSignature>,
}

/// One signature line of a note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSignature {
    /// The name of the key.
    pub key_name: String,
    /// The beginning of a hash over name, kind and octets of the key: a hint which key it is.
    pub key_hash: [u8; 4],
    /// The signature over the text.
    pub signature: Vec<u8>,
}

/// Why octets are no note, or a note is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Not the form of a signed note.
    #[error("signed note: {0}")]
    Form(&'static str),
    /// A text of another form.
    #[error("signed note: wanted {wanted}")]
    Text {
        /// What was wanted.
        wanted: &'static str,
    },
    /// No signature line is by the key.
    #[error("signed note is not signed by {0}")]
    Unsigned(String),
    /// A signature line that names the key does not hold.
    #[error("signed note has a signature line of {0} that does not hold")]
    Signature(String),
    /// A statement by somebody who is no control CA of the log.
    #[error("`{0}`, which vouches for the key of the log, is no control CA of it")]
    Stranger(String),
    /// A text that is no verifier key.
    #[error("log key: wanted NAME+HASH+KEY of an Ed25519 key")]
    Key,
}

impl Hinted for NoteError {
    fn code(&self) -> Code {
        match self {
            Self::Form(_) | Self::Text { .. } | Self::Key => Code::InvalidRequest,
            Self::Unsigned(_) | Self::Signature(_) | Self::Stranger(_) => Code::FailedPrecondition,
        }
    }
}

/// The longest note that is read: 64 KiB.
const MAX_OCTETS: usize = 65_536;
/// How many signature lines are read.
const MAX_SIGNATURES: usize = 16;
const DASH: &str = "\u{2014} ";

impl SignedNote {
    /// Puts signatures below a text, which must end with a line feed and have no empty line at its end.
    pub fn new(text: String, signatures: Vec<NoteSignature>) -> Self {
        Self { text, signatures }
    }

    /// Reads a note.
    ///
    /// # Errors
    /// Fails on anything that is not of the form of a signed note.
    pub fn parse(note: &str) -> Result<Self, NoteError> {
        if note.len() > MAX_OCTETS {
            return Err(NoteError::Form("longer than 64 KiB"));
        }
        if note.contains(|c: char| c != '\n' && c.is_control()) {
            return Err(NoteError::Form("control characters"));
        }
        let (text, lines) = note
            .rsplit_once("\n\n")
            .ok_or(NoteError::Form("no empty line before the signatures"))?;
        let lines = lines
            .strip_suffix('\n')
            .ok_or(NoteError::Form("no line feed at the end"))?;
        let signatures: Vec<NoteSignature> = lines
            .split('\n')
            .map(NoteSignature::parse)
            .collect::<Result<_, _>>()?;
        if signatures.len() > MAX_SIGNATURES {
            return Err(NoteError::Form("more than 16 signatures"));
        }
        Ok(Self {
            text: format!("{text}\n"),
            signatures,
        })
    }

    /// Returns the text that is signed, the final line feed included.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the signature lines.
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }
}

impl fmt::Display for SignedNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        for line in &self.signatures {
            let octets = [line.key_hash.as_slice(), &line.signature].concat();
            writeln!(f, "{DASH}{} {}", line.key_name, STANDARD.encode(octets))?;
        }
        Ok(())
    }
}

impl NoteSignature {
    fn parse(line: &str) -> Result<Self, NoteError> {
        let malformed = NoteError::Form("a malformed signature line");
        let (name, base64) = line
            .strip_prefix(DASH)
            .and_then(|rest| rest.split_once(' '))
            .ok_or_else(|| malformed.clone())?;
        let octets = STANDARD.decode(base64).unwrap_or_default();
        let (key_hash, signature) = octets
            .split_first_chunk::<4>()
            .filter(|(_hash, signature)| !signature.is_empty())
            .ok_or_else(|| malformed.clone())?;
        if !is_key_name(name) {
            return Err(malformed);
        }
        Ok(Self {
            key_name: name.to_owned(),
            key_hash: *key_hash,
            signature: signature.to_vec(),
        })
    }
}

/// Tells whether a text can be the name of a key: something without blanks and plus signs.
pub(crate) fn is_key_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c == '+' || c.is_whitespace() || c.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the signed-note specification.
    const EXAMPLE: &str = "This is an example message.\n\n\
        \u{2014} example.com/foo Fv3khyMKKv6Vv3QcEhRxgAkyZcOGKQ6xhxPnZdnHqtQJ1cMdTZjX0sJnCUr6sxMfoaZDsVhmBSy5zeVmkq0Ohqvw1wE=\n";

    #[test]
    fn a_note_comes_back_as_it_was() {
        let note = SignedNote::parse(EXAMPLE).unwrap();
        assert_eq!(note.text(), "This is an example message.\n");
        assert_eq!(note.signatures()[0].key_name, "example.com/foo");
        assert_eq!(note.to_string(), EXAMPLE);
    }

    #[test]
    fn what_is_no_note_is_refused() {
        let cuts = (0..EXAMPLE.len()).filter_map(|end| EXAMPLE.get(..end));
        for cut in cuts {
            assert!(SignedNote::parse(cut).is_err(), "{cut:?}");
        }
        for wrong in [
            EXAMPLE.replace('\u{2014}', "-"),
            EXAMPLE.replace("example.com/foo", "exa+mple"),
            EXAMPLE.replace("example.com/foo", ""),
            EXAMPLE.replace("an example", "an\texample"),
            EXAMPLE.replace("Fv3k", "!"),
            format!("{EXAMPLE}{}", EXAMPLE.lines().last().unwrap()),
            EXAMPLE.to_owned() + &(EXAMPLE.lines().last().unwrap().to_owned() + "\n").repeat(16),
        ] {
            assert!(SignedNote::parse(&wrong).is_err(), "{wrong:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_note_that_writes_it_or_is_refused(text in "(a|\n|\u{2014} a Zm9vYmFy\n| ){0,12}") {
            if let Ok(note) = SignedNote::parse(&text) {
                proptest::prop_assert_eq!(note.to_string(), text);
            }
        }
    }
}
