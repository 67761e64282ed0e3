//! CAs that come at run time: their keys, the requests to the root, and their states.

use std::sync::Arc;

use ca_core::Generation;
use ca_store::{IssuerRequestRow, StoreError};
use ca_types::{
    IssuerClass, IssuerId, IssuerState, RevocationReason, SerialNumber, TrustDomain, UnixTime,
};
use ca_verify::{
    AskedCrl, AskedIssuer, AskedRevocation, CeremonyBody, CeremonyRequest, Change, Entry,
    IssuerRequested, IssuerStateChanged, Request,
};

use super::answers::proved_crl;
use super::{Authority, AuthorityError, CertificateAuthority};
use crate::authz::Permit;
use crate::init::ROOT_CRL_SECONDS;
use crate::keystore::KeyKind;

/// What is asked for.
#[derive(Debug)]
pub struct CreateIssuerOrder {
    /// The request id, and what its answer depends on.
    pub request: Request,
    /// What the CA is to issue for.
    pub class: IssuerClass,
    /// A name of its own in its subject; without one it is the next of its class.
    pub name: Option<String>,
    /// The kind of its key; without one that of the root.
    pub kind: Option<KeyKind>,
}

/// A CA that the next CRL of the root is to name.
#[derive(Debug, Clone)]
pub struct RevokedIssuer {
    /// The CA.
    pub id: IssuerId,
    /// Why.
    pub reason: RevocationReason,
}

impl Authority {
    /// Makes the key of a new CA and the request for its certificate; repeating it gives the same answer.
    ///
    /// # Errors
    /// Refuses the class of the root and a name that does not fit; fails when the key cannot be made or written.
    pub async fn create_issuer(
        &self,
        permit: Permit,
        order: CreateIssuerOrder,
    ) -> Result<IssuerRequestRow, AuthorityError> {
        let now = self.clock.now();
        if let Some(entry) = self.answered(order.request).await? {
            return requested_of(&entry);
        }
        if order.class == IssuerClass::Root {
            return Err(AuthorityError::RootAtRunTime);
        }
        // One at a time: two that ask for the same must not both find that nobody did.
        let _turn = self.ceremonies.lock().await;
        let root = self.newest_root()?;
        self.refuse_asked_before(&order).await?;
        let (generation, id) = self.next_generation(order.class, now).await?;
        let common_name = self.name_of(generation, &order)?;
        let organization = &self.hierarchy.organization;
        let voucher = self.active(IssuerClass::Control)?;
        let urls = &root.issuer.urls;
        let mut asked = AskedIssuer {
            root: root.certificate().fingerprint(),
            time: now,
            id: id.clone(),
            class: order.class,
            trust_domain: root.issuer.trust_domain.clone(),
            organization: organization.to_string(),
            common_name,
            validity: ca_core::issuing_validity(now, root.certificate())?,
            crl_url: urls.crl.clone(),
            certificate_url: urls.certificate.clone(),
            certification_request: Vec::new(),
        };
        let kind = order
            .kind
            .unwrap_or_else(|| KeyKind::of_ca(root.certificate().public_key().algorithm()));
        let keys = self.hierarchy.keys.clone();
        let making = tokio::task::spawn_blocking(move || -> Result<_, AuthorityError> {
            let signer = keys.create(&asked.id, kind)?;
            asked.certification_request =
                ca_core::request_issuing_ca(&asked.organization, &asked.common_name, &signer)?;
            vouched(&CeremonyBody::Issuer(asked), &voucher)
        });
        let request = making
            .await
            .map_err(|_lost| AuthorityError::Interrupted)??;
        let requested = IssuerRequested {
            id: id.clone(),
            class: order.class,
            trust_domain: root.issuer.trust_domain.clone(),
            request: request.der().to_vec(),
        };
        let entry = self
            .commit(Entry {
                time: now,
                origin: self.origin(&permit, order.request),
                changes: vec![Change::IssuerRequested(requested)],
            })
            .await?;
        tracing::info!(issuer = %id, class = %order.class, request = %request.digest(), "CA requested");
        requested_of(&entry)
    }

