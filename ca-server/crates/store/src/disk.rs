//! The store on disk: the log, the tables over it, and the index behind it.

#[cfg(test)]
mod crash;
#[cfg(test)]
mod model;
mod opening;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;

use async_trait::async_trait;
use ca_types::{Actor, IssuerId, KeyId, ProfileName, RequestId, SerialNumber, UnixTime};
use ca_verify::Entry;
use tokio::sync::mpsc;

use crate::feed::Feed;
use crate::files::{FileLock, Files, SystemFiles};
use crate::log::{self, Log, Reading};
use crate::state::{SharedState, der_in, repeat, row_in};
use crate::tables::{Archived, Known};
use crate::writer::{Outcome, Submission};
use crate::{
    ActorRow, BlockedKeyRow, CaStore, CertificateQuery, CertificateRow, Committed, CrlRow,
    IndexDigest, IndexSeal, IssuerRequestRow, IssuerRow, LogId, OpenReport, Page, Progress,
    SeenHolders, Standing, StoreError, TreeHead, UnseenRevocation,
};

/// What is done with an index that is there when a store is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexUse {
    /// It is used when it is sound, and built anew when it is not.
    IfSound,
    /// It is built anew from the log, whatever it says.
    Rebuild,
}

/// How a store is opened.
pub struct OpenOptions {
    /// The file system.
    pub files: Arc<dyn Files>,
    /// What is done with an index that is there.
    pub index: IndexUse,
    /// How long a segment may get before the next is begun.
    pub segment_octets: u64,
    /// How much room is kept for revocations and CRLs when the disk is full.
    pub reserve_octets: u64,
    /// Tells whether the rows of the index are those that a seal of the right key is about; what else it says is checked
    /// anyhow.
    pub vouch: Box<Vouch>,
    /// Hears how far opening has come.
    pub progress: Box<dyn FnMut(Progress) + Send>,
}

/// Judges the seal that was found in an index.
pub type Vouch = dyn FnMut(Option<&IndexSeal>) -> Result<bool, StoreError> + Send;

impl OpenOptions {
    /// Takes the system's files, segments of 64 MiB, a reserve of 64 MiB, an index whoever wrote it, and nobody who hears
    /// of the progress.
    pub fn system() -> Self {
        Self {
            files: Arc::new(SystemFiles),
            index: IndexUse::IfSound,
            segment_octets: 64 << 20,
            reserve_octets: RESERVE_OCTETS,
            vouch: Box::new(|_seal| Ok(true)),
            progress: Box::new(|_progress| {}),
        }
    }
}

impl fmt::Debug for OpenOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenOptions")
            .field("files", &self.files)
            .field("segment_octets", &self.segment_octets)
            .field("reserve_octets", &self.reserve_octets)
            .finish_non_exhaustive()
    }
}

/// A store in a data directory: `DIR/log/` is the state, `DIR/index-<n>/` can be deleted.
#[derive(Debug)]
pub struct LogStore {
    log: Arc<Log>,
    state: Arc<SharedState>,
    queue: RwLock<Option<mpsc::Sender<Submission>>>,
    feed: Arc<Feed>,
    running: Mutex<Option<Running>>,
}

/// What ends when the store is closed, in this order.
#[derive(Debug)]
struct Running {
    writer: JoinHandle<()>,
    indexer: JoinHandle<()>,
    lock: Box<dyn FileLock>,
}

impl LogStore {
    /// Makes an empty log in a data directory that has none.
    ///
    /// # Errors
    /// Fails when there is a log, or a file cannot be written.
    pub fn create(dir: &Path, id: LogId) -> Result<(), StoreError> {
        log::create(&SystemFiles, &dir.join(LOG), id)
    }

    /// Opens the log of a data directory, alone: a second opener is refused.
    ///
    /// # Errors
    /// Fails when there is no log, it is open elsewhere, damaged before its end, or of a newer format.
    pub fn open(dir: &Path, options: OpenOptions) -> Result<(Self, OpenReport), StoreError> {
        opening::open(dir, options)
    }

    /// Waits until all that was accepted is durable and the index has it; nothing is accepted afterwards.
    ///
    /// Dropping the store does the same. It blocks: call it where that is allowed.
    pub fn close(&self) {
        let queue = self
            .queue
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        drop(queue);
        let running = self
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let Some(Running {
            writer,
            indexer,
            lock,
        }) = running
        else {
            return;
        };
        if writer.join().is_err() {
            tracing::error!("the writer of the log panicked");
        }
        self.feed.close();
        if indexer.join().is_err() {
            tracing::error!("the index panicked; the next start builds it anew");
        }
        drop(lock);
    }

