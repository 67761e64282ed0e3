//! The service `Issuers`.

use std::sync::Arc;

use ca_proto::{ConvertError, revocation_reason, v1};
use ca_store::IssuerRequestRow;
use ca_types::{Fingerprint, IssuerId, IssuerState};
use ca_verify::{CeremonyBody, CeremonyRequest, CertificationRequest};
use sha2::{Digest as _, Sha256};
use tonic::{Request, Response, Status};

use super::{caller_of, refuse, refuse_field, request_of};
use crate::authority::{Authority, CreateIssuerOrder, IssuerView, RevokedIssuer};
use crate::authz::Permit;

/// Shows the CAs, and lets them come and go.
#[derive(Debug)]
pub struct IssuersService(Arc<Authority>);

impl IssuersService {
    /// Serves this authority.
    pub fn new(authority: Arc<Authority>) -> Self {
        Self(authority)
    }

    async fn shown(&self, permit: &Permit, id: &IssuerId) -> Result<v1::Issuer, Status> {
        let (view, _crl) = self.0.issuer(permit, id).await.map_err(|e| refuse(&e))?;
        Ok(to_wire(view))
    }
}

#[tonic::async_trait]
impl v1::issuers_server::Issuers for IssuersService {
    async fn list_issuers(
        &self,
        request: Request<v1::ListIssuersRequest>,
    ) -> Result<Response<v1::ListIssuersResponse>, Status> {
        let permit = caller_of(&request)?
            .permit()
            .map_err(|e| refuse(&e.into()))?;
        let views = self.0.issuers(&permit).await.map_err(|e| refuse(&e))?;
        let pending = self.0.pending_issuers(&permit).await;
        Ok(Response::new(v1::ListIssuersResponse {
            issuers: views.into_iter().map(to_wire).collect(),
            requests: pending
                .map_err(|e| refuse(&e))?
                .iter()
                .map(request_to_wire)
                .collect(),
        }))
    }

    async fn get_issuer(
        &self,
        request: Request<v1::GetIssuerRequest>,
    ) -> Result<Response<v1::GetIssuerResponse>, Status> {
        let permit = caller_of(&request)?
            .permit()
            .map_err(|e| refuse(&e.into()))?;
        let id = id_of(&request.into_inner().issuer_id)?;
        let (view, crl) = self.0.issuer(&permit, &id).await.map_err(|e| refuse(&e))?;
        Ok(Response::new(v1::GetIssuerResponse {
            issuer: Some(to_wire(view)),
            crl,
        }))
    }

    async fn create_issuer(
        &self,
        request: Request<v1::CreateIssuerRequest>,
    ) -> Result<Response<v1::CreateIssuerResponse>, Status> {
        let caller = caller_of(&request)?;
        let permit = caller.permit().map_err(|e| refuse(&e.into()))?;
        let mut wire = request.into_inner();
        let id = std::mem::take(&mut wire.request_id);
        let order = CreateIssuerOrder {
            request: request_of(&id, &caller, Some(permit.key()), &wire, None)?,
            class: wire
                .class
                .parse()
                .map_err(|e| refuse_field(&ConvertError::new("class", e)))?,
            name: Some(wire.name).filter(|name| !name.is_empty()),
            kind: Some(wire.key_algorithm)
                .filter(|kind| !kind.is_empty())
                .map(|kind| kind.parse())
                .transpose()
                .map_err(|e| refuse_field(&ConvertError::new("key_algorithm", e)))?,
        };
        let row = self.0.create_issuer(permit, order).await;
        Ok(Response::new(v1::CreateIssuerResponse {
            request: Some(request_to_wire(&row.map_err(|e| refuse(&e))?)),
        }))
    }

    async fn get_ceremony_request(
        &self,
        request: Request<v1::GetCeremonyRequestRequest>,
    ) -> Result<Response<v1::GetCeremonyRequestResponse>, Status> {
        let permit = caller_of(&request)?
            .permit()
            .map_err(|e| refuse(&e.into()))?;
        let id = id_of(&request.into_inner().issuer_id)?;
        let row = self.0.issuer_request(&permit, &id).await;
        Ok(Response::new(v1::GetCeremonyRequestResponse {
            request: Some(request_to_wire(&row.map_err(|e| refuse(&e))?)),
        }))
    }

    async fn request_crl(
        &self,
        request: Request<v1::RequestCrlRequest>,
    ) -> Result<Response<v1::RequestCrlResponse>, Status> {
        let permit = caller_of(&request)?
            .permit()
            .map_err(|e| refuse(&e.into()))?;
        let wire = request.into_inner();
        let root = Some(wire.root)
            .filter(|root| !root.is_empty())
            .map(|root| id_of(&root))
            .transpose()?;
        let reason = revocation_reason(wire.reason).map_err(|e| refuse_field(&e))?;
        let revoked = wire
            .revoke
            .iter()
            .map(|id| {
                Ok(RevokedIssuer {
                    id: id_of(id)?,
                    reason,
                })
            })
            .collect::<Result<Vec<_>, Status>>()?;
        let made = self.0.request_crl(&permit, root.as_ref(), &revoked).await;
        let made = made.map_err(|e| refuse(&e))?;
        Ok(Response::new(v1::RequestCrlResponse {
            der: made.der().to_vec(),
            sha256: made.digest().to_string(),
        }))
    }

