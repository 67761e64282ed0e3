//! The state in memory: what all leaves together say.

mod certificates;
mod listing;
mod requests;
mod rows;
mod steady;
#[cfg(test)]
mod tests;
mod texts;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use ca_types::{
    Actor, IssuerId, IssuerState, KeyId, ProfileName, RequestId, SerialNumber, TrustDomain,
    UnixTime,
};

use ca_verify::{CrlSigned, IssuerAdded, IssuerStateChanged, RestoredList, Revoked};

use crate::leaf_row::{IssuedRow, LeafRow, RowChange};
use crate::{
    ActorRow, BlockedKeyRow, CertificateRow, CrlRow, IssuerRequestRow, IssuerRow, Revocation,
    UnseenRevocation,
};
use certificates::Certificates;
pub(crate) use certificates::{Number, TableCertificate};
use requests::Requests;
use steady::SteadyTime;

/// The tables: built only by [`Tables::apply`], leaf by leaf.
#[derive(Debug)]
pub(crate) struct Tables {
    issuers: Vec<Issuer>,
    issuer_requests: Vec<IssuerRequestRow>,
    /// CAs of a log that was lost: their ids are used.
    lost_issuers: BTreeSet<IssuerId>,
    profiles: Vec<ProfileName>,
    certificates: Certificates,
    requests: Requests,
    /// Serial numbers that are revoked, of certificates that no leaf holds.
    unseen: BTreeSet<SerialNumber>,
    actors: BTreeMap<KeyId, ActorRow>,
    blocked_keys: BTreeMap<KeyId, BlockedKeyRow>,
    log_key: Option<String>,
    latest_time: Option<UnixTime>,
    steady: SteadyTime,
}

/// A certificate in the archive: its leaf has the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Archived {
    pub(crate) leaf: u64,
    pub(crate) serial: SerialNumber,
    pub(crate) revocation: Option<Revocation>,
}

/// What the tables know of a certificate.
#[derive(Debug)]
pub(crate) enum Known {
    Row(Box<CertificateRow>),
    Archived(Archived),
}

/// After so many certificates it is seen which ones may be archived.
const SWEEP_EVERY: usize = 1024;
/// For so many leaves at once the places are fetched that they look at: as many as stay near the processor.
const FETCHED: usize = 32;

#[derive(Debug)]
struct Issuer {
    row: IssuerRow,
    last_crl: Option<CrlRow>,
    /// Its revoked certificates, in the order of revocation.
    revoked: Vec<Number>,
    /// Its revoked certificates that no leaf holds: a restored log lost them.
    unseen: Vec<UnseenRevocation>,
}

/// A leaf that cannot follow the ones before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Contradiction(&'static str);

impl Tables {
    pub(crate) fn new() -> Self {
        Self {
            issuers: Vec::new(),
            issuer_requests: Vec::new(),
            lost_issuers: BTreeSet::new(),
            profiles: Vec::new(),
            certificates: Certificates::new(),
            requests: Requests::new(),
            unseen: BTreeSet::new(),
            actors: BTreeMap::new(),
            blocked_keys: BTreeMap::new(),
            log_key: None,
            latest_time: None,
            steady: SteadyTime::new(),
        }
    }

    /// Makes room for so many more leaves, most of which bring a certificate for a request.
    pub(crate) fn reserve(&mut self, leaves: usize) {
        self.certificates.reserve(leaves);
        self.requests.reserve(leaves);
    }

    /// Takes in the leaves from number `first` on.
    pub(crate) fn apply_all(&mut self, first: u64, rows: &[LeafRow]) -> Result<(), Contradiction> {
        let mut next = first..;
        for rows in rows.chunks(FETCHED) {
            // What they look for stands far apart. Asked for at once, the memory brings many places in the time of one.
            for row in rows {
                self.requests.fetch(row.request);
                let brought = row.changes.iter().filter_map(RowChange::certificate);
                brought.for_each(|issued| self.certificates.fetch(issued));
            }
            for (row, leaf) in rows.iter().zip(&mut next) {
                self.apply(leaf, row)?;
            }
        }
        Ok(())
    }

