//! The TLS listener of the gRPC API: limits, handshakes, and who stands at the other end.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use ca_types::{Clock, KeyId, UnixTime};
use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, UnixTime as TlsTime};
use rustls::server::{ServerConfig, WebPkiClientVerifier};
use rustls::time_provider::TimeProvider;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::connections::{Accepted, Connections};
use crate::server_identity::ServerIdentity;
use crate::tasks::Tasks;

mod peer_stream;

pub use peer_stream::PeerStream;

/// Who stands at the other end of a connection.
#[derive(Debug, Clone)]
pub struct Peer {
    /// Its address.
    pub address: SocketAddr,
    /// The key that it proved to hold, or held when the resumed session began.
    pub credential: Option<Credential>,
}

/// A client certificate, reduced to what the authorizer looks at on every call.
#[derive(Debug, Clone, Copy)]
pub struct Credential {
    /// Its public key.
    pub key: KeyId,
    /// The last second of its validity.
    pub not_after: UnixTime,
}

/// Makes the TLS settings of the listener.
///
/// A client certificate is optional: health and the renewal by a holder need none. When there is one it must
/// come from a `control` CA; no other CA is a trust anchor of this listener.
///
/// # Errors
/// Fails when a control CA certificate is no trust anchor.
pub fn server_config(
    control: &[CertificateDer<'static>],
    identity: Arc<ServerIdentity>,
    clock: Arc<dyn Clock>,
) -> Result<ServerConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut anchors = RootCertStore::empty();
    for certificate in control {
        anchors.add(certificate.clone())?;
    }
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(anchors), Arc::clone(&provider))
            .allow_unauthenticated()
            .build()
            .map_err(|source| rustls::Error::General(source.to_string()))?;
    let mut config = ServerConfig::builder_with_details(provider, Arc::new(TlsClock(clock)))
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(verifier)
        .with_cert_resolver(identity);
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(config)
}

/// Accepts connections until `stop`; each handshake runs in a task of its own, with a deadline.
pub fn accept(
    listener: TcpListener,
    config: Arc<ServerConfig>,
    connections: Arc<Connections>,
    handshake: Duration,
    tasks: &Tasks,
) -> mpsc::Receiver<Result<PeerStream, std::io::Error>> {
    let (ready, accepted) = mpsc::channel(64);
    let acceptor = TlsAcceptor::from(config);
    let stop = tasks.stop();
    let serve = move |accepted| {
        let (acceptor, ready, stop) = (acceptor.clone(), ready.clone(), stop.clone());
        async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = shake_hands(accepted, acceptor, handshake, ready) => {}
            }
        }
    };
    crate::connections::accept(
        listener,
        connections,
        "ca_connections_refused_total",
        tasks,
        serve,
    );
    accepted
}

async fn shake_hands(
    Accepted { tcp, address, slot }: Accepted,
    acceptor: TlsAcceptor,
    deadline: Duration,
    ready: mpsc::Sender<Result<PeerStream, std::io::Error>>,
) {
    if let Err(error) = tcp.set_nodelay(true) {
        tracing::debug!(%address, %error, "no-delay not set");
    }
    let tls = match tokio::time::timeout(deadline, acceptor.accept(tcp)).await {
        Ok(Ok(tls)) => tls,
        Ok(Err(error)) => {
            tracing::debug!(%address, %error, "handshake refused");
            return;
        }
        Err(_elapsed) => {
            tracing::debug!(%address, "handshake took too long");
            return;
        }
    };
    let leaf = tls
        .get_ref()
        .1
        .peer_certificates()
        .and_then(|chain| chain.first());
    let credential = match leaf.map(credential_of).transpose() {
        Ok(credential) => credential,
        Err(error) => {
            tracing::warn!(%address, %error, "client certificate not readable");
            return;
        }
    };
    let cut = CancellationToken::new();
    let slot = slot.held_by(credential.map(|credential| credential.key), cut.clone());
    let peer = Peer {
        address,
        credential,
    };
    if ready
        .send(Ok(PeerStream::new(tls, peer, slot, cut)))
        .await
        .is_err()
    {
        tracing::debug!(%address, "server stopped before the connection was served");
    }
}

fn credential_of(leaf: &CertificateDer<'_>) -> Result<Credential, ca_verify::CertificateError> {
    let certificate = ca_verify::Certificate::from_der(leaf)?;
    Ok(Credential {
        key: certificate.public_key().key_id(),
        not_after: certificate.validity().not_after(),
    })
}

/// Lets rustls read our clock, so that one time decides everywhere.
#[derive(Debug)]
struct TlsClock(Arc<dyn Clock>);

impl TimeProvider for TlsClock {
    fn current_time(&self) -> Option<TlsTime> {
        let seconds = u64::try_from(self.0.now().seconds()).ok()?;
        Some(TlsTime::since_unix_epoch(Duration::from_secs(seconds)))
    }
}

/// Groups an IPv6 address by its /64, which one host has to itself.
pub(crate) fn peer_group(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(std::net::Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}
