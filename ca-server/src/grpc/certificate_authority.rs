//! The service `CertificateAuthority`.

use std::sync::Arc;

use ca_core::Lifetime;
use ca_proto::{ConvertError, certificate_state, revocation_reason, v1};
use ca_store::{CertificateQuery, PageToken};
use ca_types::{Days, GeneralName, ProfileName, Scope, SerialNumber, SubjectName, UnixTime};
use ca_verify::target::{Misfit, Target};
use ca_verify::{Certificate, HolderMethod, HolderRequest};
use tonic::{Request, Response, Status};

use super::certificates::{answer_to_wire, notices_to_wire, row_to_wire};
use super::{caller_of, csr_of, refuse, refuse_field, request_of};
use crate::authority::{
    Answer, Authority, AuthorityError, Former, HolderProof, IssueOrder, RevokeOrder, RevokeTarget,
    Several, SubmitOrder, SuccessorKind, SuccessorOrder,
};
use crate::authz::Caller;

/// Issues, renews, rekeys, finds and revokes.
#[derive(Debug)]
pub struct CertificateAuthorityService(Arc<Authority>);

impl CertificateAuthorityService {
    /// Serves this authority.
    pub fn new(authority: Arc<Authority>) -> Self {
        Self(authority)
    }

    async fn succeed(
        &self,
        caller: &Caller,
        kind: SuccessorKind,
        wire: Successor,
    ) -> Result<(Answer, Vec<Misfit>), Status> {
        let serial = serial_of(&wire.serial)?;
        let csr = csr_of(&wire.certification_request)?;
        // The caller's key is left out: an actor and the holder who ask for the same thing get the same answer.
        let fields = v1::RekeyRequest {
            serial: serial.to_string(),
            days: wire.days,
            targets: wire.targets,
            ..v1::RekeyRequest::default()
        };
        let request = request_of(&wire.request_id, caller, None, &fields, Some(&csr))?;
        let method = match kind {
            SuccessorKind::Renew => HolderMethod::Renew,
            SuccessorKind::Rekey => HolderMethod::Rekey,
        };
        let proof = proof_of(wire.proof, |time| {
            HolderRequest::new(
                method,
                request.id,
                time,
                serial,
                &wire.certification_request,
            )
        })?;
        let targets = targets_of(&fields.targets)?;
        let order = SuccessorOrder {
            request,
            kind,
            serial,
            csr,
            lifetime: lifetime_of(wire.days),
            targets: targets.clone(),
            proof,
        };
        let answer = self.0.succeed(caller, order).await;
        let answer = answer.map_err(|e| refuse(&e))?;
        let notices = self.0.notices(&answer, &targets).map_err(|e| refuse(&e))?;
        Ok((answer, notices))
    }
}

/// What `RenewRequest` and `RekeyRequest` have in common.
struct Successor {
    request_id: String,
    serial: String,
    certification_request: Vec<u8>,
    days: u32,
    targets: Vec<String>,
    proof: Option<v1::HolderProof>,
}

#[tonic::async_trait]
impl v1::certificate_authority_server::CertificateAuthority for CertificateAuthorityService {
    async fn issue(
        &self,
        request: Request<v1::IssueRequest>,
    ) -> Result<Response<v1::IssueResponse>, Status> {
        let caller = caller_of(&request)?;
        let permit = caller.permit().map_err(|e| refuse(&e.into()))?;
        let mut wire = request.into_inner();
        let csr = csr_of(&std::mem::take(&mut wire.certification_request))?;
        let id = std::mem::take(&mut wire.request_id);
        let request = request_of(&id, &caller, Some(permit.key()), &wire, Some(&csr))?;
        let targets = targets_of(&wire.targets)?;
        let order = IssueOrder {
            request,
            profile: profile_of(&wire.profile)?,
            name: wire
                .name
                .parse::<SubjectName>()
                .map_err(|e| refuse_field(&ConvertError::name("name", e)))?,
            sans: wire
                .sans
                .iter()
                .map(|san| san_of(san))
                .collect::<Result<_, _>>()?,
            lifetime: lifetime_of(wire.days),
            csr,
            targets: targets.clone(),
            former: if wire.replace {
                Former::Revoke
            } else {
                Former::Refuse
            },
        };
        let answer = self.0.issue(permit, order).await.map_err(|e| refuse(&e))?;
        let notices = self.0.notices(&answer, &targets).map_err(|e| refuse(&e))?;
        let (certificate, chain) = answer_to_wire(answer);
        Ok(Response::new(v1::IssueResponse {
            certificate,
            chain,
            notices: notices_to_wire(&notices),
        }))
    }