    /// Takes in the next leaf.
    ///
    /// The writer has refused what contradicts; a contradiction found here means that the leaf was
    /// not written by it.
    pub(crate) fn apply(&mut self, leaf: u64, row: &LeafRow) -> Result<(), Contradiction> {
        self.latest_time = self.latest_time.max(Some(row.time));
        self.steady.follow(row.time);
        for change in &row.changes {
            match change {
                RowChange::Issued(issued) | RowChange::Recovered(issued) => {
                    self.apply_issued(leaf, issued)?;
                }
                RowChange::Restored(restored) => {
                    for list in &restored.lists {
                        self.apply_restored(leaf, list)?;
                    }
                    let lost = restored.left_out.iter().map(|crl| crl.issuer.clone());
                    self.lost_issuers.extend(lost);
                }
                RowChange::Revoked(revoked) => self.apply_revoked(row.time, revoked)?,
                RowChange::ActorAdded(actor) => {
                    self.actors.insert(
                        actor.key,
                        ActorRow {
                            actor: actor.clone(),
                            added: row.time,
                        },
                    );
                }
                RowChange::ActorRemoved(key) => {
                    self.actors
                        .remove(key)
                        .ok_or(Contradiction("removes an actor that is not there"))?;
                }
                RowChange::IssuerAdded(added) => {
                    self.apply_issuer_added(added, row.time)?;
                }
                RowChange::CrlSigned(crl) => self.apply_crl(leaf, crl)?,
                RowChange::SettingsChanged => {}
                RowChange::KeyBlocked(blocked) => {
                    // Blocking it again changes nothing: the first entry says since when.
                    self.blocked_keys
                        .entry(blocked.key)
                        .or_insert_with(|| BlockedKeyRow {
                            key: blocked.key,
                            since: row.time,
                            comment: blocked.comment.clone(),
                        });
                }
                RowChange::KeyUnblocked(key) => {
                    self.blocked_keys
                        .remove(key)
                        .ok_or(Contradiction("unblocks a key that is not blocked"))?;
                }
                RowChange::LogKeyAdded(added) => self.log_key = Some(added.statement.clone()),
                RowChange::ForkClaimed => {}
                RowChange::ClockConfirmed => {
                    self.latest_time = Some(row.time);
                    self.steady.begin(row.time);
                }
                RowChange::IssuerStateChanged(changed) => self.apply_issuer_state(changed)?,
                RowChange::IssuerRequested(requested) => {
                    self.issuer_requests.push(IssuerRequestRow {
                        id: requested.id.clone(),
                        class: requested.class,
                        trust_domain: requested.trust_domain.clone(),
                        request: requested.request.clone(),
                        requested: row.time,
                        withdrawn: false,
                    });
                }
            }
        }
        if let Some(id) = row.request {
            self.requests.remember(id, leaf, row);
        }
        Ok(())
    }

    fn apply_revoked(&mut self, time: UnixTime, revoked: &Revoked) -> Result<(), Contradiction> {
        let revocation = Revocation {
            time,
            reason: revoked.reason,
        };
        let (number, issuer) =
            self.certificates
                .revoke(revoked.serial, revocation)
                .ok_or(Contradiction(
                    "revokes what is not issued, or revoked already",
                ))?;
        if let Some(issuer) = self.issuers.get_mut(issuer) {
            issuer.revoked.push(number);
        }
        Ok(())
    }

    fn apply_crl(&mut self, leaf: u64, crl: &CrlSigned) -> Result<(), Contradiction> {
        self.issuers
            .iter_mut()
            .find(|issuer| issuer.row.id == crl.issuer)
            .ok_or(Contradiction("records a CRL of an unknown issuer"))?
            .last_crl = Some(CrlRow {
            number: crl.number,
            this_update: crl.this_update,
            next_update: crl.next_update,
            sha256: crl.sha256,
            leaf,
        });
        Ok(())
    }

