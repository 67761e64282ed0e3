//! The typed client of the API: shared types in, shared types out.

mod actors;
mod audit;
mod blocked_keys;
mod certificate_record;
mod certificates;
mod clock;
mod error;
mod issuers;
mod policy;
mod proofs;
mod transport;

use tonic::transport::Channel;

use crate::Settings;

pub use actors::ActorRecord;
pub use audit::{AuditEntry, AuditPage, EntryFilter, TreeHead};
pub use blocked_keys::{BlockTarget, BlockedKeyRecord};
pub use certificate_record::{CertificateRecord, Revocation};
pub use certificates::{
    HolderProof, IssueParameters, Issued, ListFilter, Page, RevocationTarget, SuccessorParameters,
    TargetNotice,
};
pub use clock::ServerClock;
pub use error::ClientError;
pub(crate) use error::chain;
pub use issuers::{ChangedIssuer, IssuerRecord, IssuerRequestRecord};
pub use policy::{
    ExplainParameters, ExplanationRecord, NameVerdict, PolicyRecord, ProfileRecord, RefusalRecord,
    ReloadRecord, WouldIssue,
};
pub use proofs::ProvedCheckpoint;

/// A connection to the API; clones share it.
#[derive(Debug, Clone)]
pub struct Client {
    channel: Channel,
    server: Box<str>,
}

impl Client {
    /// Connects with the credential of the settings.
    ///
    /// # Errors
    /// Fails when a file of the settings is missing or wrong, or the server is not reached within 10 seconds.
    pub async fn connect(settings: &Settings) -> Result<Self, ClientError> {
        let credential = settings
            .credential
            .as_ref()
            .ok_or_else(|| ClientError::NoCredential {
                file: settings.file.clone(),
            })?;
        Self::with(settings, transport::identified(&settings.ca, credential)?).await
    }

    /// Connects without a credential: only the holder of a certificate can renew or rekey it this way.
    ///
    /// # Errors
    /// Fails when the trust anchors are missing or wrong, or the server is not reached within 10 seconds.
    pub async fn connect_anonymously(settings: &Settings) -> Result<Self, ClientError> {
        Self::with(settings, transport::anonymous(&settings.ca)?).await
    }

    async fn with(settings: &Settings, tls: rustls::ClientConfig) -> Result<Self, ClientError> {
        Ok(Self {
            channel: transport::connect(&settings.server, tls).await?,
            server: settings.server.to_string().into(),
        })
    }

    /// Reads what a call gave: an error of the API, or one of the way to it.
    fn read<T>(&self, result: Result<tonic::Response<T>, tonic::Status>) -> Result<T, ClientError> {
        result
            .map(tonic::Response::into_inner)
            .map_err(|status| ClientError::from_status(status, &self.server))
    }
}

/// CRLs of a million entries come in one message.
const LARGEST_MESSAGE: usize = 64 << 20;
