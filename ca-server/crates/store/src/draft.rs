//! The rules: what may become the next leaf.

use ca_types::{
    Actor, IssuerClass, IssuerId, IssuerState, KeyId, ProfileName, RequestId, Role, SerialNumber,
    TrustDomain, UnixTime,
};
use ca_verify::{CrlSigned, IssuerAdded, IssuerStateChanged, Restored};

use crate::leaf_row::{IssuedRow, LeafRow, RowChange};
use crate::tables::{TableCertificate, Tables};
use crate::{SeenHolders, StoreError};

/// The tables, and the leaves accepted since that are not durable yet.
///
/// What is asked here sees both; what readers ask sees the tables only.
#[derive(Debug)]
pub(crate) struct Draft<'a> {
    tables: &'a Tables,
    changes: Vec<&'a RowChange>,
    requests: Vec<(RequestId, u64)>,
}

/// What is to be done with an entry that contradicts nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It becomes the next leaf.
    New,
    /// Its request was answered by this leaf.
    Answered(u64),
}

/// A certificate, in the tables or accepted since.
#[derive(Debug, Clone, Copy)]
enum Holder<'a> {
    Durable(&'a TableCertificate),
    Accepted(&'a IssuedRow),
}

impl<'a> Draft<'a> {
    pub(crate) fn new(tables: &'a Tables) -> Self {
        Self {
            tables,
            changes: Vec::new(),
            requests: Vec::new(),
        }
    }

    /// Decides whether `row` may become leaf number `leaf`; all of its changes, or none.
    pub(crate) fn decide(
        &mut self,
        leaf: u64,
        row: &'a LeafRow,
        seen: Option<&SeenHolders>,
    ) -> Result<Verdict, StoreError> {
        if let Some(answer) = row.request.and_then(|id| self.answered(id)) {
            return Ok(Verdict::Answered(answer));
        }
        if let Some(seen) = seen {
            self.check_seen(seen, row.time)?;
        }
        let accepted = self.changes.len();
        for change in &row.changes {
            if let Err(refusal) = self.check(change, row.time) {
                self.changes.truncate(accepted);
                return Err(refusal);
            }
            self.changes.push(change);
        }
        self.requests.extend(row.request.map(|id| (id, leaf)));
        Ok(Verdict::New)
    }

    fn answered(&self, id: RequestId) -> Option<u64> {
        self.requests
            .iter()
            .find_map(|(answered, leaf)| (*answered == id).then_some(*leaf))
            .or_else(|| self.tables.answered(id))
    }

    /// Refuses an entry whose author did not see all valid certificates of the NAME.
    fn check_seen(&self, seen: &SeenHolders, time: UnixTime) -> Result<(), StoreError> {
        let unseen = self
            .holders(&seen.name)
            .filter(|holder| time <= self.not_after(*holder))
            .filter(|holder| {
                let profile = seen.profile.as_ref();
                profile.is_none_or(|profile| self.profile(*holder) == Some(profile))
            })
            .map(|holder| self.serial(holder))
            .find(|serial| !seen.serials.contains(serial));
        match unseen {
            None => Ok(()),
            Some(serial) => Err(StoreError::Unseen {
                name: seen.name.clone(),
                serial,
            }),
        }
    }

    fn check(&self, change: &RowChange, time: UnixTime) -> Result<(), StoreError> {
        match change {
            RowChange::Issued(issued) => self.check_issued(issued, time),
            RowChange::Revoked(revoked) => self.check_revoked(revoked.serial),
            RowChange::ActorAdded(actor) => self.check_actor_added(actor),
            RowChange::ActorRemoved(key) => self.check_actor_removed(key),
            RowChange::IssuerAdded(added) => self.check_issuer_added(added),
            RowChange::CrlSigned(crl) => self.check_crl(crl),
            // A key that is blocked already stays so: no revocation may fail over that.
            RowChange::SettingsChanged | RowChange::KeyBlocked(_) => Ok(()),
            RowChange::KeyUnblocked(key) if !self.is_blocked(key) => {
                Err(StoreError::UnknownBlockedKey(*key))
            }
            RowChange::KeyUnblocked(_) => Ok(()),
            RowChange::Restored(restored) => self.check_restored(restored),
            RowChange::Recovered(issued) => self.check_recovered(issued),
            RowChange::LogKeyAdded(_) | RowChange::ForkClaimed | RowChange::ClockConfirmed => {
                Ok(())
            }
            RowChange::IssuerStateChanged(changed) => self.check_issuer_state(changed),
            RowChange::IssuerRequested(requested) => self.refuse_known_issuer(&requested.id),
        }
    }

    fn check_revoked(&self, serial: SerialNumber) -> Result<(), StoreError> {
        let is_revoked = match self.find(serial) {
            Some(holder) => self.is_revoked(holder),
            None => self
                .is_archived_revoked(serial)
                .ok_or(StoreError::UnknownCertificate(serial))?,
        };
        if is_revoked {
            return Err(StoreError::AlreadyRevoked(serial));
        }
        Ok(())
    }

    /// Tells of a certificate in the archive whether it is revoked; nothing when there is none.
    fn is_archived_revoked(&self, serial: SerialNumber) -> Option<bool> {
        let archived = self.tables.archived(serial)?;
        Some(archived.revocation.is_some() || self.revokes(serial) || self.reapplies(serial))
    }

    /// A certificate that comes back exists already: no name and no key makes it less real.
    fn check_recovered(&self, issued: &IssuedRow) -> Result<(), StoreError> {
        if self.trust_domain(&issued.issuer).is_none() {
            return Err(StoreError::UnknownIssuer(issued.issuer.clone()));
        }
        self.check_serial(issued.serial)
    }

    /// A serial number is never used twice, nor is one that a CRL has revoked.
    fn check_serial(&self, serial: SerialNumber) -> Result<(), StoreError> {
        if self.find(serial).is_some() || self.tables.archived(serial).is_some() {
            return Err(StoreError::SerialUsed(serial));
        }
        if self.is_revoked_unseen(serial) {
            return Err(StoreError::AlreadyRevoked(serial));
        }
        Ok(())
    }

    fn check_restored(&self, restored: &Restored) -> Result<(), StoreError> {
        for list in &restored.lists {
            let last = self.last_crl_number(&list.issuer)?;
            if list.number < last {
                return Err(StoreError::CrlNumber {
                    issuer: list.issuer.clone(),
                    number: list.number,
                    last,
                });
            }
            for revoked in &list.revoked {
                let is_known = self.find(revoked.serial);
                if is_known.is_some_and(|holder| self.is_revoked(holder))
                    || self.is_archived_revoked(revoked.serial) == Some(true)
                    || self.is_revoked_unseen(revoked.serial)
                {
                    return Err(StoreError::AlreadyRevoked(revoked.serial));
                }
            }
        }
        Ok(())
    }

    fn is_revoked_unseen(&self, serial: SerialNumber) -> bool {
        self.tables.is_revoked_unseen(serial) || self.reapplies(serial)
    }

    /// Tells whether a published CRL that was accepted since revokes a serial number.
    fn reapplies(&self, serial: SerialNumber) -> bool {
        let on_list = |restored: &Restored| {
            let mut revoked = restored.lists.iter().flat_map(|list| &list.revoked);
            revoked.any(|revoked| revoked.serial == serial)
        };
        self.changes
            .iter()
            .any(|change| matches!(change, RowChange::Restored(restored) if on_list(restored)))
    }

    fn check_issued(&self, issued: &IssuedRow, time: UnixTime) -> Result<(), StoreError> {
        let domain = self
            .trust_domain(&issued.issuer)
            .ok_or_else(|| StoreError::UnknownIssuer(issued.issuer.clone()))?;
        if let Some(state) = self.issuer_state(&issued.issuer)
            && state != IssuerState::Active
        {
            return Err(StoreError::IssuerDoesNotIssue {
                issuer: issued.issuer.clone(),
                state,
            });
        }
        self.check_serial(issued.serial)?;
        if self.is_blocked(&issued.key) {
            return Err(StoreError::KeyBlocked(issued.key));
        }
        if let Some(owner) = self.name_of_key(&issued.key)
            && *owner != *issued.name
        {
            return Err(StoreError::KeyTaken {
                name: owner.to_owned(),
            });
        }
        let same_kind = |holder: &Holder<'a>| {
            self.profile(*holder) == Some(&issued.profile) && self.domain(*holder) == Some(domain)
        };
        let lineage = match issued.succeeds {
            None => Vec::new(),
            Some(serial) => {
                let refuse = |what| StoreError::CannotSucceed { serial, what };
                if self.tables.archived(serial).is_some() {
                    return Err(refuse(LONG_EXPIRED));
                }
                let former = self
                    .find(serial)
                    .ok_or(StoreError::UnknownCertificate(serial))?;
                if self.name(former) != Some(&issued.name) || !same_kind(&former) {
                    return Err(refuse("has another name or profile"));
                }
                if self.is_revoked(former) {
                    return Err(refuse("is revoked"));
                }
                if time.since(self.not_after(former)) > MAX_LATENESS_SECONDS {
                    return Err(refuse(LONG_EXPIRED));
                }
                self.lineage(former)
            }
        };
        let rival = self
            .holders(&issued.name)
            .filter(same_kind)
            .filter(|holder| time <= self.not_after(*holder))
            .find(|holder| !lineage.contains(&self.serial(*holder)));
        match (rival, issued.succeeds) {
            (None, None) => Ok(()),
            (None, Some(serial)) => self.check_lateness(serial, &issued.name, same_kind, time),
            (Some(rival), Some(serial)) if self.is_before(rival, serial) => {
                Err(StoreError::LineTooLong {
                    serial,
                    limit: MAX_LINEAGE,
                    oldest: self.serial(rival),
                })
            }
            (Some(rival), _) => Err(StoreError::NameTaken {
                name: issued.name.to_string(),
                profile: issued.profile.clone(),
                serial: self.serial(rival),
            }),
        }
    }

    /// Refuses a successor of an expired certificate that was not the last of its name: who revoked a later one, or
    /// let it expire, need not think of those before it.
    fn check_lateness(
        &self,
        serial: SerialNumber,
        name: &str,
        same_kind: impl Fn(&Holder<'a>) -> bool,
        time: UnixTime,
    ) -> Result<(), StoreError> {
        let former = self
            .find(serial)
            .ok_or(StoreError::UnknownCertificate(serial))?;
        if time <= self.not_after(former) {
            return Ok(());
        }
        let leaf = self.leaf(former);
        let refuse = |what| Err(StoreError::CannotSucceed { serial, what });
        if self
            .holders(name)
            .filter(same_kind)
            .any(|holder| self.leaf(holder) > leaf)
        {
            return refuse("is expired, and its name has got another since");
        }
        if self.newest_revoked(name) > leaf {
            return refuse("is expired, and a later one of its name was revoked");
        }
        Ok(())
    }

    /// Returns the leaf that issued the newest revoked certificate of a name; 0 when there is none.
    fn newest_revoked(&self, name: &str) -> u64 {
        let accepted = self.changes.iter().filter_map(|change| {
            let RowChange::Revoked(revoked) = change else {
                return None;
            };
            let holder = self.find(revoked.serial)?;
            (self.name(holder) == Some(name)).then(|| self.leaf(holder))
        });
        accepted
            .chain([self.tables.newest_revoked(name)])
            .max()
            .unwrap_or(0)
    }

    /// Lists a certificate and those before it that a successor may stand beside.
    ///
    /// A certificate beside the newest of its line is a rival: of many concurrent successors of one
    /// certificate exactly one is made.
    fn lineage(&self, newest: Holder<'a>) -> Vec<SerialNumber> {
        std::iter::successors(Some(newest), |holder| self.predecessor(*holder))
            .take(MAX_LINEAGE)
            .map(|holder| self.serial(holder))
            .collect()
    }

    /// Tells whether a certificate stands further back in the line of another than [`MAX_LINEAGE`].
    fn is_before(&self, earlier: Holder<'a>, newest: SerialNumber) -> bool {
        std::iter::successors(self.find(newest), |holder| self.predecessor(*holder))
            .skip(MAX_LINEAGE)
            .any(|holder| self.serial(holder) == self.serial(earlier))
    }

    fn check_actor_added(&self, actor: &Actor) -> Result<(), StoreError> {
        let clash = self
            .actors()
            .into_iter()
            .find(|other| other.key == actor.key || other.name == actor.name);
        match clash {
            None => Ok(()),
            Some(other) => Err(StoreError::ActorExists(other.name.clone())),
        }
    }

    fn check_actor_removed(&self, key: &KeyId) -> Result<(), StoreError> {
        let actors = self.actors();
        let removed = actors
            .iter()
            .find(|actor| actor.key == *key)
            .ok_or(StoreError::UnknownActor(*key))?;
        let is_last = removed.role == Role::Admin
            && !actors
                .iter()
                .any(|actor| actor.role == Role::Admin && actor.key != *key);
        if is_last {
            return Err(StoreError::LastAdmin(removed.name.clone()));
        }
        Ok(())
    }

    /// A requested CA comes with the class that was asked for.
    fn check_issuer_added(&self, added: &IssuerAdded) -> Result<(), StoreError> {
        match self.issuer_request(&added.id) {
            Some((class, domain)) if class == added.class && *domain == added.trust_domain => {
                if self.trust_domain(&added.id).is_some() || self.is_lost(&added.id) {
                    return Err(StoreError::IssuerExists(added.id.clone()));
                }
                match self.issuer_state(&added.id) {
                    Some(IssuerState::Retired) => Err(StoreError::Withdrawn(added.id.clone())),
                    Some(_) | None => Ok(()),
                }
            }
            Some(_) | None => self.refuse_known_issuer(&added.id),
        }
    }

    fn refuse_known_issuer(&self, id: &IssuerId) -> Result<(), StoreError> {
        if self.trust_domain(id).is_some() || self.issuer_request(id).is_some() || self.is_lost(id)
        {
            return Err(StoreError::IssuerExists(id.clone()));
        }
        Ok(())
    }

    /// Tells whether a restored log has lost a CA of this id, whose key may still be somewhere.
    fn is_lost(&self, id: &IssuerId) -> bool {
        let names = |restored: &Restored| restored.left_out.iter().any(|crl| crl.issuer == *id);
        let accepted = self
            .changes
            .iter()
            .any(|change| matches!(change, RowChange::Restored(restored) if names(restored)));
        accepted || self.tables.lost_issuers().contains(id)
    }

    fn check_issuer_state(&self, changed: &IssuerStateChanged) -> Result<(), StoreError> {
        let state = self
            .issuer_state(&changed.issuer)
            .ok_or_else(|| StoreError::UnknownIssuer(changed.issuer.clone()))?;
        if !state.may_become(changed.state) {
            return Err(StoreError::IssuerState {
                issuer: changed.issuer.clone(),
                state,
                wanted: changed.state,
            });
        }
        Ok(())
    }

    fn check_crl(&self, crl: &CrlSigned) -> Result<(), StoreError> {
        let last = self.last_crl_number(&crl.issuer)?;
        if crl.number <= last {
            return Err(StoreError::CrlNumber {
                issuer: crl.issuer.clone(),
                number: crl.number,
                last,
            });
        }
        Ok(())
    }

    fn is_blocked(&self, key: &KeyId) -> bool {
        let accepted = self.changes.iter().rev().find_map(|change| match change {
            RowChange::KeyBlocked(blocked) => (blocked.key == *key).then_some(true),
            RowChange::KeyUnblocked(unblocked) => (unblocked == key).then_some(false),
            RowChange::Issued(_)
            | RowChange::Revoked(_)
            | RowChange::ActorAdded(_)
            | RowChange::ActorRemoved(_)
            | RowChange::IssuerAdded(_)
            | RowChange::CrlSigned(_)
            | RowChange::SettingsChanged
            | RowChange::Restored(_)
            | RowChange::Recovered(_)
            | RowChange::LogKeyAdded(_)
            | RowChange::ForkClaimed
            | RowChange::ClockConfirmed
            | RowChange::IssuerStateChanged(_)
            | RowChange::IssuerRequested(_) => None,
        });
        accepted.unwrap_or_else(|| self.tables.blocked_key(key).is_some())
    }

    fn last_crl_number(&self, issuer: &IssuerId) -> Result<u64, StoreError> {
        if self.trust_domain(issuer).is_none() {
            return Err(StoreError::UnknownIssuer(issuer.clone()));
        }
        let accepted = self.changes.iter().rev().find_map(|change| match change {
            RowChange::CrlSigned(earlier) => (earlier.issuer == *issuer).then_some(earlier.number),
            RowChange::Restored(restored) => restored
                .lists
                .iter()
                .rfind(|list| list.issuer == *issuer)
                .map(|list| list.number),
            RowChange::Issued(_)
            | RowChange::Revoked(_)
            | RowChange::ActorAdded(_)
            | RowChange::ActorRemoved(_)
            | RowChange::IssuerAdded(_)
            | RowChange::SettingsChanged
            | RowChange::KeyBlocked(_)
            | RowChange::KeyUnblocked(_)
            | RowChange::Recovered(_)
            | RowChange::LogKeyAdded(_)
            | RowChange::ForkClaimed
            | RowChange::ClockConfirmed
            | RowChange::IssuerStateChanged(_)
            | RowChange::IssuerRequested(_) => None,
        });
        Ok(accepted
            .or_else(|| self.tables.last_crl(issuer).map(|last| last.number))
            .unwrap_or(0))
    }

    /// Lists the actors as they are after what was accepted.
    fn actors(&self) -> Vec<&'a Actor> {
        let mut actors: Vec<&'a Actor> = self.tables.actors().map(|row| &row.actor).collect();
        for change in &self.changes {
            if let RowChange::ActorAdded(actor) = change {
                actors.push(actor);
            } else if let RowChange::ActorRemoved(key) = change {
                actors.retain(|actor| actor.key != *key);
            }
        }
        actors
    }

    fn trust_domain(&self, issuer: &IssuerId) -> Option<&'a TrustDomain> {
        let accepted = || {
            self.changes.iter().find_map(|change| {
                let RowChange::IssuerAdded(added) = change else {
                    return None;
                };
                (added.id == *issuer).then_some(&added.trust_domain)
            })
        };
        self.tables.trust_domain(issuer).or_else(accepted)
    }

    /// Finds the state of a CA after what was accepted.
    fn issuer_state(&self, issuer: &IssuerId) -> Option<IssuerState> {
        let accepted = self.changes.iter().rev().find_map(|change| match change {
            RowChange::IssuerStateChanged(changed) => {
                (changed.issuer == *issuer).then_some(changed.state)
            }
            RowChange::IssuerAdded(added) => {
                (added.id == *issuer).then(|| IssuerState::of_new(added.class))
            }
            RowChange::IssuerRequested(requested) => {
                (requested.id == *issuer).then_some(IssuerState::Requested)
            }
            RowChange::Issued(_)
            | RowChange::Revoked(_)
            | RowChange::ActorAdded(_)
            | RowChange::ActorRemoved(_)
            | RowChange::CrlSigned(_)
            | RowChange::KeyBlocked(_)
            | RowChange::KeyUnblocked(_)
            | RowChange::Restored(_)
            | RowChange::LogKeyAdded(_)
            | RowChange::ForkClaimed
            | RowChange::ClockConfirmed
            | RowChange::SettingsChanged
            | RowChange::Recovered(_) => None,
        });
        accepted.or_else(|| self.tables.issuer_state(issuer))
    }

    fn issuer_request(&self, issuer: &IssuerId) -> Option<(IssuerClass, &'a TrustDomain)> {
        let accepted = self.changes.iter().find_map(|change| {
            let RowChange::IssuerRequested(requested) = change else {
                return None;
            };
            (requested.id == *issuer).then_some((requested.class, &requested.trust_domain))
        });
        let durable = || {
            let row = self.tables.issuer_request(issuer)?;
            Some((row.class, &row.trust_domain))
        };
        accepted.or_else(durable)
    }

    fn accepted(&self) -> impl Iterator<Item = &'a IssuedRow> {
        self.changes
            .iter()
            .filter_map(|change| change.certificate())
    }

    fn find(&self, serial: SerialNumber) -> Option<Holder<'a>> {
        let accepted = || self.accepted().find(|issued| issued.serial == serial);
        self.tables
            .find(serial)
            .map(Holder::Durable)
            .or_else(|| accepted().map(Holder::Accepted))
    }

    fn name_of_key(&self, key: &KeyId) -> Option<&'a str> {
        let accepted = || self.accepted().find(|issued| issued.key == *key);
        self.tables
            .name_of_key(key)
            .or_else(|| accepted().map(|issued| &*issued.name))
    }

    /// Goes through the certificates of a name that are not revoked.
    fn holders(&self, name: &str) -> impl Iterator<Item = Holder<'a>> {
        let accepted = self.accepted().filter(move |issued| *issued.name == *name);
        self.tables
            .holders(name)
            .map(Holder::Durable)
            .chain(accepted.map(Holder::Accepted))
            .filter(|holder| !self.is_revoked(*holder))
    }

    fn is_revoked(&self, holder: Holder<'a>) -> bool {
        let durably = match holder {
            Holder::Durable(certificate) => certificate.revocation.is_some(),
            Holder::Accepted(_) => false,
        };
        let serial = self.serial(holder);
        durably || self.reapplies(serial) || self.revokes(serial)
    }

    /// Tells whether an accepted entry revokes a serial number.
    fn revokes(&self, serial: SerialNumber) -> bool {
        self.changes.iter().any(|change| match change {
            RowChange::Revoked(revoked) => revoked.serial == serial,
            RowChange::Issued(_)
            | RowChange::ActorAdded(_)
            | RowChange::ActorRemoved(_)
            | RowChange::IssuerAdded(_)
            | RowChange::CrlSigned(_)
            | RowChange::SettingsChanged
            | RowChange::KeyBlocked(_)
            | RowChange::KeyUnblocked(_)
            | RowChange::Restored(_)
            | RowChange::Recovered(_)
            | RowChange::LogKeyAdded(_)
            | RowChange::ForkClaimed
            | RowChange::ClockConfirmed
            | RowChange::IssuerStateChanged(_)
            | RowChange::IssuerRequested(_) => false,
        })
    }

    fn serial(&self, holder: Holder<'a>) -> SerialNumber {
        match holder {
            Holder::Durable(certificate) => certificate.serial(),
            Holder::Accepted(issued) => issued.serial,
        }
    }

    /// Returns the leaf that issued a certificate; one that is not durable yet is newer than all.
    fn leaf(&self, holder: Holder<'a>) -> u64 {
        match holder {
            Holder::Durable(certificate) => certificate.leaf,
            Holder::Accepted(_) => u64::MAX,
        }
    }

    fn not_after(&self, holder: Holder<'a>) -> UnixTime {
        match holder {
            Holder::Durable(certificate) => certificate.validity.not_after(),
            Holder::Accepted(issued) => issued.validity.not_after(),
        }
    }

    fn name(&self, holder: Holder<'a>) -> Option<&'a str> {
        match holder {
            Holder::Durable(certificate) => self.tables.name_of(certificate),
            Holder::Accepted(issued) => Some(&issued.name),
        }
    }

    fn profile(&self, holder: Holder<'a>) -> Option<&'a ProfileName> {
        match holder {
            Holder::Durable(certificate) => self.tables.profile_of(certificate),
            Holder::Accepted(issued) => Some(&issued.profile),
        }
    }

    fn domain(&self, holder: Holder<'a>) -> Option<&'a TrustDomain> {
        match holder {
            Holder::Durable(certificate) => self.tables.trust_domain_of(certificate),
            Holder::Accepted(issued) => self.trust_domain(&issued.issuer),
        }
    }

    fn predecessor(&self, holder: Holder<'a>) -> Option<Holder<'a>> {
        match holder {
            Holder::Durable(certificate) => {
                self.tables.predecessor(certificate).map(Holder::Durable)
            }
            Holder::Accepted(issued) => self.find(issued.succeeds?),
        }
    }
}

/// How far back a line of successors is followed; more that are valid at once have no use.
const MAX_LINEAGE: usize = 64;

const LONG_EXPIRED: &str = "expired more than a year ago";
/// No profile lets a certificate be renewed longer after its end; how long each does is asked before.
pub(crate) const MAX_LATENESS_SECONDS: u64 = 365 * 86_400;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Leaf, actor, asked, crl, entry, founding, revoked, serial};

    /// Decides for rows in one draft, as the writer does for a group.
    fn check(entries: &[ca_verify::Entry], expected: &[Result<Verdict, &str>]) {
        let mut tables = Tables::new();
        tables
            .apply(0, &LeafRow::project(&founding()).unwrap())
            .unwrap();
        let rows: Vec<LeafRow> = entries
            .iter()
            .map(|entry| LeafRow::project(entry).unwrap())
            .collect();
        let mut draft = Draft::new(&tables);
        let verdicts: Vec<_> = (1..)
            .zip(&rows)
            .map(|(leaf, row)| {
                draft
                    .decide(leaf, row, None)
                    .map_err(|refusal| refusal.to_string())
            })
            .collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|verdict| verdict.map_err(str::to_owned))
            .collect();
        assert_eq!(verdicts, expected);
    }

    #[test]
    fn a_refused_entry_leaves_nothing_for_those_behind_it() {
        let spoilt = entry([
            Leaf::new("a.example", 1).change(),
            actor(2, "bert", Role::Agent),
            crl(9),
            revoked(7),
        ]);
        let unknown = format!("no certificate has serial number {}", serial(7));
        check(
            &[
                spoilt,
                entry([
                    Leaf::new("a.example", 1).change(),
                    actor(2, "bert", Role::Agent),
                    crl(1),
                ]),
            ],
            &[Err(&unknown), Ok(Verdict::New)],
        );
    }

    #[test]
    fn an_accepted_entry_counts_for_those_behind_it() {
        let taken = format!(
            "name `a.example` has a valid certificate of profile router: serial {}",
            serial(1)
        );
        let used = format!("serial number {} was used before", serial(1));
        let again = format!("certificate {} is revoked already", serial(1));
        check(
            &[
                Leaf::new("a.example", 1).entry(),
                Leaf::new("a.example", 2).entry(),
                Leaf::new("b.example", 1).entry(),
                entry([revoked(1)]),
                entry([revoked(1)]),
                Leaf::new("a.example", 3).entry(),
            ],
            &[
                Ok(Verdict::New),
                Err(&taken),
                Err(&used),
                Ok(Verdict::New),
                Err(&again),
                Ok(Verdict::New),
            ],
        );
    }

    #[test]
    fn a_request_in_the_same_group_is_answered_by_the_first() {
        check(
            &[
                asked(Leaf::new("a.example", 1).entry(), 1, 1),
                asked(Leaf::new("a.example", 2).entry(), 1, 1),
            ],
            &[Ok(Verdict::New), Ok(Verdict::Answered(1))],
        );
    }
}
