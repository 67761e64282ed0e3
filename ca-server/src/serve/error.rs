//! Why a server does not start.

use std::net::SocketAddr;

use ca_store::StoreError;
use ca_types::{Code, Hinted};
use ca_verify::CertificateError;

use crate::authority::AuthorityError;
use crate::checkpoint::CheckpointError;
use crate::crl_publisher::CrlError;
use crate::keystore::KeyStoreError;
use crate::listener_certificate::ListenerCertificateError;
use crate::lock::LockError;

/// Why a server does not start, or did not end well.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Another process has the data directory.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// A listener does not bind.
    #[error("{key} = \"{address}\": the address cannot be listened on")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// The key of the settings.
        key: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// A bound listener has no address.
    #[error("a listener has no address")]
    Address(#[source] std::io::Error),
    /// The store does not open.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A CA certificate of the log does not parse.
    #[error("a CA certificate of the log does not parse")]
    Certificate(#[from] CertificateError),
    /// A CA key does not load.
    #[error(transparent)]
    KeyStore(#[from] KeyStoreError),
    /// A CRL cannot be published.
    #[error(transparent)]
    Crl(#[from] CrlError),
    /// The log is not the one that was signed, or cannot be signed.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The certificate of the listener cannot be used or renewed.
    #[error(transparent)]
    ListenerCertificate(#[from] ListenerCertificateError),
    /// A profile names a CA that cannot issue under it.
    #[error(transparent)]
    Profile(#[from] AuthorityError),
    /// The TLS settings do not hold together.
    #[error("TLS cannot be set up")]
    Tls(#[from] rustls::Error),
    /// The API description is not readable.
    #[error("the description of the API is not readable")]
    Reflection(#[from] tonic_reflection::server::Error),
    /// The process ends.
    #[error("stopped while starting")]
    Interrupted,
}

impl Hinted for ServeError {
    fn code(&self) -> Code {
        match self {
            Self::Lock(error) => error.code(),
            Self::Store(error) => error.code(),
            Self::KeyStore(error) => error.code(),
            Self::Checkpoint(error) => error.code(),
            Self::Profile(error) => error.code(),
            Self::Bind { .. }
            | Self::Address(_)
            | Self::Crl(_)
            | Self::ListenerCertificate(_)
            | Self::Interrupted => Code::Unavailable,
            Self::Certificate(_) | Self::Tls(_) | Self::Reflection(_) => Code::Internal,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Lock(error) => error.hint(),
            Self::Store(error) => error.hint(),
            Self::KeyStore(error) => error.hint(),
            Self::Checkpoint(error) => error.hint(),
            Self::Profile(error) => error.hint(),
            Self::Bind { key, source, .. } => Some(match source.kind() {
                std::io::ErrorKind::AddrInUse => {
                    format!("another program listens there: stop it, or change {key} in ca-server.toml")
                }
                std::io::ErrorKind::PermissionDenied => {
                    "ports below 1024 need the capability CAP_NET_BIND_SERVICE, as in docs/ca-server.service".to_owned()
                }
                _ => ca_store::hint_of(source).map_or_else(
                    || format!("change {key} in ca-server.toml to an address of this machine"),
                    str::to_owned,
                ),
            }),
            Self::Crl(CrlError::Missing { path, .. }) => {
                Some(format!("put the last CRL of the CA back as {}", path.display()))
            }
            Self::Crl(CrlError::Newer { .. }) => Some(
                "what was revoked since would be valid again: `ca-server backup restore` puts an older log back, with the \
                 CRLs of this directory"
                    .to_owned(),
            ),
            Self::Address(_)
            | Self::Certificate(_)
            | Self::Crl(_)
            | Self::ListenerCertificate(_)
            | Self::Tls(_)
            | Self::Reflection(_)
            | Self::Interrupted => None,
        }
    }
}