    async fn install_answer(
        &self,
        request: Request<v1::InstallAnswerRequest>,
    ) -> Result<Response<v1::InstallAnswerResponse>, Status> {
        let caller = caller_of(&request)?;
        let permit = caller.permit().map_err(|e| refuse(&e.into()))?;
        let mut wire = request.into_inner();
        let id = std::mem::take(&mut wire.request_id);
        let request = request_of(&id, &caller, Some(permit.key()), &wire, None)?;
        let installed = self
            .0
            .install_answer(permit, request, &wire.kind, &wire.answer)
            .await
            .map_err(|e| refuse(&e))?;
        let permit = caller.permit().map_err(|e| refuse(&e.into()))?;
        let mut issuers = Vec::new();
        for id in &installed {
            issuers.push(self.shown(&permit, id).await?);
        }
        Ok(Response::new(v1::InstallAnswerResponse { issuers }))
    }

    async fn set_issuer_state(
        &self,
        request: Request<v1::SetIssuerStateRequest>,
    ) -> Result<Response<v1::SetIssuerStateResponse>, Status> {
        let caller = caller_of(&request)?;
        let permit = caller.permit().map_err(|e| refuse(&e.into()))?;
        let mut wire = request.into_inner();
        let request_id = std::mem::take(&mut wire.request_id);
        let request = request_of(&request_id, &caller, Some(permit.key()), &wire, None)?;
        let id = id_of(&wire.issuer_id)?;
        let state: IssuerState = wire
            .state
            .parse()
            .map_err(|e| refuse_field(&ConvertError::new("state", e)))?;
        let withdrawn = self
            .0
            .set_issuer_state(permit, request, &id, state)
            .await
            .map_err(|e| refuse(&e))?;
        if let Some(row) = withdrawn {
            return Ok(Response::new(v1::SetIssuerStateResponse {
                issuer: None,
                withdrawn: Some(request_to_wire(&row)),
            }));
        }
        let permit = caller.permit().map_err(|e| refuse(&e.into()))?;
        Ok(Response::new(v1::SetIssuerStateResponse {
            issuer: Some(self.shown(&permit, &id).await?),
            withdrawn: None,
        }))
    }
}

fn id_of(text: &str) -> Result<IssuerId, Status> {
    text.parse()
        .map_err(|e| refuse_field(&ConvertError::new("issuer_id", e)))
}

/// Writes a request; one that this build cannot read still shows what the store knows.
fn request_to_wire(row: &IssuerRequestRow) -> v1::CeremonyRequest {
    let digest: [u8; 32] = Sha256::digest(&row.request).into();
    let mut wire = v1::CeremonyRequest {
        issuer_id: row.id.to_string(),
        class: row.class.to_string(),
        trust_domain: row.trust_domain.to_string(),
        requested: row.requested.seconds(),
        sha256: Fingerprint::from(digest).to_string(),
        der: row.request.clone(),
        ..v1::CeremonyRequest::default()
    };
    if let Ok(request) = CeremonyRequest::from_pem_or_der(&row.request)
        && let CeremonyBody::Issuer(asked) = request.body()
    {
        wire.not_before = asked.validity.not_before().seconds();
        wire.not_after = asked.validity.not_after().seconds();
        if let Ok(csr) = CertificationRequest::from_der(&asked.certification_request) {
            wire.subject = csr.subject().to_string();
            wire.key_algorithm = csr.public_key().algorithm().to_string();
        }
    }
    wire
}

fn to_wire(view: IssuerView) -> v1::Issuer {
    let certificate = view.ca.certificate();
    v1::Issuer {
        issuer_id: view.row.id.to_string(),
        class: view.row.class.to_string(),
        trust_domain: view.row.trust_domain.to_string(),
        state: view.row.state.to_string(),
        subject: certificate.subject().to_string(),
        key_algorithm: certificate.public_key().algorithm().to_string(),
        not_before: certificate.validity().not_before().seconds(),
        not_after: certificate.validity().not_after().seconds(),
        fingerprint: certificate.fingerprint().to_string(),
        crl_url: view.ca.issuer.urls.crl.clone(),
        crl_number: view.crl.as_ref().map(|crl| crl.number).unwrap_or_default(),
        crl_next_update: view
            .crl
            .as_ref()
            .map(|crl| crl.next_update.seconds())
            .unwrap_or_default(),
        der: view.row.certificate,
    }
}
