//! The log that is the commit, and the tables and the index behind it.
//!
//! A change has happened when its [`Entry`] is durable in the log, and not before. The tables answer
//! every question from memory; sled keeps one small row per leaf so that a start need not read
//! the whole log, and is rebuilt from the log whenever the two disagree.
#![warn(
    missing_docs,
    clippy::missing_errors_doc,
    clippy::wildcard_enum_match_arm
)]

mod chunks;
mod disk;
mod draft;
mod error;
mod feed;
pub mod files;
#[cfg(test)]
mod fixture;
mod import;
mod index;
mod inspect;
mod leaf_reader;
mod leaf_row;
pub mod log;
mod log_check;
mod memory;
mod proofs;
mod query;
mod report;
mod row;
mod seal;
mod snapshot;
mod state;
#[cfg(test)]
mod suite;
mod tables;
mod verify;
mod writer;

use std::fmt;

use async_trait::async_trait;
use ca_types::{Actor, IssuerId, KeyId, ProfileName, RequestId, SerialNumber, UnixTime};
use ca_verify::Entry;

pub use disk::{IndexUse, LogStore, OpenOptions, RESERVE_OCTETS, Vouch};
pub use error::{StoreError, hint_of};
pub use import::LogImport;
pub use index::{IndexInspection, IndexStanding, IndexedLeaf, inspect_index};
pub use inspect::{inspect, read_log};
pub use leaf_reader::{LeafReader, SegmentStart};
pub use log_check::LogCheck;
pub use memory::MemoryStore;
pub use query::{CertificateQuery, Page, PageToken};
pub use report::{
    IndexReport, LogId, LogReport, OpenReport, OpenStep, Progress, Standing, TornTail,
};
pub use row::{
    ActorRow, BlockedKeyRow, CertificateRow, CrlRow, IssuerRequestRow, IssuerRow, Revocation,
    UnseenRevocation,
};
pub use seal::{IndexDigest, IndexSeal};
pub use snapshot::{LogSnapshot, SnapshotSegment, snapshot};
pub use verify::{Damage, LogVerdict, Salvaged, SoundLeaf, salvage, verify_log};

/// What a commit did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Committed {
    /// The entry is the leaf with this index, and durable.
    New {
        /// The index of the leaf, counted from zero.
        leaf: u64,
    },
    /// The request id was answered before, with the same digest: this is that answer, nothing changed.
    Repeated {
        /// The index of the earlier leaf.
        leaf: u64,
        /// The earlier entry.
        entry: Box<Entry>,
    },
}

/// The valid certificates of a NAME as the author of an entry saw them, before the writer takes the entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenHolders {
    /// The NAME.
    pub name: String,
    /// Only this profile.
    pub profile: Option<ProfileName>,
    /// The serial numbers.
    pub serials: Vec<SerialNumber>,
}

/// The size and root hash of the Merkle tree over all leaves (RFC 9162 §2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeHead {
    /// The number of leaves.
    pub size: u64,
    /// The root hash.
    pub root: [u8; 32],
}

/// The state of a CA: whole intents in, durable answers out.
///
/// [`CaStore::commit`] is the only way to change anything. One writer decides in it, leaf by leaf, that
/// names, keys, serials, issuer ids, CRL numbers and request ids are unique; there is no look
/// before the signature that anything relies on.
#[async_trait]
pub trait CaStore: fmt::Debug + Send + Sync {
    /// Makes the entry a leaf; returns when it is durable and visible to every reader.
    ///
    /// # Errors
    /// Refuses an entry of which any change contradicts the state; nothing has changed then.
    async fn commit(&self, entry: Entry) -> Result<Committed, StoreError> {
        self.commit_having_seen(entry, None).await
    }

    /// Makes an entry a leaf that means all valid certificates of a NAME, of which its author saw `seen`.
    ///
    /// What was seen is no part of the leaf: the leaf names every certificate that it changes.
    ///
    /// # Errors
    /// Refuses as [`CaStore::commit`] does, and with [`StoreError::Unseen`] when the NAME has got another
    /// certificate since: read again, and decide anew.
    async fn commit_having_seen(
        &self,
        entry: Entry,
        seen: Option<SeenHolders>,
    ) -> Result<Committed, StoreError>;

    /// Tells whether it takes changes.
    fn standing(&self) -> Standing;

    /// Finds the entry that answered a request, with the index of its leaf.
    ///
    /// # Errors
    /// Fails when the log cannot be read.
    async fn answered(&self, id: RequestId) -> Result<Option<(u64, Entry)>, StoreError>;

    /// Finds a certificate.
    ///
    /// # Errors
    /// Fails when the store cannot be read.
    async fn certificate(&self, serial: SerialNumber)
    -> Result<Option<CertificateRow>, StoreError>;

    /// Reads the DER of certificates from the log, in the order of `rows`.
    ///
    /// # Errors
    /// Fails when the log cannot be read.
    async fn certificates_der(&self, rows: &[CertificateRow]) -> Result<Vec<Vec<u8>>, StoreError>;

