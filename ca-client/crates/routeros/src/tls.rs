//! TLS to a router: a pinned key, whatever name and dates its certificate has.

use std::fmt;
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use ca_types::{Fingerprint, KeyId};
use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, OtherError,
    SignatureScheme,
};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::connect::{authority, dial};
use crate::{Pin, RouterError, certificate_fingerprint};

/// What makes the key of a router the right one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// It is one of these keys.
    Pins(Vec<KeyId>),
    /// Its certificate has the fingerprint that was read from its console: first contact.
    Fingerprint(Fingerprint),
}

/// What a server showed in a handshake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerChain {
    /// The certificates in DER, its own first; the handshake proved that it holds the key of the first.
    pub certificates: Vec<Vec<u8>>,
}

/// Completes a TLS handshake with any key, says nothing, and returns the certificates that were shown.
///
/// The caller verifies path and name.
///
/// # Errors
/// Fails when nobody answers within the deadline or the handshake fails.
pub async fn handshake(
    address: &str,
    port: u16,
    server_name: Option<&str>,
    deadline: Duration,
) -> Result<PeerChain, RouterError> {
    let place = authority(address, port);
    let steps = async {
        let stream = dial(address, port).await?;
        secure(stream, &place, server_name, Accepted::Any).await
    };
    let stream = timeout(deadline, steps)
        .await
        .map_err(|_elapsed| silent(&place, deadline))??;
    let shown = stream.get_ref().1.peer_certificates().unwrap_or_default();
    let certificates = shown.iter().map(|der| der.to_vec()).collect();
    Ok(PeerChain { certificates })
}

/// The keys that a handshake accepts.
#[derive(Debug, Clone)]
pub(crate) enum Accepted {
    /// Whatever is shown.
    Any,
    /// One of these, or the one of the certificate with this fingerprint.
    These {
        pins: Vec<KeyId>,
        fingerprint: Option<Fingerprint>,
    },
}

impl Accepted {
    /// Accepts one more key.
    pub(crate) fn add(&mut self, pin: KeyId) {
        match self {
            Self::Any => {}
            Self::These { pins, .. } => pins.push(pin),
        }
    }

    /// Returns the keys themselves.
    pub(crate) fn pins(&self) -> Vec<KeyId> {
        match self {
            Self::Any => Vec::new(),
            Self::These { pins, .. } => pins.clone(),
        }
    }

    fn accepts(&self, pin: Pin, certificate: &CertificateDer<'_>) -> bool {
        match self {
            Self::Any => true,
            Self::These { pins, fingerprint } => {
                pins.contains(&pin.key())
                    || *fingerprint == Some(certificate_fingerprint(certificate))
            }
        }
    }
}

impl From<&Trust> for Accepted {
    fn from(trust: &Trust) -> Self {
        let (pins, fingerprint) = match trust {
            Trust::Pins(pins) => (pins.clone(), None),
            Trust::Fingerprint(fingerprint) => (Vec::new(), Some(*fingerprint)),
        };
        Self::These { pins, fingerprint }
    }
}

/// Makes a stream a TLS stream; the key of the other side is proved when this returns.
pub(crate) async fn secure(
    stream: TcpStream,
    place: &str,
    server_name: Option<&str>,
    accepted: Accepted,
) -> Result<TlsStream<TcpStream>, RouterError> {
    let config = settings(accepted).map_err(|error| RouterError::Tls {
        address: place.to_owned(),
        what: error.to_string(),
    })?;
    // An address is not sent as server name; it stands for "none" too.
    let name = server_name
        .and_then(|name| ServerName::try_from(name.to_owned()).ok())
        .unwrap_or_else(|| ServerName::IpAddress(Ipv4Addr::UNSPECIFIED.into()));
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
        .map_err(|error| refusal(place, &error))
}

/// Says that nobody answered in time.
pub(crate) fn silent(place: &str, deadline: Duration) -> RouterError {
    RouterError::Unreachable {
        address: place.to_owned(),
        what: format!("no answer within {} s", deadline.as_secs()),
    }
}

fn settings(accepted: Accepted) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = Verifier {
        accepted,
        provider: Arc::clone(&provider),
    };
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    // A resumed session would show no certificate.
    config.resumption = Resumption::disabled();
    Ok(config)
}

fn refusal(place: &str, error: &io::Error) -> RouterError {
    let address = place.to_owned();
    let inner = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>());
    if let Some(found) = inner.and_then(wrong_key) {
        return RouterError::WrongPin {
            address,
            found: found.to_string(),
        };
    }
    let what = error.to_string();
    match inner {
        Some(
            rustls::Error::AlertReceived(
                AlertDescription::HandshakeFailure
                | AlertDescription::ProtocolVersion
                | AlertDescription::InsufficientSecurity,
            )
            | rustls::Error::PeerIncompatible(_)
            | rustls::Error::NoCertificatesPresented,
        ) => RouterError::NoCommonTls { address, what },
        _ => RouterError::Tls { address, what },
    }
}

fn wrong_key(error: &rustls::Error) -> Option<&WrongKey> {
    let rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(cause))) = error
    else {
        return None;
    };
    cause.downcast_ref()
}

/// Accepts keys, not names or dates: the clock of a router may be wrong, its certificate expired.
#[derive(Debug)]
struct Verifier {
    accepted: Accepted,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let pin = Pin::of_certificate(end_entity).ok_or(CertificateError::BadEncoding)?;
        if self.accepted.accepts(pin, end_entity) {
            return Ok(ServerCertVerified::assertion());
        }
        let cause = OtherError(Arc::new(WrongKey(pin)));
        Err(CertificateError::Other(cause).into())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

#[derive(Debug)]
struct WrongKey(Pin);

impl fmt::Display for WrongKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for WrongKey {}
