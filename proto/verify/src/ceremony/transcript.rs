//! The record of a ceremony: text for people, signed by the root.

use super::CeremonyError;
use crate::public_key::sha256;
use crate::{PublicKey, SignatureAlgorithm};

/// The text of a ceremony before it is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transcript(String);

impl Transcript {
    /// Takes the facts of a ceremony: one line each.
    pub fn of(facts: &[(&str, String)]) -> Self {
        let width = facts.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        let lines = facts.iter().map(|(name, value)| {
            let value: String = value.chars().filter(|c| !c.is_control()).collect();
            format!("{name:width$}  {value}\n")
        });
        Self(format!("{TITLE}\n\n{}", lines.collect::<String>()))
    }

    /// Returns the text that people read.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Returns the octets that the root signs.
    pub fn message(&self) -> Vec<u8> {
        super::message(CONTEXT, self.0.as_bytes())
    }

    /// Returns the file: the text, and the signature below it.
    pub fn signed(&self, signature: &[u8]) -> Vec<u8> {
        let signature = crate::pem::encode(LABEL, signature);
        [self.0.as_bytes(), b"\n", signature.as_bytes()].concat()
    }

    /// Verifies a file, and returns the SHA-256 of it.
    ///
    /// # Errors
    /// Fails when it has another form, or the root did not sign it.
    pub fn verify(file: &[u8], root: &PublicKey) -> Result<[u8; 32], CeremonyError> {
        let form = || CeremonyError::Form(WHAT);
        let all = std::str::from_utf8(file).map_err(|_error| form())?;
        let begin = format!("\n-----BEGIN {LABEL}-----");
        let at = all.find(&begin).ok_or_else(form)?;
        let (text, armour) = all.split_at_checked(at).ok_or_else(form)?;
        let objects = crate::pem::objects(armour, &[LABEL]).ok_or_else(form)?;
        let [signature] = objects.as_slice() else {
            return Err(form());
        };
        let transcript = Self(text.to_owned());
        if transcript.signed(signature) != file {
            return Err(form());
        }
        root.verify(
            &transcript.message(),
            signature,
            SignatureAlgorithm::for_key(root),
        )
        .map_err(|source| CeremonyError::Signature {
            what: WHAT,
            signer: "the root",
            source,
        })?;
        Ok(sha256(file))
    }
}

const WHAT: &str = "ceremony transcript";
const LABEL: &str = "FLEET CA TRANSCRIPT SIGNATURE";
const TITLE: &str = "Fleet CA ceremony transcript, version 1";
const CONTEXT: &[u8] = b"fleet-ca ceremony transcript v1\0";