    /// Returns what the rows of the index must be, for a seal.
    pub fn index_digest(&self) -> IndexDigest {
        self.state.read().rows.digest(self.log.id())
    }

    /// Puts a seal into the index, behind the rows it is about; returns when it is there, or there is no index.
    pub async fn seal_index(&self, seal: IndexSeal) {
        let sealed = self.feed.seal(seal);
        // Without an answer there is no index: the next start builds one.
        drop(sealed.await);
    }

    /// Runs what reads files or goes through all rows where it may block.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Log, &SharedState) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (log, state) = (Arc::clone(&self.log), Arc::clone(&self.state));
        match tokio::task::spawn_blocking(move || work(&log, &state)).await {
            Ok(result) => result,
            Err(stopped) => match stopped.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(StoreError::Closed),
            },
        }
    }

    /// Returns how many entries wait for the writer.
    #[cfg(test)]
    fn queued(&self) -> usize {
        self.queue()
            .map_or(0, |queue| queue.max_capacity() - queue.capacity())
    }

    fn queue(&self) -> Result<mpsc::Sender<Submission>, StoreError> {
        let queue = self.queue.read().unwrap_or_else(PoisonError::into_inner);
        queue.clone().ok_or(StoreError::Closed)
    }
}

impl Drop for LogStore {
    fn drop(&mut self) {
        self.close();
    }
}

const LOG: &str = "log";
/// Some 100 000 revocations, or the CRLs of a week.
pub const RESERVE_OCTETS: u64 = 64 << 20;

fn entry(log: &Log, leaf: u64) -> Result<Option<Entry>, StoreError> {
    let octets = log.read(leaf)?;
    Ok(octets.map(|octets| Entry::from_der(&octets)).transpose()?)
}

/// Reads the row of an archived certificate from its leaf.
fn archived_row(
    reading: &mut Reading<'_>,
    archived: Archived,
) -> Result<CertificateRow, StoreError> {
    let octets = reading
        .leaf(archived.leaf)?
        .ok_or(StoreError::UnknownCertificate(archived.serial))?;
    row_in(Entry::from_der(&octets)?, &archived)
}

#[async_trait]
impl CaStore for LogStore {
    async fn commit_having_seen(
        &self,
        entry: Entry,
        seen: Option<SeenHolders>,
    ) -> Result<Committed, StoreError> {
        let (submission, answer) = Submission::new(&entry, seen)?;
        if self.queue()?.send(submission).await.is_err() {
            return Err(StoreError::Closed);
        }
        // Without an answer the writer is gone.
        let outcome = answer.await.unwrap_or(Err(StoreError::Closed))?;
        match outcome {
            Outcome::New(leaf) => Ok(Committed::New { leaf }),
            Outcome::Answered(leaf) => {
                let earlier = self.blocking(move |log, _state| self::entry(log, leaf));
                match earlier.await? {
                    Some(earlier) => repeat(leaf, earlier, entry.origin.request),
                    None => Err(StoreError::Closed),
                }
            }
        }
    }

    fn standing(&self) -> Standing {
        self.state.standing()
    }

    async fn answered(&self, id: RequestId) -> Result<Option<(u64, Entry)>, StoreError> {
        let Some(leaf) = self.state.read().tables.answered(id) else {
            return Ok(None);
        };
        let earlier = self.blocking(move |log, _state| entry(log, leaf)).await?;
        Ok(earlier.map(|entry| (leaf, entry)))
    }

    async fn certificate(
        &self,
        serial: SerialNumber,
    ) -> Result<Option<CertificateRow>, StoreError> {
        let known = self.state.read().tables.certificate(serial);
        match known {
            None => Ok(None),
            Some(Known::Row(row)) => Ok(Some(*row)),
            Some(Known::Archived(archived)) => {
                let read = move |log: &Log, _state: &SharedState| {
                    archived_row(&mut Reading::new(log), archived)
                };
                self.blocking(read).await.map(Some)
            }
        }
    }

    async fn certificates_der(&self, rows: &[CertificateRow]) -> Result<Vec<Vec<u8>>, StoreError> {
        let rows = rows.to_vec();
        let read = move |log: &Log, _state: &SharedState| {
            let mut reading = Reading::new(log);
            rows.iter()
                .map(|row| {
                    let octets = reading
                        .leaf(row.leaf)?
                        .ok_or(StoreError::UnknownCertificate(row.serial))?;
                    der_in(Entry::from_der(&octets)?, row)
                })
                .collect()
        };
        self.blocking(read).await
    }

