//! The signed notes in a backup: the newest checkpoint of the log, and what a control CA says of its key.

use ca_store::{IssuerRow, LogCheck};
use ca_types::IssuerClass;
use ca_verify::{Certificate, Checkpoint, LogKey, LogKeyStatement};

use super::BackupError;
use super::manifest::{CHECKPOINT, LOG_KEY};

/// The notes, as far as they are there.
#[derive(Debug, Default)]
pub(super) struct Notes {
    checkpoint: Option<String>,
    statement: Option<String>,
}

impl Notes {
    /// Takes a note.
    pub(super) fn take(&mut self, name: &str, octets: Vec<u8>) -> Result<(), BackupError> {
        let note =
            String::from_utf8(octets).map_err(|_not_text| BackupError::unsound(name, "no text"))?;
        match name {
            CHECKPOINT => self.checkpoint = Some(note),
            _ => self.statement = Some(note),
        }
        Ok(())
    }

    /// Returns how many leaves the checkpoint says it is about, before anybody has proved it.
    pub(super) fn size(&self) -> Option<u64> {
        let checkpoint = Checkpoint::from_note(self.checkpoint.as_ref()?).ok()?;
        Some(checkpoint.size)
    }

    /// Proves that the notes and the log say the same; returns how many leaves are signed.
    pub(super) fn prove(&self, log: &LogCheck) -> Result<Option<u64>, BackupError> {
        let Some(stated) = log.log_key() else {
            let orphan = self.checkpoint.as_ref().map(|_note| CHECKPOINT);
            return match orphan.or_else(|| self.statement.as_ref().map(|_note| LOG_KEY)) {
                Some(name) => Err(BackupError::unsound(
                    name,
                    "the log names no key of its own",
                )),
                None => Ok(None),
            };
        };
        let issuers = log.issuers();
        let key = key_of(stated, &issuers).map_err(|what| BackupError::unsound("log", what))?;
        if let Some(statement) = &self.statement {
            let unsound = |what: String| BackupError::unsound(LOG_KEY, what);
            if key_of(statement, &issuers).map_err(unsound)? != key {
                return Err(unsound("the log names another key".to_owned()));
            }
        }
        let Some(note) = &self.checkpoint else {
            return Ok(None);
        };
        let unsound = |what: String| BackupError::unsound(CHECKPOINT, what);
        let signed =
            Checkpoint::verified(note, &key).map_err(|error| unsound(error.to_string()))?;
        match log.earlier() {
            Some(head) if (head.size, head.root) == (signed.size, signed.root) => {
                Ok(Some(signed.size))
            }
            Some(_other) => Err(unsound(format!(
                "the first {} leaves of the log are not those that it signs",
                signed.size
            ))),
            None => Err(unsound(format!(
                "it signs {} leaves, the log has {}",
                signed.size,
                log.head().size
            ))),
        }
    }
}

/// Reads a statement about the key of the log that a control CA of the log has signed.
fn key_of(statement: &str, issuers: &[IssuerRow]) -> Result<LogKey, String> {
    LogKeyStatement::vouched(statement, |by| {
        let mut control = issuers
            .iter()
            .filter(|row| row.class == IssuerClass::Control);
        let row = control.find(|row| row.id == *by)?;
        // The log was read before: the certificates in it are some.
        Certificate::from_der(&row.certificate).ok()
    })
    .map(|statement| statement.key)
    .map_err(|error| error.to_string())
}
