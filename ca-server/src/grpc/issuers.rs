//! The service `Issuers`.

use std::sync::Arc;

use ca_proto::{ConvertError, v1};
use tonic::{Request, Response, Status};

use super::{caller_of, refuse, refuse_field};
use crate::authority::{Authority, IssuerView};

/// Shows the CAs.
#[derive(Debug)]
pub struct IssuersService(Arc<Authority>);

impl IssuersService {
    /// Serves this authority.
    pub fn new(authority: Arc<Authority>) -> Self {
        Self(authority)
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
        Ok(Response::new(v1::ListIssuersResponse {
            issuers: views.into_iter().map(to_wire).collect(),
        }))
    }

    async fn get_issuer(
        &self,
        request: Request<v1::GetIssuerRequest>,
    ) -> Result<Response<v1::GetIssuerResponse>, Status> {
        let permit = caller_of(&request)?
            .permit()
            .map_err(|e| refuse(&e.into()))?;
        let id = request.into_inner().issuer_id.parse();
        let id = id.map_err(|e| refuse_field(&ConvertError::new("issuer_id", e)))?;
        let (view, crl) = self.0.issuer(&permit, &id).await.map_err(|e| refuse(&e))?;
        Ok(Response::new(v1::GetIssuerResponse {
            issuer: Some(to_wire(view)),
            crl,
        }))
    }
}

fn to_wire(view: IssuerView) -> v1::Issuer {
    let certificate = view.ca.certificate();
    v1::Issuer {
        issuer_id: view.row.id.to_string(),
        class: view.row.class.to_string(),
        trust_domain: view.row.trust_domain.to_string(),
        state: view.state.to_string(),
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