    async fn valid_for_name(
        &self,
        name: &str,
        profile: Option<&ProfileName>,
        now: UnixTime,
    ) -> Result<Vec<CertificateRow>, StoreError> {
        Ok(self.state.read().tables.valid_for_name(name, profile, now))
    }

    async fn list(&self, query: &CertificateQuery) -> Result<Page<CertificateRow>, StoreError> {
        let query = query.clone();
        self.blocking(move |log, state| {
            let mut reading = Reading::new(log);
            let mut read = |archived| archived_row(&mut reading, archived);
            state.read().tables.list(&query, &mut read)
        })
        .await
    }

    async fn revoked(&self, issuer: &IssuerId) -> Result<Vec<CertificateRow>, StoreError> {
        let issuer = issuer.clone();
        self.blocking(move |log, state| {
            let revoked = state.read().tables.revoked(&issuer);
            let mut reading = Reading::new(log);
            revoked
                .into_iter()
                .map(|known| match known {
                    Known::Row(row) => Ok(*row),
                    Known::Archived(archived) => archived_row(&mut reading, archived),
                })
                .collect()
        })
        .await
    }

    async fn revoked_unseen(&self, issuer: &IssuerId) -> Result<Vec<UnseenRevocation>, StoreError> {
        Ok(self.state.read().tables.revoked_unseen(issuer))
    }

    async fn actor(&self, key: &KeyId) -> Result<Option<Actor>, StoreError> {
        Ok(self.state.read().tables.actor(key).cloned())
    }

    async fn actors(&self) -> Result<Vec<ActorRow>, StoreError> {
        Ok(self.state.read().tables.actors_by_name())
    }

    async fn name_of_key(&self, key: &KeyId) -> Result<Option<String>, StoreError> {
        let state = self.state.read();
        Ok(state.tables.name_of_key(key).map(str::to_owned))
    }

    async fn blocked_key(&self, key: &KeyId) -> Result<Option<BlockedKeyRow>, StoreError> {
        Ok(self.state.read().tables.blocked_key(key).cloned())
    }

    async fn blocked_keys(
        &self,
        after: Option<KeyId>,
        limit: usize,
    ) -> Result<Vec<BlockedKeyRow>, StoreError> {
        Ok(self.state.read().tables.blocked_keys(after, limit))
    }

    async fn issuers(&self) -> Result<Vec<IssuerRow>, StoreError> {
        Ok(self.state.read().tables.issuers())
    }

    async fn lost_issuers(&self) -> Result<Vec<IssuerId>, StoreError> {
        let state = self.state.read();
        Ok(state.tables.lost_issuers().iter().cloned().collect())
    }

    async fn issuer_requests(&self) -> Result<Vec<IssuerRequestRow>, StoreError> {
        Ok(self.state.read().tables.issuer_requests().to_vec())
    }

    async fn last_crl(&self, issuer: &IssuerId) -> Result<Option<CrlRow>, StoreError> {
        Ok(self.state.read().tables.last_crl(issuer).cloned())
    }

    async fn leaves(&self, first: u64, limit: usize) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
        let read = move |log: &Log, _state: &SharedState| {
            let mut reading = Reading::new(log);
            let mut leaves = Vec::new();
            for leaf in (first..).take(limit) {
                let Some(octets) = reading.leaf(leaf)? else {
                    break;
                };
                leaves.push((leaf, octets));
            }
            Ok(leaves)
        };
        self.blocking(read).await
    }

    async fn tree_head(&self) -> Result<TreeHead, StoreError> {
        Ok(self.state.read().tree_head())
    }

    async fn root_at(&self, size: u64) -> Result<Option<[u8; 32]>, StoreError> {
        self.blocking(move |log, state| log.proofs(state).root_at(size))
            .await
    }

    async fn inclusion_proof(
        &self,
        leaf: u64,
        size: u64,
    ) -> Result<Option<Vec<[u8; 32]>>, StoreError> {
        self.blocking(move |log, state| log.proofs(state).inclusion(leaf, size))
            .await
    }

    async fn consistency_proof(
        &self,
        first: u64,
        second: u64,
    ) -> Result<Option<Vec<[u8; 32]>>, StoreError> {
        self.blocking(move |log, state| log.proofs(state).consistency(first, second))
            .await
    }

    async fn log_key(&self) -> Result<Option<String>, StoreError> {
        Ok(self.state.read().tables.log_key().map(str::to_owned))
    }

    async fn latest_time(&self) -> Result<Option<UnixTime>, StoreError> {
        Ok(self.state.read().tables.latest_time())
    }
}
