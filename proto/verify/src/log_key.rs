//! The key of the log, and the statement by which a CA vouches for it.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ca_types::{Fingerprint, IssuerId, UnixTime};

use crate::public_key::sha256;
use crate::signed_note::is_key_name;
use crate::{Certificate, NoteError, NoteSignature, PublicKey, SignatureAlgorithm, SignedNote};

/// The Ed25519 public key that checkpoints are verified with, and its name (C2SP signed-note).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogKey {
    name: String,
    octets: [u8; 32],
}

impl LogKey {
    /// Names a key; nothing if a key cannot have the name.
    pub fn new(name: String, octets: [u8; 32]) -> Option<Self> {
        is_key_name(&name).then_some(Self { name, octets })
    }

    /// Returns its name, which is also the origin of the log.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the SHA-256 of name and key.
    pub fn fingerprint(&self) -> Fingerprint {
        self.hash().into()
    }

    /// Makes the signature line of a signature by this key.
    pub fn signature(&self, signature: Vec<u8>) -> NoteSignature {
        NoteSignature {
            key_name: self.name.clone(),
            key_hash: first_four(self.hash()),
            signature,
        }
    }

    /// Verifies that the key has signed a note.
    ///
    /// # Errors
    /// Fails when no signature line is of this key, or one of them does not hold.
    pub fn verify(&self, note: &SignedNote) -> Result<(), NoteError> {
        let key_hash = first_four(self.hash());
        let mut is_signed = false;
        let lines = note
            .signatures()
            .iter()
            .filter(|line| line.key_name == self.name && line.key_hash == key_hash);
        for line in lines {
            UnparsedPublicKey::new(&ED25519, self.octets)
                .verify(note.text().as_bytes(), &line.signature)
                .map_err(|_unspecified| NoteError::Signature(self.name.clone()))?;
            is_signed = true;
        }
        if is_signed {
            Ok(())
        } else {
            Err(NoteError::Unsigned(self.name.clone()))
        }
    }

    fn hash(&self) -> [u8; 32] {
        sha256(&[self.name.as_bytes(), b"\n", &[ED25519_KEY], &self.octets].concat())
    }
}

impl fmt::Display for LogKey {
    /// Writes the form that other verifiers of notes take: `NAME+HASH+KEY`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = [[ED25519_KEY].as_slice(), &self.octets].concat();
        write!(
            f,
            "{}+{:08x}+{}",
            self.name,
            u32::from_be_bytes(first_four(self.hash())),
            STANDARD.encode(key)
        )
    }
}

impl FromStr for LogKey {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(_hash), Some(key)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(NoteError::Key);
        };
        let octets = STANDARD.decode(key).ok();
        let key = octets
            .as_deref()
            .and_then(<[u8]>::split_first)
            .filter(|(kind, _octets)| **kind == ED25519_KEY)
            .and_then(|(_kind, octets)| Self::new(name.to_owned(), octets.try_into().ok()?))
            .ok_or(NoteError::Key)?;
        // The hash guards against a slip of the pen.
        if key.to_string() != text {
            return Err(NoteError::Key);
        }
        Ok(key)
    }
}

/// What a control CA says of the key of a log: a note whose text is
/// `fleet-ca log key v1`, the key, the CA and the time, a line each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogKeyStatement {
    /// The key.
    pub key: LogKey,
    /// The CA that vouches for it.
    pub issuer: IssuerId,
    /// Since when.
    pub time: UnixTime,
}

impl LogKeyStatement {
    /// Reads the statement in a note, whose signature it does not look at.
    ///
    /// # Errors
    /// Fails when it is no note, or its text no such statement.
    pub fn from_note(note: &str) -> Result<Self, NoteError> {
        Self::from_text(SignedNote::parse(note)?.text())
    }

    /// Reads a statement that the CA with this certificate has signed.
    ///
    /// # Errors
    /// Fails when it is no statement, or not signed by the CA.
    pub fn verified(note: &str, ca: &Certificate) -> Result<Self, NoteError> {
        let note = SignedNote::parse(note)?;
        let statement = Self::from_text(note.text())?;
        let issuer = statement.issuer.to_string();
        let key = ca.public_key();
        let line = note
            .signatures()
            .iter()
            .find(|line| line.key_name == issuer && line.key_hash == ca_hash(&issuer, key))
            .ok_or_else(|| NoteError::Unsigned(issuer.clone()))?;
        key.verify(
            note.text().as_bytes(),
            &line.signature,
            SignatureAlgorithm::for_key(key),
        )
        .map_err(|_does_not_hold| NoteError::Signature(issuer.clone()))?;
        Ok(statement)
    }