    async fn renew(
        &self,
        request: Request<v1::RenewRequest>,
    ) -> Result<Response<v1::RenewResponse>, Status> {
        let caller = caller_of(&request)?;
        let v1::RenewRequest {
            request_id,
            serial,
            certification_request,
            days,
            holder_proof,
            targets,
        } = request.into_inner();
        let wire = Successor {
            request_id,
            serial,
            certification_request,
            days,
            targets,
            proof: holder_proof,
        };
        let (answer, notices) = self.succeed(&caller, SuccessorKind::Renew, wire).await?;
        let (certificate, chain) = answer_to_wire(answer);
        Ok(Response::new(v1::RenewResponse {
            certificate,
            chain,
            notices: notices_to_wire(&notices),
        }))
    }

    async fn rekey(
        &self,
        request: Request<v1::RekeyRequest>,
    ) -> Result<Response<v1::RekeyResponse>, Status> {
        let caller = caller_of(&request)?;
        let v1::RekeyRequest {
            request_id,
            serial,
            certification_request,
            days,
            holder_proof,
            targets,
        } = request.into_inner();
        let wire = Successor {
            request_id,
            serial,
            certification_request,
            days,
            targets,
            proof: holder_proof,
        };
        let (answer, notices) = self.succeed(&caller, SuccessorKind::Rekey, wire).await?;
        let (certificate, chain) = answer_to_wire(answer);
        Ok(Response::new(v1::RekeyResponse {
            certificate,
            chain,
            notices: notices_to_wire(&notices),
        }))
    }

    async fn get(
        &self,
        request: Request<v1::GetRequest>,
    ) -> Result<Response<v1::GetResponse>, Status> {
        let permit = caller_of(&request)?
            .permit()
            .map_err(|e| refuse(&e.into()))?;
        let serial = serial_of(&request.into_inner().serial)?;
        let answer = self.0.get(&permit, serial).await.map_err(|e| refuse(&e))?;
        let (certificate, chain) = answer_to_wire(answer);
        Ok(Response::new(v1::GetResponse { certificate, chain }))
    }

    async fn list(
        &self,
        request: Request<v1::ListRequest>,
    ) -> Result<Response<v1::ListResponse>, Status> {
        let permit = caller_of(&request)?
            .permit()
            .map_err(|e| refuse(&e.into()))?;
        let query = query_of(&request.into_inner(), self.0.now())?;
        let page = self.0.list(&permit, &query).await.map_err(|e| refuse(&e))?;
        Ok(Response::new(v1::ListResponse {
            certificates: page
                .rows
                .iter()
                .map(|row| row_to_wire(row, query.now))
                .collect(),
            next_page_token: page
                .next
                .map(|token| token.0.to_string())
                .unwrap_or_default(),
        }))
    }

    async fn revoke(
        &self,
        request: Request<v1::RevokeRequest>,
    ) -> Result<Response<v1::RevokeResponse>, Status> {
        let caller = caller_of(&request)?;
        let permit = caller.permit().map_err(|e| refuse(&e.into()))?;
        let mut wire = request.into_inner();
        let id = std::mem::take(&mut wire.request_id);
        let request = request_of(&id, &caller, Some(permit.key()), &wire, None)?;
        let reason = revocation_reason(wire.reason).map_err(|e| refuse_field(&e))?;
        let order = RevokeOrder {
            request,
            target: target_of(wire.target)?,
            reason,
        };
        let (rows, now) = self.0.revoke(permit, order).await.map_err(|e| refuse(&e))?;
        Ok(Response::new(v1::RevokeResponse {
            certificates: rows.iter().map(|row| row_to_wire(row, now)).collect(),
        }))
    }

    async fn submit(
        &self,
        request: Request<v1::SubmitRequest>,
    ) -> Result<Response<v1::SubmitResponse>, Status> {
        let caller = caller_of(&request)?;
        let mut wire = request.into_inner();
        let proof = wire.holder_proof.take();
        if proof.is_none() {
            caller.permit().map_err(|e| refuse(&e.into()))?;
        }
        let id = std::mem::take(&mut wire.request_id);
        // As with a successor, an actor and the holder who ask for the same thing ask the same.
        let request = request_of(&id, &caller, None, &wire, None)?;
        let certificate = Certificate::from_der(&wire.certificate)
            .map_err(|e| refuse_field(&ConvertError::new("certificate", e)))?;
        let serial = certificate
            .serial()
            .map_err(|_foreign| refuse(&AuthorityError::NotIssuedHere))?;
        let proof = proof_of(proof, |time| {
            let method = HolderMethod::Submit;
            HolderRequest::new(method, request.id, time, serial, &wire.certificate)
        })?;
        let order = SubmitOrder {
            request,
            certificate,
            profile: optional(&wire.profile).map(profile_of).transpose()?,
            proof,
        };
        let submitted = self.0.submit(&caller, order).await;
        let (answer, is_new) = submitted.map_err(|e| refuse(&e))?;
        let (certificate, _chain) = answer_to_wire(answer);
        Ok(Response::new(v1::SubmitResponse {
            certificate,
            is_new,
        }))
    }
}

