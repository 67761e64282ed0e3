//! A store in memory, for tests.

use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use ca_types::{Actor, IssuerId, KeyId, ProfileName, RequestId, SerialNumber, UnixTime};
use ca_verify::{Entry, TILE_LEVEL, leaf_hash};

use crate::draft::{Draft, Verdict};
use crate::leaf_row::LeafRow;
use crate::proofs::Proofs;
use crate::state::{State, der_in, repeat, row_in};
use crate::tables::{Archived, Known};
use crate::{
    ActorRow, BlockedKeyRow, CaStore, CertificateQuery, CertificateRow, Committed, CrlRow,
    IssuerRequestRow, IssuerRow, Page, SeenHolders, Standing, StoreError, TreeHead,
    UnseenRevocation,
};

/// A store that forgets everything when it is dropped; for the rest it answers as [`crate::LogStore`] does.
#[derive(Debug)]
pub struct MemoryStore(Mutex<Memory>);

#[derive(Debug)]
struct Memory {
    state: State,
    leaves: Vec<Vec<u8>>,
}

impl MemoryStore {
    /// Makes an empty store.
    pub fn new() -> Self {
        Self(Mutex::new(Memory {
            state: State::new(),
            leaves: Vec::new(),
        }))
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl Memory {
    fn proofs(&self) -> Proofs<impl FnMut(u64) -> Result<Vec<[u8; 32]>, StoreError>> {
        let tile = |tile| {
            let first = usize::try_from(tile << TILE_LEVEL).unwrap_or(usize::MAX);
            let leaves = self.leaves.iter().skip(first).take(1 << TILE_LEVEL);
            Ok(leaves.map(|octets| leaf_hash(octets)).collect())
        };
        Proofs::new(self.state.frontier.size(), Vec::new(), tile)
    }

    fn row(&self, known: Known) -> Result<CertificateRow, StoreError> {
        match known {
            Known::Row(row) => Ok(*row),
            Known::Archived(archived) => self.archived_row(&archived),
        }
    }

    fn archived_row(&self, archived: &Archived) -> Result<CertificateRow, StoreError> {
        let unknown = StoreError::UnknownCertificate(archived.serial);
        row_in(self.entry(archived.leaf)?.ok_or(unknown)?, archived)
    }

    fn entry(&self, leaf: u64) -> Result<Option<Entry>, StoreError> {
        let octets = usize::try_from(leaf)
            .ok()
            .and_then(|leaf| self.leaves.get(leaf));
        Ok(octets.map(|octets| Entry::from_der(octets)).transpose()?)
    }
}

#[async_trait]
impl CaStore for MemoryStore {
    async fn commit_having_seen(
        &self,
        entry: Entry,
        seen: Option<SeenHolders>,
    ) -> Result<Committed, StoreError> {
        let octets = entry.to_der()?;
        let row = LeafRow::project(&entry)?;
        let mut memory = self.memory();
        let leaf = memory.state.frontier.size();
        let verdict = Draft::new(&memory.state.tables).decide(leaf, &row, seen.as_ref())?;
        match verdict {
            Verdict::New => {
                memory
                    .state
                    .apply(&row, leaf_hash(&octets))
                    .map_err(|source| StoreError::Stopped(source.to_string()))?;
                memory.leaves.push(octets);
                Ok(Committed::New { leaf })
            }
            Verdict::Answered(leaf) => match memory.entry(leaf)? {
                Some(earlier) => repeat(leaf, earlier, entry.origin.request),
                None => Err(StoreError::Closed),
            },
        }
    }

    fn standing(&self) -> Standing {
        Standing::Open
    }

    async fn answered(&self, id: RequestId) -> Result<Option<(u64, Entry)>, StoreError> {
        let memory = self.memory();
        let Some(leaf) = memory.state.tables.answered(id) else {
            return Ok(None);
        };
        Ok(memory.entry(leaf)?.map(|entry| (leaf, entry)))
    }

    async fn certificate(
        &self,
        serial: SerialNumber,
    ) -> Result<Option<CertificateRow>, StoreError> {
        let memory = self.memory();
        let known = memory.state.tables.certificate(serial);
        known.map(|known| memory.row(known)).transpose()
    }

    async fn certificates_der(&self, rows: &[CertificateRow]) -> Result<Vec<Vec<u8>>, StoreError> {
        let memory = self.memory();
        rows.iter()
            .map(|row| {
                let entry = memory
                    .entry(row.leaf)?
                    .ok_or(StoreError::UnknownCertificate(row.serial))?;
                der_in(entry, row)
            })
            .collect()
    }

    async fn valid_for_name(
        &self,
        name: &str,
        profile: Option<&ProfileName>,
        now: UnixTime,
    ) -> Result<Vec<CertificateRow>, StoreError> {
        Ok(self
            .memory()
            .state
            .tables
            .valid_for_name(name, profile, now))
    }

    async fn list(&self, query: &CertificateQuery) -> Result<Page<CertificateRow>, StoreError> {
        let memory = self.memory();
        let mut read = |archived| memory.archived_row(&archived);
        memory.state.tables.list(query, &mut read)
    }

    async fn revoked(&self, issuer: &IssuerId) -> Result<Vec<CertificateRow>, StoreError> {
        let memory = self.memory();
        let revoked = memory.state.tables.revoked(issuer);
        revoked.into_iter().map(|known| memory.row(known)).collect()
    }

    async fn revoked_unseen(&self, issuer: &IssuerId) -> Result<Vec<UnseenRevocation>, StoreError> {
        Ok(self.memory().state.tables.revoked_unseen(issuer))
    }

    async fn actor(&self, key: &KeyId) -> Result<Option<Actor>, StoreError> {
        Ok(self.memory().state.tables.actor(key).cloned())
    }

    async fn actors(&self) -> Result<Vec<ActorRow>, StoreError> {
        Ok(self.memory().state.tables.actors_by_name())
    }

    async fn name_of_key(&self, key: &KeyId) -> Result<Option<String>, StoreError> {
        let memory = self.memory();
        Ok(memory.state.tables.name_of_key(key).map(str::to_owned))
    }

    async fn blocked_key(&self, key: &KeyId) -> Result<Option<BlockedKeyRow>, StoreError> {
        Ok(self.memory().state.tables.blocked_key(key).cloned())
    }

    async fn blocked_keys(
        &self,
        after: Option<KeyId>,
        limit: usize,
    ) -> Result<Vec<BlockedKeyRow>, StoreError> {
        Ok(self.memory().state.tables.blocked_keys(after, limit))
    }

    async fn issuers(&self) -> Result<Vec<IssuerRow>, StoreError> {
        Ok(self.memory().state.tables.issuers())
    }

    async fn lost_issuers(&self) -> Result<Vec<IssuerId>, StoreError> {
        let memory = self.memory();
        let lost = memory.state.tables.lost_issuers();
        Ok(lost.iter().cloned().collect())
    }

    async fn issuer_requests(&self) -> Result<Vec<IssuerRequestRow>, StoreError> {
        Ok(self.memory().state.tables.issuer_requests().to_vec())
    }

    async fn last_crl(&self, issuer: &IssuerId) -> Result<Option<CrlRow>, StoreError> {
        Ok(self.memory().state.tables.last_crl(issuer).cloned())
    }

    async fn leaves(&self, first: u64, limit: usize) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
        let memory = self.memory();
        Ok((0..)
            .zip(&memory.leaves)
            .skip_while(|(leaf, _octets)| *leaf < first)
            .take(limit)
            .map(|(leaf, octets)| (leaf, octets.clone()))
            .collect())
    }

    async fn tree_head(&self) -> Result<TreeHead, StoreError> {
        Ok(self.memory().state.tree_head())
    }

    async fn root_at(&self, size: u64) -> Result<Option<[u8; 32]>, StoreError> {
        let memory = self.memory();
        memory.proofs().root_at(size)
    }

    async fn inclusion_proof(
        &self,
        leaf: u64,
        size: u64,
    ) -> Result<Option<Vec<[u8; 32]>>, StoreError> {
        let memory = self.memory();
        memory.proofs().inclusion(leaf, size)
    }

    async fn consistency_proof(
        &self,
        first: u64,
        second: u64,
    ) -> Result<Option<Vec<[u8; 32]>>, StoreError> {
        let memory = self.memory();
        memory.proofs().consistency(first, second)
    }

    async fn log_key(&self) -> Result<Option<String>, StoreError> {
        Ok(self.memory().state.tables.log_key().map(str::to_owned))
    }

    async fn latest_time(&self) -> Result<Option<UnixTime>, StoreError> {
        Ok(self.memory().state.tables.latest_time())
    }
}