    /// Reads a statement that a control CA of the log has signed; `control` finds the certificate of one by its id.
    ///
    /// # Errors
    /// Fails when it is no statement, or no control CA of the log has signed it.
    pub fn vouched(
        note: &str,
        control: impl FnOnce(&IssuerId) -> Option<Certificate>,
    ) -> Result<Self, NoteError> {
        let by = Self::from_note(note)?.issuer;
        let control = control(&by).ok_or_else(|| NoteError::Stranger(by.to_string()))?;
        Self::verified(note, &control)
    }

    /// Makes the note from the signature over the text, with [`SignatureAlgorithm::for_key`] of the CA's key.
    pub fn signed(&self, ca: &PublicKey, signature: Vec<u8>) -> SignedNote {
        let key_name = self.issuer.to_string();
        let line = NoteSignature {
            key_hash: ca_hash(&key_name, ca),
            key_name,
            signature,
        };
        SignedNote::new(self.to_string(), vec![line])
    }

    fn from_text(text: &str) -> Result<Self, NoteError> {
        let refuse = || NoteError::Text {
            wanted: "the statement of a CA about the key of a log",
        };
        let mut lines = text.strip_prefix(CONTEXT).ok_or_else(refuse)?.split('\n');
        let mut line = || lines.next().ok_or_else(refuse);
        let statement = Self {
            key: line()?.parse()?,
            issuer: line()?.parse().map_err(|_not_an_id| refuse())?,
            time: line()?.parse().map_err(|_not_a_time| refuse())?,
        };
        if statement.to_string() != text {
            return Err(refuse());
        }
        Ok(statement)
    }
}

impl fmt::Display for LogKeyStatement {
    /// Writes the text that the CA signs. No certificate and no CRL begins like it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{CONTEXT}{}", self.key)?;
        writeln!(f, "{}", self.issuer)?;
        writeln!(f, "{}", self.time)
    }
}

const CONTEXT: &str = "fleet-ca log key v1\n";
/// The kind of key in the signed-note specification: Ed25519.
const ED25519_KEY: u8 = 1;

/// Names the key of a CA on a signature line: the kind 0xff stands for what the specification does not know.
fn ca_hash(name: &str, key: &PublicKey) -> [u8; 4] {
    let kind = b"\n\xfffleet-ca x509";
    first_four(sha256(&[name.as_bytes(), kind, key.spki_der()].concat()))
}

fn first_four(hash: [u8; 32]) -> [u8; 4] {
    let [first, second, third, fourth, ..] = hash;
    [first, second, third, fourth]
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A statement whose signature holds nowhere; it reads all the same.
    pub(crate) fn statement() -> String {
        let statement = LogKeyStatement {
            key: crate::checkpoint::tests::key(),
            issuer: "control-2026-1".parse().unwrap(),
            time: "2026-11-28T20:00:00Z".parse().unwrap(),
        };
        let line = NoteSignature {
            key_name: "control-2026-1".to_owned(),
            key_hash: [0; 4],
            signature: vec![1],
        };
        SignedNote::new(statement.to_string(), vec![line]).to_string()
    }

    #[test]
    fn a_key_comes_back_and_a_changed_one_is_refused() {
        let key = crate::checkpoint::tests::key();
        let text = key.to_string();
        assert_eq!(text.parse(), Ok(key));
        for at in 0..text.len() {
            let mut octets = text.clone().into_bytes();
            octets[at] ^= 1;
            let changed = String::from_utf8(octets).unwrap();
            assert_eq!(changed.parse::<LogKey>(), Err(NoteError::Key), "{changed}");
        }
    }

    #[test]
    fn a_statement_reads_only_as_it_is_written() {
        let note = statement();
        let read = LogKeyStatement::from_note(&note).unwrap();
        assert_eq!(read.issuer.as_str(), "control-2026-1");
        for (old, new) in [
            ("v1", "v2"),
            ("control-2026-1\n2026", "control-2026-1\n\n2026"),
            ("20:00:00Z", "20:00:00+00:00"),
            ("20:00:00Z\n", "20:00:00Z\nmore\n"),
        ] {
            assert!(
                LogKeyStatement::from_note(&note.replacen(old, new, 1)).is_err(),
                "{old} to {new}"
            );
        }
    }
}
