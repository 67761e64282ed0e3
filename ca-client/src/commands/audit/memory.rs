//! What a client keeps of a log beside its profile file: the last checkpoint that it saw, and the tree that it read.

use std::path::{Path, PathBuf};

use ca_types::Code;
use ca_verify::{Checkpoint, Frontier, LogKey};

use crate::error::CommandError;
use crate::files::{self, Existing, Mode};
use crate::settings::Settings;

/// The files about one log.
#[derive(Debug)]
pub(super) struct Memory {
    pub(super) checkpoint: PathBuf,
    tree: PathBuf,
}

/// What was seen before.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) checkpoint: Checkpoint,
    pub(super) note: String,
    /// The right edge of the tree when all its leaves were read last; it may be smaller than the checkpoint.
    pub(super) tree: Option<Frontier>,
}

impl Memory {
    pub(super) fn of(settings: &Settings, key: &LogKey) -> Self {
        let name: String = key.fingerprint().to_string().chars().take(16).collect();
        let directory = settings.file.parent().unwrap_or_else(|| Path::new("."));
        Self {
            checkpoint: directory.join(format!("log-{name}.checkpoint")),
            tree: directory.join(format!("log-{name}.tree")),
        }
    }

    pub(super) fn read(&self, key: &LogKey) -> Result<Option<Seen>, CommandError> {
        if !files::exists(&self.checkpoint) {
            return Ok(None);
        }
        let note = String::from_utf8(files::read(&self.checkpoint)?).unwrap_or_default();
        let checkpoint = Checkpoint::verified(&note, key)
            .map_err(|error| changed(&self.checkpoint, &error.to_string()))?;
        let tree = self.read_tree(&checkpoint)?;
        Ok(Some(Seen {
            checkpoint,
            note,
            tree,
        }))
    }

    fn read_tree(&self, checkpoint: &Checkpoint) -> Result<Option<Frontier>, CommandError> {
        if !files::exists(&self.tree) {
            return Ok(None);
        }
        let octets = files::read(&self.tree)?;
        if octets.starts_with(ANY_MAGIC) && !octets.starts_with(MAGIC) {
            return Err(CommandError::Check {
                code: Code::FailedPrecondition,
                what: format!("{}: a newer build has written it", self.tree.display()),
                hint: "use that build; or delete the file, and all leaves are read again"
                    .to_owned(),
            });
        }
        let tree = octets
            .strip_prefix(MAGIC)
            .and_then(Frontier::from_octets)
            .ok_or_else(|| changed(&self.tree, "it is not the tree of a log"))?;
        // The checkpoint is signed, and the tree must be its own or an earlier one.
        let is_possible = match tree.size().cmp(&checkpoint.size) {
            std::cmp::Ordering::Less => true,
            std::cmp::Ordering::Equal => tree.root() == checkpoint.root,
            std::cmp::Ordering::Greater => false,
        };
        if is_possible {
            Ok(Some(tree))
        } else {
            Err(changed(&self.tree, "it is not the tree of the checkpoint"))
        }
    }

    /// Keeps a checkpoint, and the tree of its leaves when they were read.
    pub(super) fn write(&self, note: &str, tree: Option<&Frontier>) -> Result<(), CommandError> {
        let write =
            |file, octets: &[u8]| files::write(file, octets, Mode::Public, Existing::Replace);
        write(&self.checkpoint, note.as_bytes())?;
        if let Some(tree) = tree {
            write(&self.tree, &[MAGIC, &tree.to_octets()].concat())?;
        }
        Ok(())
    }
}

fn changed(file: &Path, what: &str) -> CommandError {
    CommandError::Check {
        code: Code::FailedPrecondition,
        what: format!("{}: {what}", file.display()),
        hint: "someone changed the file; delete it only if you know who".to_owned(),
    }
}

/// How the file begins, whatever its format.
const ANY_MAGIC: &[u8] = b"fleet-ca tree v";
const MAGIC: &[u8] = b"fleet-ca tree v1\n";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_of_a_newer_format_is_told_from_a_changed_one() {
        let folder = tempfile::tempdir().unwrap();
        let memory = Memory {
            checkpoint: folder.path().join("log.checkpoint"),
            tree: folder.path().join("log.tree"),
        };
        let checkpoint = Checkpoint {
            origin: "pki.example.net/log".to_owned(),
            size: 0,
            root: Frontier::new().root(),
        };
        let kept = [MAGIC, &Frontier::new().to_octets()].concat();
        for (octets, refusal) in [
            (kept.as_slice(), None),
            (
                b"fleet-ca tree v2\nmore",
                Some("a newer build has written it"),
            ),
            (b"fleet-ca", Some("it is not the tree of a log")),
        ] {
            files::write(&memory.tree, octets, Mode::Public, Existing::Replace).unwrap();
            let told = memory.read_tree(&checkpoint).err();
            let text = told.as_ref().map(ToString::to_string);
            assert_eq!(text.is_some(), refusal.is_some(), "{text:?}");
            assert!(
                text.unwrap_or_default()
                    .ends_with(refusal.unwrap_or_default())
            );
        }
    }
}