    /// Lists the certificates of a NAME that are valid at `now`, oldest first; of all profiles when none is given.
    ///
    /// # Errors
    /// Fails when the store cannot be read.
    async fn valid_for_name(
        &self,
        name: &str,
        profile: Option<&ProfileName>,
        now: UnixTime,
    ) -> Result<Vec<CertificateRow>, StoreError>;

    /// Lists certificates in the order of issue, one page at a time.
    ///
    /// # Errors
    /// Fails when the store cannot be read.
    async fn list(&self, query: &CertificateQuery) -> Result<Page<CertificateRow>, StoreError>;

    /// Lists all revoked certificates of an issuer.
    ///
    /// # Errors
    /// Fails when the store cannot be read.
    async fn revoked(&self, issuer: &IssuerId) -> Result<Vec<CertificateRow>, StoreError>;

    /// Lists the revocations of an issuer whose certificates were lost with what a restored backup had not seen.
    ///
    /// They stay on its CRLs; their serial numbers are never accepted again.
    ///
    /// # Errors
    /// Fails when the store cannot be read.
    async fn revoked_unseen(&self, issuer: &IssuerId) -> Result<Vec<UnseenRevocation>, StoreError>;

    /// Finds the actor that holds a key.
    ///
    /// # Errors
    /// Fails when the store cannot be read.
    async fn actor(&self, key: &KeyId) -> Result<Option<Actor>, StoreError>;

    /// Lists the actors by name.
    ///
    /// # Errors
    /// Fails when the store cannot be read.
    async fn actors(&self) -> Result<Vec<ActorRow>, StoreError>;

    /// Finds the NAME that a key was certified for.
    ///
    /// # Errors
    /// Fails when the store cannot be read.
    async fn name_of_key(&self, key: &KeyId) -> Result<Option<String>, StoreError>;

    /// Finds the entry of the block list that a key has.
    ///
    /// # Errors
    /// Fails when the store cannot be read.
    async fn blocked_key(&self, key: &KeyId) -> Result<Option<BlockedKeyRow>, StoreError>;

    /// Lists up to `limit` blocked keys behind `after`, in the order of their ids.
    ///
    /// # Errors
    /// Fails when the store cannot be read.
    async fn blocked_keys(
        &self,
        after: Option<KeyId>,
        limit: usize,
    ) -> Result<Vec<BlockedKeyRow>, StoreError>;

    /// Lists the CAs in the order in which they were added.
    ///
    /// # Errors
    /// Fails when the store cannot be read.
    async fn issuers(&self) -> Result<Vec<IssuerRow>, StoreError>;

    /// Lists the ids of the CAs that came and went with what a restored backup had not seen: no CA gets them again.
    ///
    /// # Errors
    /// Fails when the store cannot be read.
    async fn lost_issuers(&self) -> Result<Vec<IssuerId>, StoreError>;

    /// Lists the CAs that were asked for at a ceremony, in that order; those that were answered too.
    ///
    /// # Errors
    /// Fails when the store cannot be read.
    async fn issuer_requests(&self) -> Result<Vec<IssuerRequestRow>, StoreError>;

    /// Finds the last CRL that an issuer signed.
    ///
    /// # Errors
    /// Fails when the store cannot be read.
    async fn last_crl(&self, issuer: &IssuerId) -> Result<Option<CrlRow>, StoreError>;

    /// Reads up to `limit` leaves from `first` on: their indexes and octets.
    ///
    /// # Errors
    /// Fails when the log cannot be read.
    async fn leaves(&self, first: u64, limit: usize) -> Result<Vec<(u64, Vec<u8>)>, StoreError>;

    /// Returns the size and root hash of the tree over all durable leaves.
    ///
    /// # Errors
    /// Fails when the store cannot be read.
    async fn tree_head(&self) -> Result<TreeHead, StoreError>;

    /// Returns the root hash that the tree had when it was of this size; nothing for a size to come.
    ///
    /// # Errors
    /// Fails when the log cannot be read.
    async fn root_at(&self, size: u64) -> Result<Option<[u8; 32]>, StoreError>;

    /// Makes the proof that a leaf is in the tree of `size` leaves (RFC 9162 §2.1.3); nothing if it is not.
    ///
    /// # Errors
    /// Fails when the log cannot be read.
    async fn inclusion_proof(
        &self,
        leaf: u64,
        size: u64,
    ) -> Result<Option<Vec<[u8; 32]>>, StoreError>;

    /// Makes the proof that the tree of `first` leaves is the beginning of that of `second` (RFC 9162 §2.1.4);
    /// nothing if one of them is a size to come.
    ///
    /// # Errors
    /// Fails when the log cannot be read.
    async fn consistency_proof(
        &self,
        first: u64,
        second: u64,
    ) -> Result<Option<Vec<[u8; 32]>>, StoreError>;

    /// Returns the statement about the key that signs checkpoints now; none before there is a key.
    ///
    /// # Errors
    /// Fails when the store cannot be read.
    async fn log_key(&self) -> Result<Option<String>, StoreError>;

    /// Returns the latest time of any leaf since the clock was last confirmed.
    ///
    /// # Errors
    /// Fails when the store cannot be read.
    async fn latest_time(&self) -> Result<Option<UnixTime>, StoreError>;
}
