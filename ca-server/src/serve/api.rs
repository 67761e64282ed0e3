//! The gRPC server: all services behind the authorizer.

use std::sync::Arc;
use std::time::Duration;

use ca_proto::v1::actors_server::ActorsServer;
use ca_proto::v1::audit_server::AuditServer;
use ca_proto::v1::blocked_keys_server::BlockedKeysServer;
use ca_proto::v1::certificate_authority_server::CertificateAuthorityServer;
use ca_proto::v1::clock_server::ClockServer;
use ca_proto::v1::issuers_server::IssuersServer;
use ca_proto::v1::policy_server::PolicyServer;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Server;

use super::{Accepted, ServeError};
use crate::authority::Authority;
use crate::authz::AuthorizeLayer;
use crate::grpc::{
    ActorsService, AuditService, BlockedKeysService, CertificateAuthorityService, ClockService,
    IssuersService, PolicyService,
};
use crate::settings::Limits;
use crate::tasks::Tasks;

/// How long one call may take.
const CALL: Duration = Duration::from_secs(30);
/// How often a silent peer is asked whether it is still there.
const KEEPALIVE: Duration = Duration::from_secs(60);
/// How long the headers of one call may be in all, in octets.
const HEADERS: u32 = 16 * 1024;

/// How long a question about health may be, in octets; anyone may ask.
const HEALTH: usize = 1024;
/// How long a question about the API may be, in octets.
const REFLECTION: usize = 16 * 1024;

/// Serves the accepted connections in the background.
pub(super) fn spawn(
    authority: Arc<Authority>,
    authorize: AuthorizeLayer,
    accepted: Accepted,
    limits: &Limits,
    tasks: &Tasks,
) -> Result<(), ServeError> {
    let size = limits.message_octets;
    let issuing =
        CertificateAuthorityServer::new(CertificateAuthorityService::new(Arc::clone(&authority)));
    let issuers = IssuersServer::new(IssuersService::new(Arc::clone(&authority)));
    let actors = ActorsServer::new(ActorsService::new(Arc::clone(&authority)));
    let blocked_keys = BlockedKeysServer::new(BlockedKeysService::new(Arc::clone(&authority)));
    let audit = AuditServer::new(AuditService::new(Arc::clone(&authority)));
    let clock = ClockServer::new(ClockService::new(Arc::clone(&authority)));
    let policy = PolicyServer::new(PolicyService::new(authority));
    let (_reporter, health) = tonic_health::server::health_reporter();
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(ca_proto::DESCRIPTORS)
        .build_v1()?;
    let router = Server::builder()
        .layer(authorize)
        .timeout(CALL)
        .max_concurrent_streams(limits.streams_per_connection)
        .http2_max_header_list_size(HEADERS)
        .http2_keepalive_interval(Some(KEEPALIVE))
        .http2_max_pending_accept_reset_streams(Some(32))
        .add_service(issuing.max_decoding_message_size(size))
        .add_service(issuers.max_decoding_message_size(size))
        .add_service(actors.max_decoding_message_size(size))
        .add_service(blocked_keys.max_decoding_message_size(size))
        .add_service(audit.max_decoding_message_size(size))
        .add_service(clock.max_decoding_message_size(size))
        .add_service(policy.max_decoding_message_size(size))
        .add_service(health.max_decoding_message_size(HEALTH))
        .add_service(reflection.max_decoding_message_size(REFLECTION));
    let stop = tasks.stop();
    tasks.spawn(async move {
        let served = router
            .serve_with_incoming_shutdown(ReceiverStream::new(accepted), stop.cancelled_owned())
            .await;
        if let Err(error) = served {
            tracing::error!(%error, "the API stopped");
        }
    });
    Ok(())
}