    fn apply_issued(&mut self, leaf: u64, issued: &IssuedRow) -> Result<(), Contradiction> {
        let issuer = self
            .issuer_number(&issued.issuer)
            .ok_or(Contradiction("holds a certificate of an unknown issuer"))?;
        let profile = self.profile_number(&issued.profile).unwrap_or_else(|| {
            self.profiles.push(issued.profile.clone());
            self.profiles.len() - 1
        });
        self.certificates
            .issue(leaf, issued, (issuer, profile))
            .ok_or(Contradiction("holds a serial number that was used before"))?;
        if self.certificates.len().is_multiple_of(SWEEP_EVERY) {
            self.archive();
        }
        Ok(())
    }

    /// Archives what can no longer be renewed, nor be on a CRL; decided by the leaves alone, so that any
    /// start from the same log comes to the same tables.
    fn archive(&mut self) {
        let Some(end) = self.steady.archive_before() else {
            return;
        };
        if self.certificates.archive(end) {
            let certificates = &self.certificates;
            for issuer in &mut self.issuers {
                issuer
                    .revoked
                    .retain(|number| certificates.get(*number).is_some());
            }
        }
    }

    fn apply_issuer_added(
        &mut self,
        added: &IssuerAdded,
        time: UnixTime,
    ) -> Result<(), Contradiction> {
        if self.issuer(&added.id).is_some() {
            return Err(Contradiction("adds an issuer that is there"));
        }
        self.issuers.push(Issuer {
            row: IssuerRow {
                id: added.id.clone(),
                class: added.class,
                trust_domain: added.trust_domain.clone(),
                certificate: added.certificate.clone(),
                added: time,
                state: IssuerState::of_new(added.class),
            },
            last_crl: None,
            revoked: Vec::new(),
            unseen: Vec::new(),
        });
        Ok(())
    }

    /// A CA that was requested only is withdrawn.
    fn apply_issuer_state(&mut self, changed: &IssuerStateChanged) -> Result<(), Contradiction> {
        let mut issuers = self.issuers.iter_mut();
        if let Some(issuer) = issuers.find(|issuer| issuer.row.id == changed.issuer) {
            issuer.row.state = changed.state;
            return Ok(());
        }
        let mut requests = self.issuer_requests.iter_mut();
        requests
            .find(|request| request.id == changed.issuer)
            .ok_or(Contradiction("changes the state of an unknown issuer"))?
            .withdrawn = true;
        Ok(())
    }

    /// Takes in the published CRL of one CA, as far as the log behind the backup did not know it.
    fn apply_restored(&mut self, leaf: u64, list: &RestoredList) -> Result<(), Contradiction> {
        let place = self
            .issuer_number(&list.issuer)
            .ok_or(Contradiction("restores a CRL of an unknown issuer"))?;
        let issuer = self
            .issuers
            .get_mut(place)
            .ok_or(Contradiction("restores a CRL of an unknown issuer"))?;
        issuer.last_crl = Some(match (&list.crl, issuer.last_crl.take()) {
            (Some(crl), _) => CrlRow {
                number: list.number,
                this_update: crl.this_update,
                next_update: crl.next_update,
                sha256: crl.sha256,
                leaf,
            },
            (None, Some(last)) => CrlRow {
                number: list.number,
                ..last
            },
            // Nothing is known of any CRL but how far its number may have come.
            (None, None) => CrlRow {
                number: list.number,
                this_update: UnixTime::EPOCH,
                next_update: UnixTime::EPOCH,
                sha256: [0; 32],
                leaf,
            },
        });
        for revoked in &list.revoked {
            let revocation = Revocation {
                time: revoked.time,
                reason: revoked.reason,
            };
            if self.certificates.has(revoked.serial) {
                let (number, _issuer) = self
                    .certificates
                    .revoke(revoked.serial, revocation)
                    .ok_or(Contradiction("revokes what is revoked already"))?;
                issuer.revoked.push(number);
            } else if self.unseen.insert(revoked.serial) {
                issuer.unseen.push(UnseenRevocation {
                    serial: revoked.serial,
                    revocation,
                });
            } else {
                return Err(Contradiction("revokes what is revoked already"));
            }
        }
        Ok(())
    }

