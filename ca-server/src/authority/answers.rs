//! The answers of ceremonies: proved against the requests and all that is there, and taken in.

use std::sync::Arc;

use ca_core::{Generation, Issuer, IssuerUrls, IssuingCa};
use ca_store::{IssuerRow, StoreError};
use ca_types::{IssuerClass, IssuerId, IssuerState, UnixTime};
use ca_verify::{
    Answered, AskedIssuer, CeremonyAnswer, CeremonyBody, CeremonyRecorded, CeremonyRequest,
    Certificate, CertificateList, CertificationRequest, Change, CrlSigned, Entry, IssuerAdded,
    IssuerStateChanged, LintContext, Purpose, Request, lint_certificate, lint_list,
};
use sha2::{Digest as _, Sha256};

use super::{Authority, AuthorityError, CertificateAuthority, Hierarchy};
use crate::authz::Permit;
use crate::crl_publisher::CrlPublisher;

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
        let revoked = self.revoked_cas(root)?;
        for known in &revoked {
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
                if revoked
                    .iter()
                    .any(|known| known.serial.octets() == *entry.serial)
                {
                    continue;
                }
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
}

/// Parses a CRL, and checks that it is by this CA and that the lint finds no error.
pub(super) fn proved_crl(der: &[u8], ca: &Certificate) -> Result<CertificateList, AuthorityError> {
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
