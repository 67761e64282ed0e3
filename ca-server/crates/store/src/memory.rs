//! A store in memory, for tests.

use async_trait::async_trait;
use ca_types::{Actor, IssuerId, KeyId, ProfileName, RequestId, SerialNumber, UnixTime};
use ca_verify::Entry;

use crate::{
    ActorRow, CaStore, CertificateQuery, CertificateRow, Committed, CrlRow, IssuerRow, Page,
    StoreError, TreeHead,
};

/// A store that forgets everything when it is dropped; for the rest it answers as [`crate::LogStore`] does.
#[derive(Debug, Default)]
pub struct MemoryStore {}

impl MemoryStore {
    /// Makes an empty store.
    pub fn new() -> Self {
        Self::default()
    }
}

#[async_trait]
impl CaStore for MemoryStore {
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
