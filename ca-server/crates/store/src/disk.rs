//! The store on disk: the log, the tables over it, and the index behind it.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use ca_types::{Actor, IssuerId, KeyId, ProfileName, RequestId, SerialNumber, UnixTime};
use ca_verify::Entry;

use crate::files::{Files, SystemFiles};
use crate::{
    ActorRow, CaStore, CertificateQuery, CertificateRow, Committed, CrlRow, IssuerRow, LogId,
    LogReport, OpenReport, Page, Progress, StoreError, TreeHead,
};

/// How a store is opened.
pub struct OpenOptions {
    /// The file system.
    pub files: Arc<dyn Files>,
    /// How long a segment may get before the next is begun.
    pub segment_octets: u64,
    /// Hears how far opening has come.
    pub progress: Box<dyn FnMut(Progress) + Send>,
}

impl OpenOptions {
    /// Takes the system's files, segments of 64 MiB, and nobody who hears of the progress.
    pub fn system() -> Self {
        Self {
            files: Arc::new(SystemFiles),
            segment_octets: 64 << 20,
            progress: Box::new(|_progress| {}),
        }
    }
}

impl fmt::Debug for OpenOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenOptions")
            .field("files", &self.files)
            .field("segment_octets", &self.segment_octets)
            .finish_non_exhaustive()
    }
}

/// A store in a data directory: `DIR/log/` is the state, `DIR/index-<n>/` can be deleted.
#[derive(Debug)]
pub struct LogStore {}

impl LogStore {
    /// Makes an empty log in a data directory that has none.
    ///
    /// # Errors
    /// Fails when there is a log, or a file cannot be written.
    pub fn create(_dir: &Path, _id: LogId) -> Result<(), StoreError> {
        todo!()
    }

    /// Opens the log of a data directory, alone: a second opener is refused.
    ///
    /// # Errors
    /// Fails when there is no log, it is open elsewhere, damaged before its end, or of a newer format.
    pub fn open(_dir: &Path, _options: OpenOptions) -> Result<(Self, OpenReport), StoreError> {
        todo!()
    }

    /// Waits until all that was accepted is durable and the index has it; nothing is accepted afterwards.
    ///
    /// Dropping the store does the same.
    pub fn close(&self) {
        todo!()
    }
}

/// Reads the log of a data directory from end to end, without a lock and without changing anything.
///
/// # Errors
/// Fails when there is no log, or it is damaged before its end.
pub fn inspect(dir: &Path) -> Result<LogReport, StoreError> {
    read_log(dir, &mut |_leaf, _entry| Ok(()))
}

/// Reads as [`inspect`] does, and hands over every entry with the index of its leaf.
///
/// # Errors
/// Fails as [`inspect`] does, and when `visit` does.
pub fn read_log(
    _dir: &Path,
    _visit: &mut dyn FnMut(u64, Entry) -> Result<(), StoreError>,
) -> Result<LogReport, StoreError> {
    todo!()
}

#[async_trait]
impl CaStore for LogStore {
    async fn commit(&self, _entry: Entry) -> Result<Committed, StoreError> {
        todo!()
    }
    async fn answered(&self, _id: RequestId) -> Result<Option<(u64, Entry)>, StoreError> {
        todo!()
    }
    async fn certificate(
        &self,
        _serial: SerialNumber,
    ) -> Result<Option<CertificateRow>, StoreError> {
        todo!()
    }
    async fn certificates_der(&self, _rows: &[CertificateRow]) -> Result<Vec<Vec<u8>>, StoreError> {
        todo!()
    }
    async fn valid_for_name(
        &self,
        _name: &str,
        _profile: Option<&ProfileName>,
        _now: UnixTime,
    ) -> Result<Vec<CertificateRow>, StoreError> {
        todo!()
    }
    async fn list(&self, _query: &CertificateQuery) -> Result<Page<CertificateRow>, StoreError> {
        todo!()
    }
    async fn revoked(&self, _issuer: &IssuerId) -> Result<Vec<CertificateRow>, StoreError> {
        todo!()
    }
    async fn actor(&self, _key: &KeyId) -> Result<Option<Actor>, StoreError> {
        todo!()
    }
    async fn actors(&self) -> Result<Vec<ActorRow>, StoreError> {
        todo!()
    }
    async fn issuers(&self) -> Result<Vec<IssuerRow>, StoreError> {
        todo!()
    }
    async fn last_crl(&self, _issuer: &IssuerId) -> Result<Option<CrlRow>, StoreError> {
        todo!()
    }
    async fn leaves(&self, _first: u64, _limit: usize) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
        todo!()
    }
    async fn tree_head(&self) -> Result<TreeHead, StoreError> {
        todo!()
    }
}
