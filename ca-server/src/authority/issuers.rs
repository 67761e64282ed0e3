//! CAs that come at run time: their keys, the requests to the root, its answers, and their states.

use std::sync::Arc;

use ca_core::{Generation, Issuer, IssuerUrls, IssuingCa};
use ca_store::{IssuerRequestRow, IssuerRow, StoreError};
use ca_types::{IssuerClass, IssuerId, IssuerState, RevocationReason, TrustDomain, UnixTime};
use ca_verify::{
    Answered, AskedCrl, AskedIssuer, AskedRevocation, CeremonyAnswer, CeremonyBody,
    CeremonyRecorded, CeremonyRequest, Certificate, CertificateList, CertificationRequest, Change,
    CrlSigned, Entry, IssuerAdded, IssuerRequested, IssuerStateChanged, LintContext, Purpose,
    Request, lint_certificate, lint_list,
};
use sha2::{Digest as _, Sha256};

use super::{Authority, AuthorityError, CertificateAuthority, Hierarchy};
use crate::authz::Permit;
use crate::crl_publisher::CrlPublisher;
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

/// What comes into use when the answer of a ceremony is durable.
#[derive(Debug)]
pub(super) struct Arrival {
    /// A new CA.
    pub(super) ca: Option<Arc<CertificateAuthority>>,
    /// The root whose CRL waits beside the present one.
    pub(super) crl_of: Option<IssuerId>,
}

impl Arrival {
    pub(super) async fn take_in(self, hierarchy: &Hierarchy, crls: &CrlPublisher) {
        let mut result = Ok(());
        if let Some(ca) = self.ca {
            hierarchy.add(Arc::clone(&ca));
            result = crls.add(&ca).await;
        } else if let Some(root) = self.crl_of {
            result = crls.publish_offline(&root).await;
        }
        if let Err(error) = result {
            tracing::error!(%error, "CRL not published yet");
        }
    }
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