/// Reads the signature of a holder over a message with its time.
fn proof_of(
    wire: Option<v1::HolderProof>,
    message: impl FnOnce(UnixTime) -> HolderRequest,
) -> Result<Option<HolderProof>, Status> {
    let Some(v1::HolderProof { time, signature }) = wire else {
        return Ok(None);
    };
    let time = UnixTime::from_seconds(time)
        .map_err(|e| refuse_field(&ConvertError::new("holder_proof.time", e)))?;
    Ok(Some(HolderProof {
        message: message(time),
        signature,
    }))
}

fn target_of(target: Option<v1::revoke_request::Target>) -> Result<RevokeTarget, Status> {
    use v1::revoke_request::Target;
    match target {
        None => Err(refuse_field(&ConvertError::new(
            "target",
            "wanted a serial number or a name",
        ))),
        Some(Target::Serial(serial)) => Ok(RevokeTarget::Serial(serial_of(&serial)?)),
        Some(Target::Name(target)) => Ok(RevokeTarget::Name {
            name: lower_if_dns(target.name),
            profile: optional(&target.profile).map(profile_of).transpose()?,
            several: if target.all {
                Several::RevokeAll
            } else {
                Several::Refuse
            },
        }),
    }
}

/// Writes a NAME as it is stored; the name of an actor is no [`SubjectName`] and stays as it came.
fn lower_if_dns(name: String) -> String {
    name.parse::<SubjectName>()
        .map_or(name, |subject| subject.to_string())
}

fn query_of(wire: &v1::ListRequest, now: UnixTime) -> Result<CertificateQuery, Status> {
    let page_size = match wire.page_size {
        0 => 100,
        size @ 1..=1000 => size,
        size => {
            return Err(refuse_field(&ConvertError::new(
                "page_size",
                format!("{size} is over the limit of 1000"),
            )));
        }
    };
    let token = |text: &str| {
        text.parse()
            .map(PageToken)
            .map_err(|_source| refuse_field(&ConvertError::new("page_token", "not a page token")))
    };
    let name = optional(&wire.name).map(str::parse).transpose();
    let issuer = optional(&wire.issuer_id).map(str::parse).transpose();
    Ok(CertificateQuery {
        now,
        name: name.map_err(|e| refuse_field(&ConvertError::name("name", e)))?,
        san: optional(&wire.san).map(san_of).transpose()?,
        profile: optional(&wire.profile).map(profile_of).transpose()?,
        issuer: issuer.map_err(|e| refuse_field(&ConvertError::new("issuer_id", e)))?,
        state: certificate_state(wire.state).map_err(|e| refuse_field(&e))?,
        expires_by: match wire.expires_within_seconds {
            0 => None,
            seconds => Some(now.plus(seconds).unwrap_or(UnixTime::MAX)),
        },
        scope: Scope::default(),
        after: optional(&wire.page_token).map(token).transpose()?,
        limit: usize::try_from(page_size).unwrap_or(100),
    })
}

fn optional(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

fn lifetime_of(days: u32) -> Lifetime {
    if days == 0 {
        Lifetime::Default
    } else {
        Lifetime::Days(Days(days))
    }
}

fn profile_of(text: &str) -> Result<ProfileName, Status> {
    text.parse()
        .map_err(|e| refuse_field(&ConvertError::new("profile", e)))
}

pub(super) fn targets_of(words: &[String]) -> Result<Vec<Target>, Status> {
    let mut targets = Vec::with_capacity(words.len());
    for word in words {
        let target = word
            .parse()
            .map_err(|e| refuse_field(&ConvertError::new("targets", e)))?;
        if !targets.contains(&target) {
            targets.push(target);
        }
    }
    Ok(targets)
}

fn san_of(text: &str) -> Result<GeneralName, Status> {
    text.parse()
        .map_err(|e| refuse_field(&ConvertError::name("sans", e)))
}

/// Reads a serial number; one that is longer than ours can be no certificate of ours.
fn serial_of(text: &str) -> Result<SerialNumber, Status> {
    text.parse().map_err(|error| match error {
        ca_types::SerialError::TooLong { .. } => {
            refuse(&AuthorityError::UnknownSerial(text.to_owned()))
        }
        ca_types::SerialError::Empty
        | ca_types::SerialError::NotHexadecimal(_)
        | ca_types::SerialError::Negative => refuse_field(&ConvertError::new("serial", error)),
    })
}