    fn name_of(
        &self,
        generation: Generation,
        order: &CreateIssuerOrder,
    ) -> Result<String, AuthorityError> {
        let organization = &self.hierarchy.organization;
        match &order.name {
            None => Ok(generation.common_name(organization, order.class)),
            Some(site) => Ok(generation.common_name_of_site(organization, site, order.class)?),
        }
    }

    /// Refuses a CA whose like is waiting for the root already: whoever asks twice would carry two requests there.
    async fn refuse_asked_before(&self, order: &CreateIssuerOrder) -> Result<(), AuthorityError> {
        for row in self.waiting_requests().await? {
            let Some(generation) = Generation::of_issuer_id(&row.id, order.class) else {
                continue;
            };
            if let CeremonyBody::Issuer(asked) =
                CeremonyRequest::from_pem_or_der(&row.request)?.body()
                && asked.common_name == self.name_of(generation, order)?
            {
                return Err(AuthorityError::AskedBefore {
                    subject: asked.common_name.clone(),
                    id: row.id,
                });
            }
        }
        Ok(())
    }

    /// Lists the requests that were neither answered nor withdrawn.
    async fn waiting_requests(&self) -> Result<Vec<IssuerRequestRow>, AuthorityError> {
        let mut rows = self.store.issuer_requests().await?;
        let cas = self.hierarchy.cas();
        rows.retain(|row| !row.withdrawn && !cas.contains_key(&row.id));
        Ok(rows)
    }

    /// Lists the CAs whose certificates the root has not signed yet.
    ///
    /// # Errors
    /// Fails when the store cannot be read.
    pub async fn pending_issuers(
        &self,
        _permit: &Permit,
    ) -> Result<Vec<IssuerRequestRow>, AuthorityError> {
        self.waiting_requests().await
    }

    /// Finds the request for a CA, answered or not.
    ///
    /// # Errors
    /// Fails when there is none, and when it was withdrawn.
    pub async fn issuer_request(
        &self,
        _permit: &Permit,
        id: &IssuerId,
    ) -> Result<IssuerRequestRow, AuthorityError> {
        let rows = self.store.issuer_requests().await?;
        let row = rows
            .into_iter()
            .find(|row| row.id == *id)
            .ok_or_else(|| AuthorityError::UnknownRequest(id.clone()))?;
        if row.withdrawn {
            return Err(StoreError::Withdrawn(row.id).into());
        }
        Ok(row)
    }

    /// Makes the request for the next CRL of a root; nothing changes by it.
    ///
    /// # Errors
    /// Refuses a CA that the root did not sign, and the last one of the API.
    pub async fn request_crl(
        &self,
        _permit: &Permit,
        root: Option<&IssuerId>,
        revoked: &[RevokedIssuer],
    ) -> Result<CeremonyRequest, AuthorityError> {
        let now = self.clock.now();
        let root = match root {
            None => self.newest_root()?,
            Some(id) => self.root(id)?,
        };
        let id = &root.issuer.id;
        let last = self.store.last_crl(id).await?;
        // RFC 5280 §5.1.2.4: a later CRL has a later time.
        let this_update = last
            .as_ref()
            .map(|last| last.this_update.plus(1).unwrap_or(now))
            .map_or(now, |earliest| now.max(earliest));
        let mut asked = AskedCrl {
            root: root.certificate().fingerprint(),
            number: last.map_or(1, |last| last.number.saturating_add(1)),
            this_update,
            next_update: this_update
                .plus(ROOT_CRL_SECONDS)
                .ok_or(AuthorityError::Interrupted)?,
            revoked: self.revoked_cas(&root)?,
        };
        for wanted in revoked {
            let ca = self.known_issuer(&wanted.id)?;
            if ca.certificate().issuer().der() != root.certificate().subject().der()
                || ca.issuer.id == *id
            {
                return Err(AuthorityError::NotOfRoot {
                    issuer: wanted.id.clone(),
                    root: id.clone(),
                });
            }
            self.refuse_last_control(&ca)?;
            let serial = ca.certificate().serial()?;
            if asked.revoked.iter().all(|known| known.serial != serial) {
                asked.revoked.push(AskedRevocation {
                    issuer: wanted.id.clone(),
                    serial,
                    time: this_update,
                    reason: wanted.reason,
                    not_after: ca.certificate().validity().not_after(),
                });
            }
        }
        let voucher = self.voucher_below(&root)?;
        let making =
            tokio::task::spawn_blocking(move || vouched(&CeremonyBody::Crl(asked), &voucher));
        making.await.map_err(|_lost| AuthorityError::Interrupted)?
    }

