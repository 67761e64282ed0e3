//! TLS, usually 1.2, with the certificate that a service is bound to.

use std::io;
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::Acceptor;
use rustls::version::{TLS12, TLS13};
use rustls::{ServerConfig, SupportedProtocolVersion};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio_rustls::LazyConfigAcceptor;

use crate::console::World;
use crate::model::Model;
use crate::openssl::{self, Own, Terms};
use crate::router::Router;
use crate::wire::Wire;
use crate::x509::CertificateFacts;

/// What a door talks over.
pub(crate) trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Duplex for S {}

/// How a service shakes hands.
enum Manner {
    Rustls(Arc<ServerConfig>),
    OpenSsl(Terms),
    /// An alert, whatever the client says.
    Refusal,
}

/// Shakes hands; nothing when the client was turned away with an alert.
///
/// Without a certificate `api-ssl` offers anonymous Diffie-Hellman only, which no ordinary client
/// speaks, and `www-ssl` nothing: both answer `handshake_failure` (RFC 5246 §7.2).
pub(crate) async fn accept(
    router: &Arc<Router>,
    service: &str,
    stream: Wire,
) -> io::Result<Option<Box<dyn Duplex>>> {
    let manner = manner(&router.world(), service);
    match manner {
        Manner::Rustls(config) => {
            let start = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
            Ok(Some(Box::new(start.into_stream(config).await?)))
        }
        Manner::OpenSsl(terms) => {
            let router = Arc::clone(router);
            let clear = openssl::accept(stream, &terms, move |complaint| {
                if complaint.contains("no shared cipher") {
                    note_refusal(&router);
                }
            });
            Ok(Some(Box::new(clear.await?)))
        }
        Manner::Refusal => {
            // Unread octets would tear the connection before the alert is out.
            let start = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
            note_refusal(router);
            let mut stream = start.io;
            stream.write_all(&HANDSHAKE_FAILURE).await?;
            stream.shutdown().await?;
            Ok(None)
        }
    }
}

fn note_refusal(router: &Router) {
    router.world().note("ssld,error", "ssl: no common ciphers");
}

fn manner(world: &World, service: &str) -> Manner {
    let bound = world
        .state
        .service(service)
        .and_then(|row| row.get("certificate"));
    if service == "api-ssl" && bound.is_none_or(|name| name == "none") {
        return Manner::OpenSsl(Terms {
            suites: ANONYMOUS.to_owned(),
            own: None,
            clients: None,
        });
    }
    let Some(own) = world
        .bound_certificate(service)
        .and_then(|id| own(world, id))
    else {
        return Manner::Refusal;
    };
    if world.model == Model::V6_49 && world.assumptions.is("v6-tls", "dhe-rsa") {
        return Manner::OpenSsl(Terms {
            suites: DHE_RSA.to_owned(),
            own: Some(own),
            clients: None,
        });
    }
    if CertificateFacts::parse(own.chain.first().map_or(&[], Vec::as_slice))
        .is_ok_and(|facts| SHORT.contains(&facts.key_size.as_str()))
    {
        return Manner::OpenSsl(Terms {
            suites: ECDHE_RSA.to_owned(),
            own: Some(own),
            clients: None,
        });
    }
    match config(own, &versions(world, service)) {
        Ok(config) => Manner::Rustls(Arc::new(config)),
        Err(error) => {
            eprintln!("routeros-sim: {service}: {error}");
            Manner::Refusal
        }
    }
}

/// Returns a certificate that has its key, with its chain.
pub(crate) fn own(world: &World, id: u32) -> Option<Own> {
    let bound = world.state.certificates.iter().find(|one| one.id == id)?;
    let facts = CertificateFacts::parse(&bound.der.as_ref()?.0).ok()?;
    Some(Own {
        key: bound.key.as_ref()?.0.clone(),
        chain: chain(world, facts),
    })
}

fn versions(world: &World, service: &str) -> Vec<&'static SupportedProtocolVersion> {
    let row = world.state.service(service);
    let any = row.is_some_and(|row| row.get("tls-version").is_some_and(|one| one == "any"));
    match any && world.model.since(20) && world.assumptions.is("v7-tls13", "offered") {
        true => vec![&TLS13, &TLS12],
        false => vec![&TLS12],
    }
}

fn config(
    own: Own,
    versions: &[&'static SupportedProtocolVersion],
) -> Result<ServerConfig, rustls::Error> {
    let chain = own.chain.into_iter().map(CertificateDer::from).collect();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(own.key));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
}

/// The certificate and the intermediates that the store has, found by name as the device does.
fn chain(world: &World, leaf: CertificateFacts) -> Vec<Vec<u8>> {
    let store: Vec<CertificateFacts> = world
        .state
        .certificates
        .iter()
        .filter_map(|one| CertificateFacts::parse(&one.der.as_ref()?.0).ok())
        .collect();
    let mut chain = vec![leaf.der];
    let mut issuer = leaf.issuer_der;
    while chain.len() < 8 {
        let next = store
            .iter()
            .find(|one| one.subject_der == issuer && !one.self_signed);
        let Some(next) = next else { break };
        chain.push(next.der.clone());
        issuer.clone_from(&next.issuer_der);
    }
    chain
}

/// A fatal alert: `handshake_failure(40)`.
const HANDSHAKE_FAILURE: [u8; 7] = [21, 3, 3, 0, 2, 2, 40];

/// Sizes of RSA keys that rustls does not sign with.
const SHORT: [&str; 2] = ["1024", "1536"];

const ECDHE_RSA: &str = "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256";

const ANONYMOUS: &str = "ADH-AES256-GCM-SHA384:ADH-AES256-SHA256:ADH-AES256-SHA";

const DHE_RSA: &str = "DHE-RSA-AES256-GCM-SHA384:DHE-RSA-AES128-GCM-SHA256:\
    DHE-RSA-AES256-SHA256:DHE-RSA-AES256-SHA:DHE-RSA-AES128-SHA";
