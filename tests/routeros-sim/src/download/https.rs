//! TLS to a server from which the router fetches a file.

use std::sync::Arc;
use std::time::Duration;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::Trust;
use crate::x509::CertificateFacts;

/// Shakes hands with a server that is trusted.
pub(super) async fn secure(
    stream: TcpStream,
    host: &str,
    trust: Trust,
) -> Result<TlsStream<TcpStream>, String> {
    let name = ServerName::try_from(host.to_owned()).map_err(|error| error.to_string())?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let judge = Judge::new(trust)?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(judge))
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
        .map_err(|error| {
            let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
            match inner {
                Some(rustls::Error::InvalidCertificate(_)) => UNTRUSTED.to_owned(),
                _ => error.to_string(),
            }
        })
}

/// Judges by the clock and the store of the router.
#[derive(Debug)]
struct Judge {
    verifier: Option<Arc<WebPkiServerVerifier>>,
    /// CAs of the store that are no roots.
    between: Vec<CertificateDer<'static>>,
    now: UnixTime,
}

impl Judge {
    fn new(trust: Trust) -> Result<Self, String> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let seconds = u64::try_from(trust.now).unwrap_or_default();
        let now = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        let Some(authorities) = trust.authorities else {
            return Ok(Self {
                verifier: None,
                between: Vec::new(),
                now,
            });
        };
        let mut roots = RootCertStore::empty();
        // A chain whose CRLs count is checked up to its root.
        let (anchors, between): (Vec<_>, Vec<_>) = authorities.into_iter().partition(|der| {
            trust.crls.is_none()
                || CertificateFacts::parse(der).is_ok_and(|facts| facts.self_signed)
        });
        roots.add_parsable_certificates(anchors.into_iter().map(CertificateDer::from));
        if trust.crls.as_ref().is_some_and(Vec::is_empty) {
            return Err(UNTRUSTED.to_owned());
        }
        let crls = trust.crls.unwrap_or_default().into_iter();
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
            .with_crls(crls.map(CertificateRevocationListDer::from))
            .build()
            .map_err(|_unusable| UNTRUSTED.to_owned())?;
        Ok(Self {
            verifier: Some(verifier),
            between: between.into_iter().map(CertificateDer::from).collect(),
            now,
        })
    }
}

impl ServerCertVerifier for Judge {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        match &self.verifier {
            None => Ok(ServerCertVerified::assertion()),
            Some(verifier) => verifier.verify_server_cert(
                end_entity,
                &[intermediates, &self.between].concat(),
                server_name,
                ocsp_response,
                self.now,
            ),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        let algorithms = &provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        let algorithms = &provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        rustls::crypto::aws_lc_rs::default_provider()
            .signature_verification_algorithms
            .supported_schemes()
    }
}

/// What a router says of a server that no trusted CA vouches for.
const UNTRUSTED: &str = "SSL: ssl: no trusted CA certificate found (6)";