    /// Lets a CA begin or cease to issue; one that was requested only is withdrawn, and its request returned.
    ///
    /// # Errors
    /// Refuses a step that its state does not allow, the last CA of the API, and one that the listener does not know.
    pub async fn set_issuer_state(
        &self,
        permit: Permit,
        request: Request,
        id: &IssuerId,
        state: IssuerState,
    ) -> Result<Option<IssuerRequestRow>, AuthorityError> {
        let is_answered = self.answered(request).await?.is_some();
        let _turn = self.ceremonies.lock().await;
        let Some(ca) = self.hierarchy.find(id) else {
            let rows = self.store.issuer_requests().await?;
            let waiting = rows.into_iter().find(|row| row.id == *id);
            let row = waiting.ok_or_else(|| AuthorityError::UnknownIssuer(id.clone()))?;
            if !is_answered {
                self.change_state(&permit, request, id, state).await?;
                self.hierarchy.keys.remove(id);
            }
            return Ok(Some(row));
        };
        if is_answered {
            return Ok(None);
        }
        match state {
            IssuerState::Active => {
                if ca.issuer.class == IssuerClass::Control && !self.hierarchy.anchored.contains(id)
                {
                    return Err(AuthorityError::NotAnchored(id.clone()));
                }
            }
            IssuerState::Inactive | IssuerState::Retired => self.refuse_last_control(&ca)?,
            IssuerState::Requested | IssuerState::Revoked | IssuerState::Offline => {
                return Err(StoreError::IssuerState {
                    issuer: id.clone(),
                    state: ca.state,
                    wanted: state,
                }
                .into());
            }
        }
        self.change_state(&permit, request, id, state).await?;
        Ok(None)
    }

    async fn change_state(
        &self,
        permit: &Permit,
        request: Request,
        id: &IssuerId,
        state: IssuerState,
    ) -> Result<(), AuthorityError> {
        let changes = vec![Change::IssuerStateChanged(IssuerStateChanged {
            issuer: id.clone(),
            state,
        })];
        self.commit(Entry {
            time: self.clock.now(),
            origin: self.origin(permit, request),
            changes,
        })
        .await?;
        Ok(())
    }

    /// Finds the identifier for the next CA of a class: one that no CA, request or key file ever had.
    async fn next_generation(
        &self,
        class: IssuerClass,
        now: UnixTime,
    ) -> Result<(Generation, IssuerId), AuthorityError> {
        let issuers = self.store.issuers().await?;
        let requests = self.store.issuer_requests().await?;
        let lost = self.store.lost_issuers().await?;
        let used = issuers
            .iter()
            .map(|row| &row.id)
            .chain(requests.iter().map(|row| &row.id))
            .chain(&lost);
        let mut next = Generation::next(now.year(), class, used);
        while let Some(generation) = next {
            let id = generation.issuer_id(class);
            // A key without a record is what an interrupted request left behind.
            if !self.hierarchy.keys.has(&id) {
                return Ok((generation, id));
            }
            next = generation.number.checked_add(1).map(|number| Generation {
                number,
                ..generation
            });
        }
        Err(AuthorityError::NoGeneration(class))
    }

    pub(super) fn roots(&self) -> Vec<Arc<CertificateAuthority>> {
        let cas = self.hierarchy.cas();
        cas.values()
            .filter(|ca| ca.issuer.class == IssuerClass::Root)
            .map(Arc::clone)
            .collect()
    }

    fn root(&self, id: &IssuerId) -> Result<Arc<CertificateAuthority>, AuthorityError> {
        let found = self.roots().into_iter().find(|root| root.issuer.id == *id);
        found.ok_or_else(|| AuthorityError::UnknownIssuer(id.clone()))
    }

    fn newest_root(&self) -> Result<Arc<CertificateAuthority>, AuthorityError> {
        let domain = TrustDomain::default();
        self.roots()
            .into_iter()
            .filter(|root| root.issuer.trust_domain == domain)
            .max_by_key(|root| {
                let certificate = root.certificate();
                (certificate.validity().not_before(), root.issuer.id.clone())
            })
            .ok_or(AuthorityError::NoIssuer(IssuerClass::Root))
    }