    /// Takes in the answer of a ceremony: a CA that does not issue yet, the next CRL of a root, or a further root.
    ///
    /// # Errors
    /// Refuses an answer of another kind or root, that was altered, or that does not fit its request.
    pub async fn install_answer(
        &self,
        permit: Permit,
        request: Request,
        kind: &str,
        file: &[u8],
    ) -> Result<Vec<IssuerId>, AuthorityError> {
        let now = self.clock.now();
        if let Some(entry) = self.answered(request).await? {
            return Ok(concerned(&entry));
        }
        // Nothing is withdrawn while its answer comes in.
        let _turn = self.ceremonies.lock().await;
        let named = CeremonyAnswer::read_unverified(file)?;
        let root = self
            .roots()
            .into_iter()
            .find(|root| root.certificate().fingerprint() == named.root)
            .ok_or(AuthorityError::Answer("it is by another root".to_owned()))?;
        let answer = CeremonyAnswer::from_pem_or_der(file, root.certificate().public_key())?;
        let came = answer.answered.kind();
        if !(came == kind || (came == "root" && kind == "issuer")) {
            return Err(AuthorityError::Answer(format!(
                "wanted an answer for {kind}, came one for {came}"
            )));
        }
        let (mut changes, arrival) = match &answer.answered {
            Answered::Issuer(der) => self.taken_issuer(&answer, &root, der).await?,
            Answered::Crl(der) => self.taken_crl(&root, der).await?,
            Answered::Root {
                id,
                certificate,
                crl,
            } => self.taken_root(&root, id, certificate, crl, now).await?,
        };
        changes.push(Change::CeremonyRecorded(CeremonyRecorded {
            root: root.issuer.id.clone(),
            answer: answer.digest()?,
            transcript: Sha256::digest(&answer.transcript).into(),
        }));
        let entry = Entry {
            time: now,
            origin: self.origin(&permit, request),
            changes,
        };
        let entry = self.commit_with(entry, None, Some(arrival)).await?;
        tracing::info!(root = %root.issuer.id, kind = came, "answer of a ceremony installed");
        Ok(concerned(&entry))
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

    /// Checks a certificate against its request: rebuilt from it, it must have the same octets.
    async fn taken_issuer(
        &self,
        answer: &CeremonyAnswer,
        root: &Arc<CertificateAuthority>,
        der: &[u8],
    ) -> Result<(Vec<Change>, Arrival), AuthorityError> {
        let certificate = Certificate::from_der(der)?;
        let asked = self.request_of(answer).await?;
        let csr = CertificationRequest::from_der(&asked.certification_request)
            .map_err(ca_verify::CeremonyError::from)?;
        let wanted = IssuingCa {
            organization: &asked.organization,
            common_name: &asked.common_name,
            validity: asked.validity,
            public_key: csr.public_key(),
        };
        let of_request = Issuer {
            urls: IssuerUrls {
                crl: asked.crl_url.clone(),
                certificate: asked.certificate_url.clone(),
            },
            ..root.issuer.clone()
        };
        let linted = ca_core::prepare_issuing_ca(&wanted, certificate.serial()?, &of_request)?;
        if linted.tbs_der() != certificate.tbs_der() {
            return Err(AuthorityError::Answer(format!(
                "the certificate is not the one that was requested for `{}`",
                asked.id
            )));
        }
        certificate
            .verify_signed_by(root.certificate())
            .map_err(|error| AuthorityError::Answer(error.to_string()))?;
        if let Some(known) = self.known_name(&certificate) {
            return Err(AuthorityError::Answer(format!(
                "`{known}` has this subject, key or serial number"
            )));
        }
        let added = IssuerAdded {
            id: asked.id.clone(),
            class: asked.class,
            trust_domain: asked.trust_domain.clone(),
            certificate: der.to_vec(),
        };
        let ca = self.opened(&added, csr.public_key().clone()).await?;
        let changes = vec![
            Change::IssuerAdded(added),
            Change::IssuerStateChanged(IssuerStateChanged {
                issuer: asked.id,
                state: IssuerState::Inactive,
            }),
        ];
        let arrival = Arrival {
            ca: Some(ca),
            crl_of: None,
        };
        Ok((changes, arrival))
    }

    /// Finds the open request that an answer is for.
    async fn request_of(&self, answer: &CeremonyAnswer) -> Result<AskedIssuer, AuthorityError> {
        for row in self.store.issuer_requests().await? {
            let request = CeremonyRequest::from_pem_or_der(&row.request)?;
            if Some(request.digest()) != answer.request {
                continue;
            }
            if self.hierarchy.find(&row.id).is_some() {
                return Err(StoreError::IssuerExists(row.id).into());
            }
            if row.withdrawn {
                return Err(StoreError::Withdrawn(row.id).into());
            }
            if let CeremonyBody::Issuer(asked) = request.body() {
                return Ok(asked.clone());
            }
        }
        Err(AuthorityError::Answer(
            "it answers no request of this server".to_owned(),
        ))
    }

    /// Opens the key of a CA that was requested.
    async fn opened(
        &self,
        added: &IssuerAdded,
        public_key: ca_verify::PublicKey,
    ) -> Result<Arc<CertificateAuthority>, AuthorityError> {
        let keys = self.hierarchy.keys.clone();
        let file = crate::keystore::KeyFile {
            issuer: added.id.clone(),
            path: keys.file(&added.id),
            public_key,
        };
        let opening = tokio::task::spawn_blocking(move || keys.load(&[file]));
        let mut signers = opening
            .await
            .map_err(|_lost| AuthorityError::Interrupted)??;
        self.assembled(added, IssuerState::Inactive, signers.remove(&added.id))
            .await
    }

    async fn assembled(
        &self,
        added: &IssuerAdded,
        state: IssuerState,
        signer: Option<Arc<dyn ca_core::Signer>>,
    ) -> Result<Arc<CertificateAuthority>, AuthorityError> {
        let row = IssuerRow {
            id: added.id.clone(),
            class: added.class,
            trust_domain: added.trust_domain.clone(),
            certificate: added.certificate.clone(),
            added: self.clock.now(),
            state,
        };
        let rows = self.store.issuers().await?;
        let url = &self.hierarchy.publish_url;
        Ok(Arc::new(CertificateAuthority::assemble(
            &row, &rows, url, signer,
        )?))
    }

    /// Checks the next CRL of a root: it goes on from the last one, and takes no revocation back.
    async fn taken_crl(
        &self,
        root: &Arc<CertificateAuthority>,
        der: &[u8],
    ) -> Result<(Vec<Change>, Arrival), AuthorityError> {
        let id = &root.issuer.id;
        let refuse = |what: String| Err(AuthorityError::Answer(what));
        let crl = proved_crl(der, root.certificate())?;
        if let Some(last) = self.store.last_crl(id).await?
            && (crl.number() <= last.number || crl.this_update() <= last.this_update)
        {
            return refuse(format!(
                "CRL number {} does not follow number {} of `{id}`",
                crl.number(),
                last.number
            ));
        }
        let now = self.clock.now();
        for known in self.revoked_cas(root)? {
            if known.not_after >= now && crl.find(&known.serial.octets()).is_none() {
                return refuse(format!(
                    "the CRL takes back that `{}` is revoked",
                    known.issuer
                ));
            }
        }
        let mut changes = Vec::new();
        for entry in crl.entries() {
            let Some(ca) = self.ca_of(root, entry.serial) else {
                return refuse(
                    "the CRL names a certificate that is no CA of this server".to_owned(),
                );
            };
            if ca.state != IssuerState::Revoked {
                self.refuse_last_control(&ca)?;
                changes.push(Change::IssuerStateChanged(IssuerStateChanged {
                    issuer: ca.issuer.id.clone(),
                    state: IssuerState::Revoked,
                }));
            }
        }
        changes.push(signed(id, &crl));
        self.crls.prepare_offline(id, &crl)?;
        let arrival = Arrival {
            ca: None,
            crl_of: Some(id.clone()),
        };
        Ok((changes, arrival))
    }

    /// Checks a further root: for itself, against all that is there, and that the present root vouches for it.
    async fn taken_root(
        &self,
        root: &Arc<CertificateAuthority>,
        id: &IssuerId,
        der: &[u8],
        crl: &[u8],
        now: UnixTime,
    ) -> Result<(Vec<Change>, Arrival), AuthorityError> {
        let refuse = |what: String| AuthorityError::Answer(what);
        let certificate = Certificate::from_der(der)?;
        let generation = Generation::of_issuer_id(id, IssuerClass::Root)
            .ok_or_else(|| refuse(format!("`{id}` is no id of a root")))?;
        let name = generation.common_name(&self.hierarchy.organization, IssuerClass::Root);
        if certificate.subject().common_name() != Some(&name) {
            return Err(refuse(format!("wanted the common name `{name}`")));
        }
        let context = LintContext {
            purpose: Purpose::Root,
            issuer: None,
            algorithm: certificate.signature_algorithm(),
        };
        lint_certificate(certificate.tbs_der().to_vec(), context)
            .map_err(|error| refuse(error.to_string()))?;
        certificate
            .verify_signed_by(&certificate)
            .map_err(|error| refuse(error.to_string()))?;
        if !certificate.validity().contains(now) {
            return Err(refuse("the new root is not valid now".to_owned()));
        }
        if let Some(known) = self.known_name(&certificate) {
            return Err(refuse(format!(
                "`{known}` has this subject, key or serial number"
            )));
        }
        let crl = proved_crl(crl, &certificate)?;
        if !crl.is_empty() {
            return Err(refuse("the first CRL of a root names nothing".to_owned()));
        }
        let added = IssuerAdded {
            id: id.clone(),
            class: IssuerClass::Root,
            trust_domain: root.issuer.trust_domain.clone(),
            certificate: der.to_vec(),
        };
        let ca = self.assembled(&added, IssuerState::Offline, None).await?;
        self.crls.prepare_offline(id, &crl)?;
        let changes = vec![Change::IssuerAdded(added), signed(id, &crl)];
        let arrival = Arrival {
            ca: Some(ca),
            crl_of: None,
        };
        Ok((changes, arrival))
    }

    /// Finds the identifier for the next CA of a class: one that no CA, request or key file ever had.
    async fn next_generation(
        &self,
        class: IssuerClass,
        now: UnixTime,
    ) -> Result<(Generation, IssuerId), AuthorityError> {
        let issuers = self.store.issuers().await?;
        let requests = self.store.issuer_requests().await?;
        let used = issuers
            .iter()
            .map(|row| &row.id)
            .chain(requests.iter().map(|row| &row.id));
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

    fn roots(&self) -> Vec<Arc<CertificateAuthority>> {
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

    fn ca_of(
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

    /// Lists what the published CRL of a root names.
    fn revoked_cas(
        &self,
        root: &CertificateAuthority,
    ) -> Result<Vec<AskedRevocation>, AuthorityError> {
        let octets = self.crls.current(&root.issuer.id);
        let crl = proved_crl(&octets, root.certificate())?;
        let mut revoked = Vec::new();
        for entry in crl.entries() {
            if let Some(ca) = self.ca_of(root, entry.serial) {
                revoked.push(AskedRevocation {
                    issuer: ca.issuer.id.clone(),
                    serial: ca.certificate().serial()?,
                    time: entry.time,
                    reason: entry.reason,
                    not_after: ca.certificate().validity().not_after(),
                });
            }
        }
        Ok(revoked)
    }

    /// Finds a CA that a new certificate would be mistaken for: RouterOS picks issuers by their names.
    fn known_name(&self, certificate: &Certificate) -> Option<IssuerId> {
        let cas = self.hierarchy.cas();
        cas.values()
            .find(|ca| {
                let known = ca.certificate();
                known.subject().der() == certificate.subject().der()
                    || known.public_key() == certificate.public_key()
                    || known.serial_octets() == certificate.serial_octets()
            })
            .map(|ca| ca.issuer.id.clone())
    }

    /// Refuses to take the last CA of the API out of use: nobody could call any more.
    fn refuse_last_control(&self, ca: &CertificateAuthority) -> Result<(), AuthorityError> {
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

/// Parses a CRL, and checks that it is by this CA and that the lint finds no error.
fn proved_crl(der: &[u8], ca: &Certificate) -> Result<CertificateList, AuthorityError> {
    let refuse = |what: String| AuthorityError::Answer(what);
    let crl = CertificateList::from_der(der).map_err(|error| refuse(error.to_string()))?;
    crl.verify_signed_by(ca)
        .map_err(|error| refuse(error.to_string()))?;
    lint_list(crl.tbs_der().to_vec(), ca, crl.signature_algorithm())
        .map_err(|error| refuse(error.to_string()))?;
    Ok(crl)
}

fn signed(id: &IssuerId, crl: &CertificateList) -> Change {
    Change::CrlSigned(CrlSigned {
        issuer: id.clone(),
        number: crl.number(),
        this_update: crl.this_update(),
        next_update: crl.next_update(),
        sha256: Sha256::digest(crl.der()).into(),
    })
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

/// Lists the CAs that an answer was about.
fn concerned(entry: &Entry) -> Vec<IssuerId> {
    let mut ids: Vec<IssuerId> = Vec::new();
    for change in &entry.changes {
        let id = if let Change::IssuerAdded(added) = change {
            &added.id
        } else if let Change::CrlSigned(crl) = change {
            &crl.issuer
        } else {
            continue;
        };
        if !ids.contains(id) {
            ids.push(id.clone());
        }
    }
    ids
}
