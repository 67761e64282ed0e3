//! Adding and removing those who may call.

use ca_core::{Lifetime, Profile, Wanted};
use ca_store::{ActorRow, SeenHolders, StoreError};
use ca_types::{Actor, ActorName, RevocationReason, Role, Scope, SerialNumber, UnixTime};
use ca_verify::{CertificationRequest, Change, Entry, Issued, Request, Revoked};

use super::{Answer, Authority, AuthorityError, known_profile, origin_under};
use crate::authz::Permit;

/// What is asked for.
#[derive(Debug)]
pub struct AddActorOrder {
    /// The request id, and what its answer depends on.
    pub request: Request,
    /// The name of the actor.
    pub name: ActorName,
    /// What it may do.
    pub role: Role,
    /// What it may do it to.
    pub scope: Scope,
    /// The certification request of its key.
    pub csr: CertificationRequest,
}

/// A new actor and its certificate.
#[derive(Debug)]
pub struct AddedActor {
    /// The actor.
    pub actor: ActorRow,
    /// Its `control` certificate.
    pub answer: Answer,
}

/// A removed actor.
#[derive(Debug)]
pub struct RemovedActor {
    /// Its certificates, revoked in the same step.
    pub revoked: Vec<SerialNumber>,
}

impl Authority {
    /// Adds an actor and issues its certificate, in one step.
    ///
    /// # Errors
    /// Refuses a name or key that is taken, and all that issuing refuses.
    pub async fn add_actor(
        &self,
        permit: Permit,
        order: AddActorOrder,
    ) -> Result<AddedActor, AuthorityError> {
        let now = self.clock.now();
        let entry = match self.answered(order.request).await? {
            Some(entry) => entry,
            None => {
                self.prove_scope(order.role, &order.scope)?;
                self.trust_clock().await?;
                self.refuse_key(order.csr.public_key()).await?;
                let settings = self.settings.now();
                let profile = Profile::control();
                let ca = self.issuer_of(profile)?;
                let wanted = Wanted {
                    profile,
                    name: order.name.as_str(),
                    sans: &[],
                    lifetime: Lifetime::Default,
                };
                let decision =
                    ca_core::decide(&wanted, &order.csr, &ca.issuer, &settings.policy, now)?;
                let certificate = self.sign(&ca, &decision, &[]).await?;
                let actor = Actor {
                    key: order.csr.public_key().key_id(),
                    name: order.name.clone(),
                    role: order.role,
                    scope: order.scope,
                };
                let issued = Issued {
                    issuer: ca.issuer.id.clone(),
                    profile: profile.name().clone(),
                    name: order.name.to_string(),
                    succeeds: None,
                    certificate: certificate.der().to_vec(),
                };
                let changes = vec![Change::Issued(issued), Change::ActorAdded(actor)];
                self.commit(Entry {
                    time: now,
                    origin: origin_under(&settings, &permit, order.request),
                    changes,
                })
                .await?
            }
        };
        let actor = entry
            .changes
            .iter()
            .find_map(|change| {
                if let Change::ActorAdded(actor) = change {
                    Some(actor.clone())
                } else {
                    None
                }
            })
            .ok_or(AuthorityError::Interrupted)?;
        let answer = self.answer(&entry, now).await?;
        Ok(AddedActor {
            actor: ActorRow {
                actor,
                added: entry.time,
            },
            answer,
        })
    }

    /// Refuses a scope for a role whose work has no bounds, and one that names what is not there: a slip of the pen
    /// would leave an actor that can do nothing.
    fn prove_scope(&self, role: Role, scope: &Scope) -> Result<(), AuthorityError> {
        let is_unbounded = match role {
            Role::Admin | Role::Auditor => true,
            Role::Operator | Role::Agent => false,
        };
        if is_unbounded && *scope != Scope::default() {
            return Err(AuthorityError::ScopeOfRole(role));
        }
        for issuer in &scope.issuers {
            self.known_issuer(issuer)?;
        }
        let settings = self.settings.now();
        for profile in &scope.profiles {
            known_profile(&settings, profile)?;
        }
        Ok(())
    }

    /// Lists the actors by name.
    ///
    /// # Errors
    /// Fails when the store cannot be read.
    pub async fn actors(&self, _permit: &Permit) -> Result<Vec<ActorRow>, AuthorityError> {
        Ok(self.store.actors().await?)
    }

    /// Removes an actor, revokes its certificates and cuts its connections.
    ///
    /// # Errors
    /// Refuses an unknown actor and the last admin.
    pub async fn remove_actor(
        &self,
        permit: Permit,
        request: Request,
        name: &ActorName,
    ) -> Result<RemovedActor, AuthorityError> {
        let now = self.clock.now();
        let entry = loop {
            if let Some(entry) = self.answered(request).await? {
                break entry;
            }
            let row = self
                .store
                .actors()
                .await?
                .into_iter()
                .find(|row| row.actor.name == *name)
                .ok_or_else(|| AuthorityError::UnknownActor(name.to_string()))?;
            let (certificates, seen) = self.certificates_of(&row.actor, now).await?;
            let mut changes: Vec<Change> = certificates
                .into_iter()
                .map(|serial| {
                    let reason = RevocationReason::CessationOfOperation;
                    Change::Revoked(Revoked { serial, reason })
                })
                .collect();
            changes.push(Change::ActorRemoved(row.actor.key));
            let entry = Entry {
                time: now,
                origin: self.origin(&permit, request),
                changes,
            };
            match self.commit_having_seen(entry, Some(seen)).await {
                Ok(entry) => break entry,
                // The actor renewed its certificate, or another removed it: look again.
                Err(AuthorityError::Store(
                    StoreError::AlreadyRevoked(_) | StoreError::Unseen { .. },
                )) => {}
                Err(error) => return Err(error),
            }
        };
        let revoked = entry
            .changes
            .iter()
            .filter_map(|change| {
                if let Change::Revoked(revoked) = change {
                    Some(revoked.serial)
                } else {
                    None
                }
            })
            .collect();
        tracing::info!(actor = %name, "actor removed");
        Ok(RemovedActor { revoked })
    }

    /// Finds the valid `control` certificates of an actor's key, which all have the actor's name.
    async fn certificates_of(
        &self,
        actor: &Actor,
        now: UnixTime,
    ) -> Result<(Vec<SerialNumber>, SeenHolders), AuthorityError> {
        let (name, profile) = (actor.name.to_string(), Profile::control().name().clone());
        let rows = self
            .store
            .valid_for_name(&name, Some(&profile), now)
            .await?;
        let seen = SeenHolders {
            name,
            profile: Some(profile),
            serials: rows.iter().map(|row| row.serial).collect(),
        };
        let of_key = rows.into_iter().filter(|row| row.key == actor.key);
        Ok((of_key.map(|row| row.serial).collect(), seen))
    }
}