    /// Finds a CA that can vouch to a root; a new root knows those of the roots before it, which lie in its folder.
    fn voucher_below(
        &self,
        root: &CertificateAuthority,
    ) -> Result<Arc<CertificateAuthority>, AuthorityError> {
        let cas = self.hierarchy.cas();
        let below = cas
            .values()
            .filter(|ca| ca.issues())
            .find(|ca| ca.certificate().issuer().der() == root.certificate().subject().der());
        below.map_or_else(
            || self.active(IssuerClass::Control),
            |ca| Ok(Arc::clone(ca)),
        )
    }

    pub(super) fn ca_of(
        &self,
        root: &CertificateAuthority,
        serial: &[u8],
    ) -> Option<Arc<CertificateAuthority>> {
        let cas = self.hierarchy.cas();
        cas.values()
            .filter(|ca| ca.certificate().issuer().der() == root.certificate().subject().der())
            .find(|ca| ca.certificate().serial_octets() == serial)
            .map(Arc::clone)
    }

    /// Lists what the published CRL of a root names; a CA that a restored log has lost stays on it for ever.
    pub(super) fn revoked_cas(
        &self,
        root: &CertificateAuthority,
    ) -> Result<Vec<AskedRevocation>, AuthorityError> {
        let octets = self.crls.current(&root.issuer.id);
        let crl = proved_crl(&octets, root.certificate())?;
        let mut revoked = Vec::new();
        for entry in crl.entries() {
            let ca = self.ca_of(root, entry.serial);
            let (issuer, certificate) = match &ca {
                Some(ca) => (ca.issuer.id.clone(), ca.certificate()),
                None => (lost_ca(), root.certificate()),
            };
            revoked.push(AskedRevocation {
                issuer,
                serial: SerialNumber::from_der_octets(entry.serial)
                    .map_err(|error| AuthorityError::Answer(error.to_string()))?,
                time: entry.time,
                reason: entry.reason,
                not_after: certificate.validity().not_after(),
            });
        }
        Ok(revoked)
    }

    /// Refuses to take the last CA of the API out of use: nobody could call any more.
    pub(super) fn refuse_last_control(
        &self,
        ca: &CertificateAuthority,
    ) -> Result<(), AuthorityError> {
        let cas = self.hierarchy.cas();
        let is_last = ca.issuer.class == IssuerClass::Control
            && ca.issues()
            && !cas.values().any(|other| {
                other.issuer.class == IssuerClass::Control
                    && other.issues()
                    && other.issuer.id != ca.issuer.id
            });
        if is_last {
            return Err(AuthorityError::LastControl(ca.issuer.id.clone()));
        }
        Ok(())
    }
}

/// What a request calls a revoked CA of which nothing is left but its serial number.
fn lost_ca() -> IssuerId {
    "lost-ca".parse().expect("it is an issuer id")
}

/// Signs a request with the key of the CA that vouches for it.
fn vouched(
    body: &CeremonyBody,
    voucher: &CertificateAuthority,
) -> Result<CeremonyRequest, AuthorityError> {
    let signer = voucher
        .signer
        .as_ref()
        .ok_or(AuthorityError::NoIssuer(voucher.issuer.class))?;
    let signature = signer
        .sign(&body.message()?)
        .map_err(ca_core::IssuanceError::from)?;
    Ok(CeremonyRequest::new(
        body,
        voucher.certificate(),
        &signature,
    )?)
}

/// Returns the request that an entry records.
fn requested_of(entry: &Entry) -> Result<IssuerRequestRow, AuthorityError> {
    let requested = entry.changes.iter().find_map(|change| {
        if let Change::IssuerRequested(requested) = change {
            Some(requested)
        } else {
            None
        }
    });
    let requested = requested.ok_or(AuthorityError::Interrupted)?;
    Ok(IssuerRequestRow {
        id: requested.id.clone(),
        class: requested.class,
        trust_domain: requested.trust_domain.clone(),
        request: requested.request.clone(),
        requested: entry.time,
        withdrawn: false,
    })
}