    fn issuer_number(&self, id: &IssuerId) -> Option<usize> {
        self.issuers.iter().position(|issuer| issuer.row.id == *id)
    }

    fn profile_number(&self, name: &ProfileName) -> Option<usize> {
        self.profiles.iter().position(|profile| profile == name)
    }

    fn issuer(&self, id: &IssuerId) -> Option<&Issuer> {
        self.issuers.iter().find(|issuer| issuer.row.id == *id)
    }

    /// Finds a certificate as the tables hold it.
    pub(crate) fn find(&self, serial: SerialNumber) -> Option<&TableCertificate> {
        self.certificates.find(serial)
    }

    /// Goes through the certificates with a NAME that are not revoked; whether they are expired is the caller's question.
    pub(crate) fn holders(&self, name: &str) -> impl Iterator<Item = &TableCertificate> {
        self.certificates.holders(name)
    }

    /// Returns the leaf that issued the newest revoked certificate with a NAME; 0 when there is none.
    pub(crate) fn newest_revoked(&self, name: &str) -> u64 {
        self.certificates.newest_revoked(name)
    }

    /// Finds the NAME that a key belongs to.
    pub(crate) fn name_of_key(&self, key: &KeyId) -> Option<&str> {
        self.certificates.name_of_key(key)
    }

    /// Finds the leaf that answered a request.
    pub(crate) fn answered(&self, id: RequestId) -> Option<u64> {
        self.requests.find(id)
    }

    pub(crate) fn certificate(&self, serial: SerialNumber) -> Option<Known> {
        match self.find(serial) {
            Some(found) => self.row(found).map(Box::new).map(Known::Row),
            None => self.archived(serial).map(Known::Archived),
        }
    }

    /// Finds a certificate in the archive.
    pub(crate) fn archived(&self, serial: SerialNumber) -> Option<Archived> {
        let (row, revocation) = self.certificates.archived(serial)?;
        Some(Archived {
            leaf: row.leaf,
            serial,
            revocation,
        })
    }

    pub(crate) fn valid_for_name(
        &self,
        name: &str,
        profile: Option<&ProfileName>,
        now: UnixTime,
    ) -> Vec<CertificateRow> {
        let mut rows: Vec<_> = self
            .holders(name)
            .filter(|holder| now <= holder.validity.not_after())
            .filter(|holder| profile.is_none_or(|profile| self.profile_of(holder) == Some(profile)))
            .filter_map(|holder| self.row(holder))
            .collect();
        rows.sort_by_key(|row| row.leaf);
        rows
    }

    pub(crate) fn revoked(&self, issuer: &IssuerId) -> Vec<Known> {
        self.issuer(issuer)
            .into_iter()
            .flat_map(|issuer| &issuer.revoked)
            .filter_map(|number| match self.certificates.get(*number) {
                Some(revoked) => self.row(revoked).map(Box::new).map(Known::Row),
                None => {
                    let archived = self.certificates.archived_row(*number)?;
                    self.archived(archived.serial()).map(Known::Archived)
                }
            })
            .collect()
    }

    pub(crate) fn revoked_unseen(&self, issuer: &IssuerId) -> Vec<UnseenRevocation> {
        self.issuer(issuer)
            .map(|issuer| issuer.unseen.clone())
            .unwrap_or_default()
    }

    /// Tells whether a serial number is revoked whose certificate no leaf holds.
    pub(crate) fn is_revoked_unseen(&self, serial: SerialNumber) -> bool {
        self.unseen.contains(&serial)
    }

    pub(crate) fn actor(&self, key: &KeyId) -> Option<&Actor> {
        self.actors.get(key).map(|row| &row.actor)
    }

    pub(crate) fn actors(&self) -> impl Iterator<Item = &ActorRow> {
        self.actors.values()
    }

