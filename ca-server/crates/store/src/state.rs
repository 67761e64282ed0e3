//! The durable state that readers see, and the answers from it.

use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use ca_verify::{Certificate, Change, Entry, Frontier, Issued, Request};
use sha2::{Digest, Sha256};

use crate::chunks::Chunks;
use crate::leaf_row::LeafRow;
use crate::seal::Rows;
use crate::tables::{Archived, Contradiction, Tables};
use crate::{CertificateRow, Committed, Standing, StoreError, TreeHead};

/// Tables and tree over the same leaves.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) tables: Tables,
    pub(crate) frontier: Frontier,
    /// The hashes over every 256 leaves, for proofs.
    pub(crate) tiles: Chunks<[u8; 32]>,
    /// What the rows of an index must be.
    pub(crate) rows: Rows,
}

impl State {
    pub(crate) fn new() -> Self {
        Self {
            tables: Tables::new(),
            frontier: Frontier::new(),
            tiles: Chunks::new(),
            rows: Rows::default(),
        }
    }

    /// Takes in the next leaf.
    pub(crate) fn apply(
        &mut self,
        row: &LeafRow,
        leaf_hash: [u8; 32],
    ) -> Result<(), Contradiction> {
        self.tables.apply(self.frontier.size(), row)?;
        if let Some(tile) = self.frontier.push(leaf_hash) {
            self.tiles.push(tile);
        }
        Ok(())
    }

    /// Takes in the next leaf, of which an index keeps the row.
    pub(crate) fn apply_indexed(
        &mut self,
        row: &LeafRow,
        octets: &[u8],
        leaf_hash: [u8; 32],
    ) -> Result<(), Contradiction> {
        self.apply(row, leaf_hash)?;
        self.rows.push(octets);
        Ok(())
    }

    pub(crate) fn tree_head(&self) -> TreeHead {
        TreeHead {
            size: self.frontier.size(),
            root: self.frontier.root(),
        }
    }
}

/// A state that many read and one writes.
#[derive(Debug)]
pub(crate) struct SharedState {
    state: RwLock<State>,
    standing: RwLock<Standing>,
}

impl SharedState {
    pub(crate) fn new(state: State) -> Self {
        Self {
            state: RwLock::new(state),
            standing: RwLock::default(),
        }
    }

    /// Tells whether changes are taken.
    pub(crate) fn standing(&self) -> Standing {
        let standing = self.standing.read();
        standing.unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set_standing(&self, standing: Standing) {
        *self
            .standing
            .write()
            .unwrap_or_else(PoisonError::into_inner) = standing;
    }

    /// A reader that panicked has changed nothing, so its mark on the lock is passed over.
    pub(crate) fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Gives the answer to a request whose id was answered by `earlier` already.
pub(crate) fn repeat(
    leaf: u64,
    earlier: Entry,
    asked: Option<Request>,
) -> Result<Committed, StoreError> {
    match asked {
        Some(asked) if earlier.origin.request != Some(asked) => {
            Err(StoreError::RequestIdReused(asked.id))
        }
        Some(_) | None => Ok(Committed::Repeated {
            leaf,
            entry: Box::new(earlier),
        }),
    }
}

/// Finds the DER of a certificate in the entry that issued it.
pub(crate) fn der_in(entry: Entry, row: &CertificateRow) -> Result<Vec<u8>, StoreError> {
    issued_in(entry)
        .map(|issued| issued.certificate)
        .find(|der| fingerprint(der) == *row.fingerprint.octets())
        .ok_or(StoreError::UnknownCertificate(row.serial))
}

/// Makes the row of an archived certificate from the entry that issued it.
pub(crate) fn row_in(entry: Entry, archived: &Archived) -> Result<CertificateRow, StoreError> {
    for issued in issued_in(entry) {
        let certificate = Certificate::from_der(&issued.certificate)?;
        if certificate.serial()? == archived.serial {
            return Ok(CertificateRow {
                leaf: archived.leaf,
                serial: archived.serial,
                issuer: issued.issuer,
                profile: issued.profile,
                name: issued.name,
                sans: certificate.sans().to_vec(),
                key: certificate.public_key().key_id(),
                fingerprint: certificate.fingerprint(),
                validity: certificate.validity(),
                revocation: archived.revocation,
            });
        }
    }
    Err(StoreError::UnknownCertificate(archived.serial))
}

/// Goes through the certificates that an entry brings.
fn issued_in(entry: Entry) -> impl Iterator<Item = Issued> {
    entry.changes.into_iter().filter_map(|change| match change {
        Change::Issued(issued) | Change::Recovered(issued) => Some(issued),
        Change::Revoked(_)
        | Change::ActorAdded(_)
        | Change::ActorRemoved(_)
        | Change::IssuerAdded(_)
        | Change::CrlSigned(_)
        | Change::SettingsChanged(_)
        | Change::KeyBlocked(_)
        | Change::KeyUnblocked(_)
        | Change::Restored(_)
        | Change::LogKeyAdded(_)
        | Change::ForkClaimed(_)
        | Change::ClockConfirmed(_)
        | Change::IssuerStateChanged(_)
        | Change::CeremonyRecorded(_)
        | Change::IssuerRequested(_) => None,
    })
}

fn fingerprint(der: &[u8]) -> [u8; 32] {
    Sha256::digest(der).into()
}
