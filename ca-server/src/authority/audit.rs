//! What auditors ask: entries of the log, checkpoints and proofs; and what they report.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use ca_types::{KeyId, NamePattern, SerialNumber, UnixTime};
use ca_verify::{Certificate, Change, Checkpoint, Entry, ForkClaimed, Request};
use sha2::{Digest as _, Sha256};

use super::{Authority, AuthorityError};
use crate::authz::Permit;

/// Which entries of the log to list; an absent filter does not limit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EntryFilter {
    /// Only what this key did.
    pub actor: Option<KeyId>,
    /// Only what is about a certificate or actor with a matching name.
    pub name: Option<NamePattern>,
    /// Only what is about the certificate with this serial number.
    pub serial: Option<SerialNumber>,
    /// Only entries of this time or later.
    pub since: Option<UnixTime>,
    /// Only entries of this time or earlier.
    pub until: Option<UnixTime>,
}

/// Entries of the log, and how far it was read for them.
#[derive(Debug)]
pub struct FoundEntries {
    /// The indexes of the leaves, and their octets.
    pub entries: Vec<(u64, Vec<u8>)>,
    /// The leaf to go on from.
    pub next: u64,
    /// How many leaves there are.
    pub size: u64,
}

/// A signed checkpoint, and the statement of a CA about its key.
#[derive(Debug)]
pub struct ProvedCheckpoint {
    /// The note of the checkpoint.
    pub note: String,
    /// The note of the statement.
    pub statement: String,
    /// The key.
    pub key: String,
}

/// How many leaves one call reads at the most.
const READ_AT_MOST: u64 = 20_000;
/// How many are read at once.
const BATCH: usize = 1_000;
/// How long two claims of a fork are apart at least.
const CLAIM_SECONDS: u64 = 60;

/// The claims of forks that were logged since the start, so that nobody fills the log with them.
#[derive(Debug, Default)]
pub(super) struct ForkClaims(Mutex<Claims>);

#[derive(Debug, Default)]
struct Claims {
    known: BTreeSet<[u8; 32]>,
    last: Option<UnixTime>,
}

impl Authority {
    /// Reads entries of the log that pass a filter.
    ///
    /// # Errors
    /// Fails when the log cannot be read.
    pub async fn entries(
        &self,
        _permit: &Permit,
        first: u64,
        limit: usize,
        filter: &EntryFilter,
    ) -> Result<FoundEntries, AuthorityError> {
        let size = self.store.tree_head().await?.size;
        let end = size.min(first.saturating_add(READ_AT_MOST));
        let mut found = FoundEntries {
            entries: Vec::new(),
            next: first.min(size),
            size,
        };
        let is_open = *filter == EntryFilter::default();
        while found.next < end && found.entries.len() < limit {
            let wanted = if is_open {
                limit - found.entries.len()
            } else {
                BATCH
            };
            let leaves = self.store.leaves(found.next, wanted).await?;
            if leaves.is_empty() {
                break;
            }
            for (leaf, octets) in leaves {
                if found.entries.len() == limit || leaf >= end {
                    break;
                }
                found.next = leaf + 1;
                if is_open || self.passes(filter, &octets).await? {
                    found.entries.push((leaf, octets));
                }
            }
            tokio::task::yield_now().await;
        }
        Ok(found)
    }

    async fn passes(&self, filter: &EntryFilter, octets: &[u8]) -> Result<bool, AuthorityError> {
        // Parsing certificates takes its time; a serial number stands in the leaf as it is.
        if let Some(serial) = filter.serial
            && !octets.windows(16).any(|window| window == serial.octets())
        {
            return Ok(false);
        }
        let Ok(entry) = Entry::from_der(octets) else {
            return Ok(true);
        };
        let is_in_time = filter.since.is_none_or(|since| entry.time >= since)
            && filter.until.is_none_or(|until| entry.time <= until);
        let is_by = filter
            .actor
            .is_none_or(|actor| entry.origin.actor == Some(actor));
        if !is_in_time || !is_by {
            return Ok(false);
        }
        let mut is_about = (filter.name.is_none(), filter.serial.is_none());
        for change in &entry.changes {
            let (name, serial) = self.subject_of(change).await?;
            is_about.0 |= name
                .zip(filter.name.as_ref())
                .is_some_and(|(name, pattern)| pattern.matches(&name));
            is_about.1 |= serial.is_some() && serial == filter.serial;
            if let Change::Restored(restored) = change {
                let mut reapplied = restored.lists.iter().flat_map(|list| &list.revoked);
                is_about.1 |= reapplied.any(|revoked| Some(revoked.serial) == filter.serial);
            }
        }
        Ok(is_about == (true, true))
    }