    pub(crate) fn actors_by_name(&self) -> Vec<ActorRow> {
        let mut rows: Vec<_> = self.actors().cloned().collect();
        rows.sort_by(|one, other| one.actor.name.cmp(&other.actor.name));
        rows
    }

    /// Finds the entry of the block list that a key has.
    pub(crate) fn blocked_key(&self, key: &KeyId) -> Option<&BlockedKeyRow> {
        self.blocked_keys.get(key)
    }

    /// Lists up to `limit` blocked keys behind `after`, in the order of their ids.
    pub(crate) fn blocked_keys(&self, after: Option<KeyId>, limit: usize) -> Vec<BlockedKeyRow> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let rows = self.blocked_keys.range((from, Bound::Unbounded));
        rows.take(limit).map(|(_, row)| row.clone()).collect()
    }

    pub(crate) fn issuers(&self) -> Vec<IssuerRow> {
        self.issuers
            .iter()
            .map(|issuer| issuer.row.clone())
            .collect()
    }

    /// Lists the CAs that a restored log has lost: their names are used.
    pub(crate) fn lost_issuers(&self) -> &BTreeSet<IssuerId> {
        &self.lost_issuers
    }

    /// Lists the requests for CAs, the answered ones too.
    pub(crate) fn issuer_requests(&self) -> &[IssuerRequestRow] {
        &self.issuer_requests
    }

    pub(crate) fn issuer_request(&self, id: &IssuerId) -> Option<&IssuerRequestRow> {
        self.issuer_requests.iter().find(|row| row.id == *id)
    }

    /// Finds the state of a CA, of one that was requested only too.
    pub(crate) fn issuer_state(&self, id: &IssuerId) -> Option<IssuerState> {
        if let Some(issuer) = self.issuer(id) {
            return Some(issuer.row.state);
        }
        let request = self.issuer_request(id)?;
        Some(if request.withdrawn {
            IssuerState::Retired
        } else {
            IssuerState::Requested
        })
    }

    pub(crate) fn last_crl(&self, issuer: &IssuerId) -> Option<&CrlRow> {
        self.issuer(issuer)?.last_crl.as_ref()
    }

    /// Returns the statement about the key that signs checkpoints.
    pub(crate) fn log_key(&self) -> Option<&str> {
        self.log_key.as_deref()
    }

    /// Returns the latest time of a leaf since the clock was confirmed.
    pub(crate) fn latest_time(&self) -> Option<UnixTime> {
        self.latest_time
    }

    pub(crate) fn trust_domain(&self, issuer: &IssuerId) -> Option<&TrustDomain> {
        Some(&self.issuer(issuer)?.row.trust_domain)
    }

    pub(crate) fn trust_domain_of(&self, certificate: &TableCertificate) -> Option<&TrustDomain> {
        Some(&self.issuers.get(certificate.issuer())?.row.trust_domain)
    }

    pub(crate) fn profile_of(&self, certificate: &TableCertificate) -> Option<&ProfileName> {
        self.profiles.get(certificate.profile())
    }

    pub(crate) fn name_of(&self, certificate: &TableCertificate) -> Option<&str> {
        self.certificates.name_of(certificate)
    }

    /// Finds the certificate that one renewed or rekeyed.
    pub(crate) fn predecessor(&self, certificate: &TableCertificate) -> Option<&TableCertificate> {
        self.certificates.get(certificate.predecessor()?)
    }

    fn row(&self, certificate: &TableCertificate) -> Option<CertificateRow> {
        let name = self.name_of(certificate)?;
        Some(CertificateRow {
            leaf: certificate.leaf,
            serial: certificate.serial(),
            issuer: self.issuers.get(certificate.issuer())?.row.id.clone(),
            profile: self.profile_of(certificate)?.clone(),
            name: name.to_owned(),
            sans: certificate.sans(name),
            key: certificate.key,
            fingerprint: certificate.fingerprint,
            validity: certificate.validity,
            revocation: certificate.revocation,
        })
    }
}
