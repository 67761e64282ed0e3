//! Revoking certificates.

use ca_store::{CertificateQuery, CertificateRow, SeenHolders, StoreError};
use ca_types::{
    CertificateState, IssuerClass, ProfileName, RevocationReason, Scope, SerialNumber, UnixTime,
};
use ca_verify::{Change, Entry, KeyBlocked, Request, Revoked};

use super::{Authority, AuthorityError};
use crate::authz::Permit;

/// What to revoke.
#[derive(Debug)]
pub enum RevokeTarget {
    /// One certificate.
    Serial(SerialNumber),
    /// The valid certificates of a NAME.
    Name {
        /// The NAME.
        name: String,
        /// Only this profile.
        profile: Option<ProfileName>,
        /// What to do with more than one.
        several: Several,
    },
}

/// What to do when a NAME has more than one valid certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Several {
    /// Refuse, and name them.
    Refuse,
    /// Revoke all.
    RevokeAll,
}

/// What is asked for.
#[derive(Debug)]
pub struct RevokeOrder {
    /// The request id, and what its answer depends on.
    pub request: Request,
    /// What to revoke.
    pub target: RevokeTarget,
    /// Why.
    pub reason: RevocationReason,
}

/// The certificates that an order means, and what was seen of the NAME then.
struct Found {
    rows: Vec<CertificateRow>,
    seen: Option<SeenHolders>,
}

impl Authority {
    /// Revokes; repeating it gives the same answer.
    ///
    /// # Errors
    /// Refuses an unknown certificate, and several where one was meant.
    pub async fn revoke(
        &self,
        permit: Permit,
        order: RevokeOrder,
    ) -> Result<(Vec<CertificateRow>, UnixTime), AuthorityError> {
        let now = self.clock.now();
        if let Some(entry) = self.answered(order.request).await? {
            return Ok((self.rows_answered(&order.target, &entry).await?, now));
        }
        loop {
            let Found { rows, seen } = self.targets(&order.target, now).await?;
            for row in &rows {
                permit.covers(
                    &row.issuer,
                    &row.profile,
                    row.names().iter().map(String::as_str),
                )?;
            }
            let open: Vec<&CertificateRow> =
                rows.iter().filter(|row| row.revocation.is_none()).collect();
            // Nothing to revoke is an answer too, and is remembered: the same request, sent again after the NAME
            // has got a new certificate, must not revoke that.
            let changes = open
                .iter()
                .flat_map(|row| changes_of(row, order.reason))
                .collect();
            let entry = Entry {
                time: now,
                origin: self.origin(&permit, order.request),
                changes,
            };
            match self.commit_having_seen(entry, seen).await {
                Ok(entry) => {
                    metrics::counter!("ca_revocations_total")
                        .increment(u64::try_from(open.len()).unwrap_or(u64::MAX));
                    for row in open {
                        tracing::info!(serial = %row.serial, name = row.name, reason = %order.reason, "certificate revoked");
                    }
                    return Ok((self.rows_answered(&order.target, &entry).await?, now));
                }
                // Another call was faster: look again.
                Err(AuthorityError::Store(
                    StoreError::AlreadyRevoked(_) | StoreError::Unseen { .. },
                )) => {}
                Err(error) => return Err(error),
            }
        }
    }

    async fn targets(&self, target: &RevokeTarget, now: UnixTime) -> Result<Found, AuthorityError> {
        match target {
            RevokeTarget::Serial(serial) => {
                let row = self.store.certificate(*serial).await?;
                let row = row.ok_or_else(|| AuthorityError::UnknownSerial(serial.to_string()))?;
                self.refuse_control(&row)?;
                Ok(Found {
                    rows: vec![row],
                    seen: None,
                })
            }
            RevokeTarget::Name {
                name,
                profile,
                several,
            } => {
                let valid = self
                    .store
                    .valid_for_name(name, profile.as_ref(), now)
                    .await?;
                let seen = Some(SeenHolders {
                    name: name.clone(),
                    profile: profile.clone(),
                    serials: valid.iter().map(|row| row.serial).collect(),
                });
                let (control, rows): (Vec<_>, Vec<_>) =
                    valid.into_iter().partition(|row| self.is_control(row));
                let rows = match (rows.len(), several) {
                    (0, _) => {
                        control
                            .first()
                            .map_or(Ok(()), |row| self.refuse_control(row))?;
                        self.revoked_before(name, profile.as_ref(), now).await?
                    }
                    (1, _) | (_, Several::RevokeAll) => rows,
                    (_, Several::Refuse) => {
                        return Err(AuthorityError::Ambiguous {
                            name: name.clone(),
                            found: rows
                                .iter()
                                .map(|row| format!("{} ({})", row.serial, row.profile))
                                .collect(),
                        });
                    }
                };
                Ok(Found { rows, seen })
            }
        }
    }

