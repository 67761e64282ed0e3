//! The gRPC services: convert, permit, call, convert back. No logic.

use ca_proto::{ConvertError, status_from};
use ca_types::{Code, Hinted, KeyId, RequestDigest, RequestId};
use ca_verify::{CertificationRequest, Request};
use sha2::{Digest as _, Sha256};
use tonic::Status;

use crate::authority::AuthorityError;
use crate::authz::Caller;

mod actors;
mod audit;
mod blocked_keys;
mod certificate_authority;
mod certificates;
mod clock;
mod issuers;
mod policy;

pub use actors::ActorsService;
pub use audit::AuditService;
pub(crate) use audit::describe;
pub use blocked_keys::BlockedKeysService;
pub use certificate_authority::CertificateAuthorityService;
pub use clock::ClockService;
pub use issuers::IssuersService;
pub use policy::PolicyService;

/// Turns a refusal or failure into a status, once, with its place in the log and the metrics.
fn refuse(error: &AuthorityError) -> Status {
    report(error);
    status_from(error)
}

/// The same for a field that does not convert.
fn refuse_field(error: &ConvertError) -> Status {
    report(error);
    status_from(error)
}

fn report(error: &dyn Hinted) {
    metrics::counter!("ca_refusals_total", "code" => error.code().as_str()).increment(1);
    let cause = std::error::Error::source(error)
        .map(ToString::to_string)
        .unwrap_or_default();
    if error.code() == Code::Internal {
        tracing::error!(reason = %error, cause, "request not done");
    } else {
        tracing::info!(code = %error.code(), reason = %error, cause, "request refused");
    }
}

/// Takes the caller that the authorizer put into the request.
fn caller_of<T>(request: &tonic::Request<T>) -> Result<Caller, Status> {
    request
        .extensions()
        .get::<Caller>()
        .cloned()
        .ok_or_else(|| Status::internal("the call passed no authorizer"))
}

/// Parses a certification request.
fn csr_of(octets: &[u8]) -> Result<CertificationRequest, Status> {
    CertificationRequest::from_der(octets).map_err(|error| {
        report(&error);
        status_from(&error)
    })
}

/// Reads the id of a changing request and digests what its answer depends on.
///
/// The digest covers the method, the caller's key, and every field but those that differ between two attempts of
/// the same request: the id itself, a holder's time and signature, and the certification request, of which
/// only the public key counts, since nothing else of it is taken.
fn request_of(
    id: &str,
    caller: &Caller,
    key: Option<KeyId>,
    fields: &impl prost::Message,
    csr: Option<&CertificationRequest>,
) -> Result<Request, Status> {
    let id: RequestId = id
        .parse()
        .map_err(|e| refuse_field(&ConvertError::new("request_id", e)))?;
    let mut hash = Sha256::new();
    hash.update(caller.method());
    hash.update([0]);
    hash.update(key.map(|key| *key.octets()).unwrap_or_default());
    hash.update(fields.encode_to_vec());
    if let Some(csr) = csr {
        hash.update(csr.public_key().key_id().octets());
    }
    let digest: [u8; 32] = hash.finalize().into();
    Ok(Request {
        id,
        digest: RequestDigest::from(digest),
    })
}
