//! The gRPC API, called without the client under test.

use std::{path::Path, sync::Arc};

use aws_lc_rs::rand::SecureRandom as _;
use ca_proto::v1::{IssueRequest, certificate_authority_client::CertificateAuthorityClient};
use hyper_util::rt::TokioIo;
use rcgen::{CertificateParams, DnType, KeyPair, PKCS_ECDSA_P256_SHA256, SanType, SigningKey as _};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject as _},
};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tonic::transport::{Channel, Endpoint};

/// A connection as the admin of a site.
#[derive(Debug, Clone)]
pub struct Api {
    channel: Channel,
}

impl Api {
    /// Connects with the credential in `admin`, the folder that `init` writes.
    ///
    /// # Errors
    /// Fails when the credential is not readable or the server does not accept it.
    pub async fn connect(admin: &Path, port: u16) -> anyhow::Result<Self> {
        let mut anchors = RootCertStore::empty();
        anchors.add(CertificateDer::from_pem_file(admin.join("ca.pem"))?)?;
        let chain: Vec<CertificateDer<'static>> =
            CertificateDer::pem_file_iter(admin.join("admin.pem"))?.collect::<Result<_, _>>()?;
        let key = PrivateKeyDer::from_pem_file(admin.join("admin.key"))?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(anchors)
            .with_client_auth_cert(chain, key)?;
        config.alpn_protocols = vec![b"h2".to_vec()];
        let connector = TlsConnector::from(Arc::new(config));
        let channel = Endpoint::from_shared(format!("http://127.0.0.1:{port}"))?
            .connect_with_connector(tower::service_fn(move |_| {
                let connector = connector.clone();
                async move {
                    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
                    stream.set_nodelay(true)?;
                    let name = ServerName::try_from("127.0.0.1").map_err(std::io::Error::other)?;
                    Ok::<_, std::io::Error>(TokioIo::new(connector.connect(name, stream).await?))
                }
            }))
            .await?;
        Ok(Self { channel })
    }

    /// Returns the client of the service that issues.
    pub fn authority(&self) -> CertificateAuthorityClient<Channel> {
        CertificateAuthorityClient::new(self.channel.clone())
    }

    /// Returns the connection, for the clients of other services.
    pub fn channel(&self) -> Channel {
        self.channel.clone()
    }
}

/// A P-256 key of an end entity.
#[derive(Debug)]
pub struct Key(KeyPair);

impl Key {
    /// Makes a key.
    ///
    /// # Panics
    /// When the machine has no randomness.
    pub fn new() -> Self {
        Self(KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).expect("the machine has randomness"))
    }

    /// Returns the key as PKCS#8.
    pub fn pkcs8(&self) -> Vec<u8> {
        self.0.serialize_der()
    }

    /// Signs octets: ECDSA with SHA-256, in DER.
    ///
    /// # Panics
    /// When the machine has no randomness.
    pub fn sign(&self, octets: &[u8]) -> Vec<u8> {
        self.0.sign(octets).expect("the machine has randomness")
    }

    /// Returns a certification request in DER that names `name` and nothing else.
    ///
    /// # Panics
    /// When the name is no text for a certificate.
    pub fn certification_request(&self, name: &str) -> Vec<u8> {
        self.certification_request_with(name, Vec::new())
    }

    /// Returns a certification request in DER that asks for alternative names too.
    ///
    /// # Panics
    /// When the name is no text for a certificate.
    pub fn certification_request_with(&self, name: &str, sans: Vec<SanType>) -> Vec<u8> {
        let mut params = CertificateParams::default();
        params.subject_alt_names = sans;
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params
            .serialize_request(&self.0)
            .expect("the name is text")
            .der()
            .to_vec()
    }

    /// Returns a request for a certificate of `profile`, with a fresh request id.
    pub fn issue_request(&self, profile: &str, name: &str) -> IssueRequest {
        IssueRequest {
            request_id: request_id(),
            profile: profile.to_owned(),
            name: name.to_owned(),
            sans: Vec::new(),
            days: 0,
            certification_request: self.certification_request(name),
            replace: false,
            targets: Vec::new(),
        }
    }
}

impl Default for Key {
    fn default() -> Self {
        Self::new()
    }
}

/// Returns a fresh request id: 32 hexadecimal digits.
///
/// # Panics
/// When the machine has no randomness.
pub fn request_id() -> String {
    let mut octets = [0; 16];
    aws_lc_rs::rand::SystemRandom::new()
        .fill(&mut octets)
        .expect("the machine has randomness");
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}
