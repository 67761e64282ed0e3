//! Checkpoints: what the log was at some time, signed by its key (C2SP tlog-checkpoint).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::{LogKey, NoteError, SignedNote};

/// The number of leaves of a log, and the root hash over them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The name of the log, which is also that of its key.
    pub origin: String,
    /// How many leaves it has.
    pub size: u64,
    /// The root hash over them (RFC 9162 §2.1).
    pub root: [u8; 32],
}

impl Checkpoint {
    /// Reads the checkpoint in a note, whose signatures it does not look at.
    ///
    /// # Errors
    /// Fails when it is no note, or its text no checkpoint. Further lines of the text are passed over, as the
    /// specification wants.
    pub fn from_note(note: &str) -> Result<Self, NoteError> {
        Self::from_text(SignedNote::parse(note)?.text())
    }

    /// Reads a checkpoint that the key has signed.
    ///
    /// # Errors
    /// Fails when the note is no checkpoint, not of this log, or not signed by the key.
    pub fn verified(note: &str, key: &LogKey) -> Result<Self, NoteError> {
        let note = SignedNote::parse(note)?;
        key.verify(&note)?;
        let checkpoint = Self::from_text(note.text())?;
        if checkpoint.origin != key.name() {
            return Err(NoteError::Text {
                wanted: "a checkpoint whose origin is the name of the key",
            });
        }
        Ok(checkpoint)
    }

    fn from_text(text: &str) -> Result<Self, NoteError> {
        let refuse = || NoteError::Text {
            wanted: "a checkpoint: origin, size and root hash, a line each",
        };
        let mut lines = text.split('\n');
        let mut line = || lines.next().filter(|line| !line.is_empty());
        let origin = line().ok_or_else(refuse)?;
        let size = line().ok_or_else(refuse)?;
        let root = line().ok_or_else(refuse)?;
        let octets = STANDARD.decode(root).ok();
        let checkpoint = Self {
            origin: origin.to_owned(),
            size: size.parse().map_err(|_not_a_number| refuse())?,
            root: octets
                .and_then(|octets| octets.try_into().ok())
                .ok_or_else(refuse)?,
        };
        // One way only to write a number.
        if checkpoint.size.to_string() != size {
            return Err(refuse());
        }
        Ok(checkpoint)
    }
}

impl fmt::Display for Checkpoint {
    /// Writes the text of the note.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.origin)?;
        writeln!(f, "{}", self.size)?;
        writeln!(f, "{}", STANDARD.encode(self.root))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};

    use super::*;

    fn pair() -> Ed25519KeyPair {
        Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap()
    }

    pub(crate) fn key() -> LogKey {
        let octets = pair().public_key().as_ref().try_into().unwrap();
        LogKey::new("pki.example.net/log".to_owned(), octets).unwrap()
    }

    pub(crate) fn signed(text: String) -> String {
        let signature = key().signature(pair().sign(text.as_bytes()).as_ref().to_vec());
        SignedNote::new(text, vec![signature]).to_string()
    }

    pub(crate) fn note(size: u64, root: u8) -> String {
        let checkpoint = Checkpoint {
            origin: "pki.example.net/log".to_owned(),
            size,
            root: [root; 32],
        };
        signed(checkpoint.to_string())
    }

    #[test]
    fn a_signed_checkpoint_is_read_and_a_changed_one_is_not() {
        let note = note(4711, 9);
        let checkpoint = Checkpoint::verified(&note, &key()).unwrap();
        assert_eq!((checkpoint.size, checkpoint.root), (4711, [9; 32]));
        assert_eq!(Checkpoint::from_note(&note), Ok(checkpoint));
        let changed = note.replace("4711", "4712");
        assert_eq!(
            Checkpoint::verified(&changed, &key()),
            Err(NoteError::Signature("pki.example.net/log".to_owned()))
        );
        let other = LogKey::new("pki.example.net/log".to_owned(), [1; 32]).unwrap();
        assert!(matches!(
            Checkpoint::verified(&note, &other),
            Err(NoteError::Unsigned(_))
        ));
    }

    #[test]
    fn further_lines_are_passed_over_and_odd_numbers_are_not() {
        let root = STANDARD.encode([9; 32]);
        let read = |text: String| Checkpoint::verified(&signed(text), &key());
        read(format!("pki.example.net/log\n7\n{root}\nmore\n")).unwrap();
        for wrong in [
            format!("pki.example.net/log\n07\n{root}\n"),
            format!("pki.example.net/log\n+7\n{root}\n"),
            format!("pki.example.net/log\n\n7\n{root}\n"),
            format!("pki.example.net/log\n7\n{root}A\n"),
            format!("pki.example.net/other\n7\n{root}\n"),
            "pki.example.net/log\n7\n".to_owned(),
        ] {
            assert!(
                matches!(read(wrong.clone()), Err(NoteError::Text { .. })),
                "{wrong:?}"
            );
        }
    }
}
