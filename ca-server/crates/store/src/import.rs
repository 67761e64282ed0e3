//! Writing a log anew from the leaves of another.

use std::path::Path;
use std::sync::Arc;

use ca_verify::{Certificate, Change, Entry, leaf_hash};

use crate::files::Files;
use crate::leaf_row::LeafRow;
use crate::log::{self, AppendError, Appender, HEADER_OCTETS, Log, segments};
use crate::state::State;
use crate::{LogId, StoreError, TreeHead};

/// An empty log that takes the leaves of another one, in order; the tree over them is the same.
#[derive(Debug)]
pub struct LogImport {
    appender: Appender,
    state: State,
    group: Vec<Vec<u8>>,
    /// The root hash over the leaves before the group.
    root: [u8; 32],
}

/// How many leaves are synced together.
const GROUP: usize = 256;
const SEGMENT_OCTETS: u64 = 64 << 20;

impl LogImport {
    /// Makes this directory and an empty log in it, by way of these files.
    ///
    /// # Errors
    /// Fails when the directory is there, or a file cannot be written.
    pub fn create(files: &Arc<dyn Files>, log_dir: &Path, id: LogId) -> Result<Self, StoreError> {
        log::create(&**files, log_dir, id)?;
        let segments = segments(&**files, log_dir)?;
        let (Some(segment), Some(log)) = (
            segments.first().cloned(),
            Log::new(Arc::clone(files), log_dir.to_owned(), segments),
        ) else {
            return Err(StoreError::Closed);
        };
        let file = files
            .open_writable(&segment.path)
            .map_err(segment.cannot("open the segment"))?;
        let end = u64::try_from(HEADER_OCTETS).unwrap_or(u64::MAX);
        let appender = Appender::new(
            Arc::new(log),
            (segment, file),
            (0, end),
            (SEGMENT_OCTETS, crate::RESERVE_OCTETS),
        )?;
        let state = State::new();
        Ok(Self {
            appender,
            root: state.frontier.root(),
            state,
            group: Vec::with_capacity(GROUP),
        })
    }

    /// Takes the octets of the next leaf, and gives its entry.
    ///
    /// # Errors
    /// Fails when they are no entry, or it contradicts the leaves before, or a file cannot be written.
    pub fn push(&mut self, leaf: Vec<u8>) -> Result<Entry, StoreError> {
        let entry = Entry::from_der(&leaf)?;
        // Of a certificate from elsewhere nobody has looked at the key and the extensions yet.
        for issued in entry.changes.iter().filter_map(Change::issued) {
            Certificate::from_der(&issued.certificate)?;
        }
        let row = LeafRow::project(&entry)?;
        self.state
            .apply(&row, leaf_hash(&leaf))
            .map_err(|contradiction| StoreError::Contradiction(contradiction.to_string()))?;
        self.group.push(leaf);
        if self.group.len() == GROUP {
            self.write()?;
        }
        Ok(entry)
    }

    /// Makes all leaves durable.
    ///
    /// # Errors
    /// Fails when a file cannot be written.
    pub fn finish(mut self) -> Result<TreeHead, StoreError> {
        self.write()?;
        Ok(self.state.tree_head())
    }

    fn write(&mut self) -> Result<(), StoreError> {
        let leaves: Vec<&[u8]> = self.group.iter().map(Vec::as_slice).collect();
        if !leaves.is_empty() {
            match self.appender.append(&leaves, self.root) {
                Ok(_offsets) => {}
                Err(AppendError::Full(error) | AppendError::Broken(error)) => return Err(error),
            }
        }
        self.group.clear();
        self.root = self.state.frontier.root();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::SystemFiles;
    use crate::fixture::{Leaf, entry, founding, revoked};
    use crate::{LogStore, OpenOptions, snapshot};

    #[test]
    fn the_leaves_of_one_log_make_another_with_the_same_tree() {
        let home = tempfile::tempdir().unwrap();
        let files: Arc<dyn Files> = Arc::new(SystemFiles);
        let log = home.path().join("log");
        let mut import = LogImport::create(&files, &log, [7; 16].into()).unwrap();
        for leaf in [
            founding(),
            Leaf::new("a.example", 1).entry(),
            entry([revoked(1)]),
        ] {
            import.push(leaf.to_der().unwrap()).unwrap();
        }
        import
            .push(entry([revoked(1)]).to_der().unwrap())
            .unwrap_err();
        let head = import.finish().unwrap();
        assert_eq!(head.size, 3);
        let found = snapshot(home.path(), &mut |_leaf, _entry| Ok(())).unwrap();
        assert_eq!((found.head, found.log_id), (head, [7; 16].into()));
        let (_store, report) = LogStore::open(home.path(), OpenOptions::system()).unwrap();
        assert_eq!(report.leaves, 3);
        LogImport::create(&files, &log, [7; 16].into()).unwrap_err();
    }
}
