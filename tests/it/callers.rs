//! Callers of all kinds, each with a TLS client of its own.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hyper_util::rt::TokioIo;
use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, HandshakeKind, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tonic::Code;
use tonic::transport::{Channel, Endpoint};

/// A certificate with its chain and key.
#[derive(Debug)]
pub(crate) struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Identity {
    pub(crate) fn new(chain: impl IntoIterator<Item = Vec<u8>>, key: Vec<u8>) -> Self {
        let key = PrivateKeyDer::try_from(key).expect("a key");
        Self {
            chain: chain.into_iter().map(CertificateDer::from).collect(),
            key,
        }
    }

    pub(crate) fn from_files(chain: &Path, key: &Path) -> Self {
        Self {
            chain: CertificateDer::pem_file_iter(chain)
                .unwrap()
                .collect::<Result<_, _>>()
                .unwrap(),
            key: PrivateKeyDer::from_pem_file(key).unwrap(),
        }
    }

    /// A client certificate by a CA that the server does not know.
    pub(crate) fn of_another_ca() -> Self {
        let ca_key = KeyPair::generate().unwrap();
        let mut ca = CertificateParams::default();
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = Issuer::from_params(&ca, &ca_key);
        let key = KeyPair::generate().unwrap();
        let mut leaf = CertificateParams::new(vec!["admin".to_owned()]).unwrap();
        leaf.extended_key_usages
            .push(ExtendedKeyUsagePurpose::ClientAuth);
        let leaf = leaf.signed_by(&key, &issuer).unwrap();
        Self::new([leaf.der().to_vec()], key.serialize_der())
    }
}

/// The listener of a server.
#[derive(Debug)]
pub(crate) struct Door {
    address: SocketAddr,
    anchors: Arc<RootCertStore>,
    began: UnixTime,
}

impl Door {
    pub(crate) fn new(address: SocketAddr, ca: &Path) -> Self {
        let mut anchors = RootCertStore::empty();
        anchors
            .add(CertificateDer::from_pem_file(ca).unwrap())
            .unwrap();
        Self {
            address,
            anchors: Arc::new(anchors),
            began: UnixTime::now(),
        }
    }

    /// Opens a connection that remembers no session.
    pub(crate) async fn open(&self, identity: Option<&Identity>) -> Result<Channel, String> {
        let mut config = self.config(identity);
        config.resumption = rustls::client::Resumption::disabled();
        connect(self.address, Arc::new(config), Arc::default()).await
    }

    /// Returns a caller that resumes its session on the second connection.
    pub(crate) fn remembering(&self, identity: &Identity) -> Remembering {
        Remembering {
            address: self.address,
            config: Arc::new(self.config(Some(identity))),
            resumed: Arc::default(),
        }
    }

    fn config(&self, identity: Option<&Identity>) -> ClientConfig {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        // The client's clock stands still, so that only the server notices that time passed.
        let builder = ClientConfig::builder_with_details(provider, Arc::new(Still(self.began)))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(Arc::clone(&self.anchors));
        let mut config = match identity {
            None => builder.with_no_client_auth(),
            Some(identity) => builder
                .with_client_auth_cert(identity.chain.clone(), identity.key.clone_key())
                .unwrap(),
        };
        config.alpn_protocols = vec![b"h2".to_vec()];
        config
    }
}

/// A caller with a memory for sessions.
#[derive(Debug)]
pub(crate) struct Remembering {
    address: SocketAddr,
    config: Arc<ClientConfig>,
    resumed: Arc<AtomicBool>,
}

impl Remembering {
    pub(crate) async fn open(&self) -> Result<Channel, String> {
        connect(
            self.address,
            Arc::clone(&self.config),
            Arc::clone(&self.resumed),
        )
        .await
    }

    /// Tells whether the last connection resumed a session.
    pub(crate) fn was_resumed(&self) -> bool {
        self.resumed.load(Ordering::SeqCst)
    }
}

async fn connect(
    address: SocketAddr,
    config: Arc<ClientConfig>,
    resumed: Arc<AtomicBool>,
) -> Result<Channel, String> {
    let connector = TlsConnector::from(config);
    let open = move |_uri| {
        let (connector, resumed) = (connector.clone(), Arc::clone(&resumed));
        async move {
            let tcp = TcpStream::connect(address).await?;
            let name = ServerName::try_from("127.0.0.1").map_err(std::io::Error::other)?;
            let tls = connector.connect(name, tcp).await?;
            resumed.store(
                tls.get_ref().1.handshake_kind() == Some(HandshakeKind::Resumed),
                Ordering::SeqCst,
            );
            Ok::<_, std::io::Error>(TokioIo::new(tls))
        }
    };
    let channel = Endpoint::from_shared(format!("http://{address}"))
        .expect("an address")
        .connect_with_connector(tower::service_fn(open))
        .await
        .map_err(|error| format!("{error:?}"))?;
    // A TLS 1.3 server tells its verdict on the client certificate after the handshake.
    let mut health = tonic_health::pb::health_client::HealthClient::new(channel.clone());
    match health
        .check(tonic_health::pb::HealthCheckRequest::default())
        .await
    {
        Ok(_) => Ok(channel),
        // The authorizer spoke, so the handshake went well.
        Err(status)
            if matches!(
                status.code(),
                Code::Unauthenticated | Code::PermissionDenied
            ) =>
        {
            Ok(channel)
        }
        Err(status) => Err(format!("{status:?}")),
    }
}

/// A clock that stands still.
#[derive(Debug)]
struct Still(UnixTime);

impl TimeProvider for Still {
    fn current_time(&self) -> Option<UnixTime> {
        Some(self.0)
    }
}