    /// Returns the name and the serial number that a change is about.
    async fn subject_of(
        &self,
        change: &Change,
    ) -> Result<(Option<String>, Option<SerialNumber>), AuthorityError> {
        Ok(match change {
            Change::Issued(issued) | Change::Recovered(issued) => {
                let serial = Certificate::from_der(&issued.certificate)
                    .ok()
                    .and_then(|certificate| certificate.serial().ok());
                (Some(issued.name.clone()), serial)
            }
            Change::Revoked(revoked) => {
                let row = self.store.certificate(revoked.serial).await?;
                (row.map(|row| row.name), Some(revoked.serial))
            }
            Change::ActorAdded(actor) => (Some(actor.name.to_string()), None),
            Change::ActorRemoved(_)
            | Change::IssuerAdded(_)
            | Change::CrlSigned(_)
            | Change::SettingsChanged(_)
            | Change::KeyBlocked(_)
            | Change::KeyUnblocked(_)
            | Change::Restored(_)
            | Change::LogKeyAdded(_)
            | Change::ForkClaimed(_)
            | Change::ClockConfirmed(_)
            | Change::CeremonyRecorded(_)
            | Change::IssuerStateChanged(_)
            | Change::IssuerRequested(_) => (None, None),
        })
    }

    /// Returns a checkpoint over all durable leaves.
    ///
    /// # Errors
    /// Fails when the log cannot be read.
    pub async fn checkpoint(&self, _permit: &Permit) -> Result<ProvedCheckpoint, AuthorityError> {
        Ok(ProvedCheckpoint {
            note: self.checkpoints.newest().await?,
            statement: self.checkpoints.statement().to_owned(),
            key: self.checkpoints.key().to_string(),
        })
    }

    /// Proves that a leaf is in the tree of `size` leaves.
    ///
    /// # Errors
    /// Fails when it is not, or the log cannot be read.
    pub async fn inclusion_proof(
        &self,
        _permit: &Permit,
        leaf: u64,
        size: u64,
    ) -> Result<Vec<[u8; 32]>, AuthorityError> {
        let proof = self.store.inclusion_proof(leaf, size).await?;
        proof.ok_or(AuthorityError::NoSuchTree { asked: leaf, size })
    }

    /// Proves that the tree of `first` leaves is the beginning of that of `second`.
    ///
    /// # Errors
    /// Fails when the log never had these sizes, or cannot be read.
    pub async fn consistency_proof(
        &self,
        _permit: &Permit,
        first: u64,
        second: u64,
    ) -> Result<Vec<[u8; 32]>, AuthorityError> {
        let proof = self.store.consistency_proof(first, second).await?;
        proof.ok_or(AuthorityError::NoSuchTree {
            asked: first,
            size: second,
        })
    }

    /// Takes the claim that two checkpoints of this log contradict: it is logged and told to the operators, and
    /// nothing else happens. A caller who could stop the server with it would have a lever.
    ///
    /// # Errors
    /// Refuses what is not signed by the key of the log, and what this log can explain.
    pub async fn claim_fork(
        &self,
        permit: Permit,
        request: Request,
        claim: ForkClaimed,
    ) -> Result<(), AuthorityError> {
        if self.answered(request).await?.is_some() {
            return Ok(());
        }
        let mut is_fork = false;
        for note in [&claim.first, &claim.second] {
            let checkpoint = Checkpoint::verified(note, self.checkpoints.key())?;
            is_fork |= self.store.root_at(checkpoint.size).await? != Some(checkpoint.root);
        }
        if !is_fork {
            return Err(AuthorityError::NoFork);
        }
        metrics::counter!("ca_fork_claims_total").increment(1);
        tracing::error!(actor = %permit.key(), address = %permit.address(), "fork of the log: a client holds a signed checkpoint that this log does not have");
        let now = self.clock.now();
        if !self.fork_claims.is_new(&claim, now)? {
            return Ok(());
        }
        self.commit(Entry {
            time: now,
            origin: self.origin(&permit, request),
            changes: vec![Change::ForkClaimed(claim)],
        })
        .await?;
        Ok(())
    }
}

impl ForkClaims {
    /// Tells whether a claim is to be logged: each once, and not too many in a short time.
    fn is_new(&self, claim: &ForkClaimed, now: UnixTime) -> Result<bool, AuthorityError> {
        let mut hash = Sha256::new();
        hash.update(&claim.first);
        hash.update([0]);
        hash.update(&claim.second);
        let mut claims = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let digest: [u8; 32] = hash.finalize().into();
        if claims.known.contains(&digest) {
            return Ok(false);
        }
        if claims
            .last
            .is_some_and(|last| now.since(last) < CLAIM_SECONDS)
        {
            return Err(AuthorityError::ManyForks);
        }
        claims.known.insert(digest);
        claims.last = Some(now);
        Ok(true)
    }
}
