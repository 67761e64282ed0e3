//! TLS to the API: tokio-rustls below, tonic's HTTP/2 above.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ConfigBuilder, RootCertStore, client::WantsClientCert};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tonic::transport::{Channel, Endpoint, Uri};

use super::ClientError;
use super::error::chain;
use crate::files;
use crate::settings::{CredentialFiles, ServerAddress};

/// Makes TLS settings with a client certificate.
pub(super) fn identified(
    ca: &Path,
    credential: &CredentialFiles,
) -> Result<ClientConfig, ClientError> {
    let wrong = |file: &Path, what: String| ClientError::Credential {
        file: file.to_owned(),
        what,
    };
    let chain = certificates(&credential.certificate)?;
    let key = zeroize::Zeroizing::new(files::read(&credential.key)?);
    let key = PrivateKeyDer::from_pem_slice(&key).map_err(|error| {
        wrong(
            &credential.key,
            format!("wanted an unencrypted key in PEM: {error}"),
        )
    })?;
    let config = trusting(ca)?
        .with_client_auth_cert(chain, key)
        .map_err(|error| {
            wrong(
                &credential.certificate,
                format!("does not fit its key: {error}"),
            )
        })?;
    Ok(speaking_http2(config))
}

/// Makes TLS settings without a client certificate.
pub(super) fn anonymous(ca: &Path) -> Result<ClientConfig, ClientError> {
    Ok(speaking_http2(trusting(ca)?.with_no_client_auth()))
}

/// Connects, within 10 seconds, and gives every later call 60.
pub(super) async fn connect(
    server: &ServerAddress,
    tls: ClientConfig,
) -> Result<Channel, ClientError> {
    let failed = |what: String| ClientError::Connection {
        server: server.to_string().into(),
        what,
    };
    let name = ServerName::try_from(server.host().to_owned())
        .map_err(|error| failed(error.to_string()))?;
    let address = (server.host().to_owned(), server.port());
    let tls = TlsConnector::from(Arc::new(tls));
    let connector = tower::service_fn(move |_uri: Uri| {
        let (name, (host, port), tls) = (name.clone(), address.clone(), tls.clone());
        async move {
            let stream = TcpStream::connect((host.as_str(), port)).await?;
            stream.set_nodelay(true)?;
            tls.connect(name, stream).await.map(TokioIo::new)
        }
    });
    // tonic refuses an https endpoint without TLS settings of its own; the origin tells the scheme in force.
    let origin: Uri = server
        .to_string()
        .parse()
        .map_err(|error: tonic::codegen::http::uri::InvalidUri| failed(error.to_string()))?;
    Endpoint::from_shared(format!("http://{}", server.authority()))
        .map_err(|error| failed(chain(&error)))?
        .origin(origin)
        .connect_timeout(CONNECT)
        .timeout(CALL)
        .connect_with_connector(connector)
        .await
        .map_err(|error| failed(chain(&error)))
}

fn trusting(ca: &Path) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, ClientError> {
    let mut anchors = RootCertStore::empty();
    for certificate in certificates(ca)? {
        anchors
            .add(certificate)
            .map_err(|error| ClientError::Credential {
                file: ca.to_owned(),
                what: error.to_string(),
            })?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| ClientError::Credential {
            file: ca.to_owned(),
            what: error.to_string(),
        })?;
    Ok(builder.with_root_certificates(anchors))
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, ClientError> {
    let wrong = |what: String| ClientError::Credential {
        file: file.to_owned(),
        what,
    };
    let pem = files::read(file)?;
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<_, _>>()
        .map_err(|error| wrong(error.to_string()))?;
    if certificates.is_empty() {
        return Err(wrong(
            "wanted a certificate in PEM, there is none".to_owned(),
        ));
    }
    Ok(certificates)
}

fn speaking_http2(mut config: ClientConfig) -> ClientConfig {
    config.alpn_protocols = vec![b"h2".to_vec()];
    config
}

const CONNECT: Duration = Duration::from_secs(10);
const CALL: Duration = Duration::from_secs(60);