    /// Refuses the certificates of the API itself: an actor is removed, not revoked, so that its record, its open
    /// connections and the last admin are looked after.
    pub(super) fn refuse_control(&self, row: &CertificateRow) -> Result<(), AuthorityError> {
        if !self.is_control(row) {
            return Ok(());
        }
        Err(AuthorityError::OfTheApi {
            name: row.name.clone(),
            profile: row.profile.clone(),
        })
    }

    pub(super) fn is_control(&self, row: &CertificateRow) -> bool {
        let ca = self.hierarchy.find(&row.issuer);
        ca.is_some_and(|ca| ca.issuer.class == IssuerClass::Control)
    }

    /// Finds what an earlier call revoked, so that repeating it gives the same answer.
    async fn revoked_before(
        &self,
        name: &str,
        profile: Option<&ProfileName>,
        now: UnixTime,
    ) -> Result<Vec<CertificateRow>, AuthorityError> {
        let unknown = || AuthorityError::UnknownName(name.to_owned());
        let query = CertificateQuery {
            now,
            name: Some(name.parse().map_err(|_not_a_pattern| unknown())?),
            san: None,
            profile: profile.cloned(),
            issuer: None,
            state: Some(CertificateState::Revoked),
            expires_by: None,
            scope: Scope::default(),
            after: None,
            limit: usize::MAX,
        };
        let mut rows = self.store.list(&query).await?.rows;
        // A name may hold a `*`, which is a pattern to the query.
        rows.retain(|row| row.name == name && !self.is_control(row));
        if rows.is_empty() {
            Err(unknown())
        } else {
            Ok(rows)
        }
    }

    /// Returns what an entry revoked; of one that found nothing to revoke, what was revoked by then.
    async fn rows_answered(
        &self,
        target: &RevokeTarget,
        entry: &Entry,
    ) -> Result<Vec<CertificateRow>, AuthorityError> {
        let rows = self.rows_revoked_by(entry).await?;
        if !rows.is_empty() {
            return Ok(rows);
        }
        match target {
            RevokeTarget::Serial(serial) => {
                Ok(self.store.certificate(*serial).await?.into_iter().collect())
            }
            RevokeTarget::Name { name, profile, .. } => {
                let mut rows = self
                    .revoked_before(name, profile.as_ref(), entry.time)
                    .await?;
                rows.retain(|row| {
                    row.revocation
                        .is_some_and(|revocation| revocation.time <= entry.time)
                });
                Ok(rows)
            }
        }
    }

    async fn rows_revoked_by(&self, entry: &Entry) -> Result<Vec<CertificateRow>, AuthorityError> {
        let mut rows = Vec::new();
        for change in &entry.changes {
            if let Change::Revoked(revoked) = change {
                rows.extend(self.store.certificate(revoked.serial).await?);
            }
        }
        Ok(rows)
    }
}

/// Revokes a certificate; a key that others know is certified no more.
fn changes_of(row: &CertificateRow, reason: RevocationReason) -> Vec<Change> {
    let mut changes = vec![Change::Revoked(Revoked {
        serial: row.serial,
        reason,
    })];
    if reason == RevocationReason::KeyCompromise {
        changes.push(Change::KeyBlocked(KeyBlocked {
            key: row.key,
            comment: format!("certificate {} revoked for {reason}", row.serial),
        }));
    }
    changes
}
