//! TLS 1.2 with the certificate that a service is bound to.

use std::io;
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::Acceptor;
use rustls::{CipherSuite, ServerConfig};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

use crate::console::World;
use crate::model::Model;
use crate::router::Router;
use crate::x509::CertificateFacts;

/// Shakes hands; nothing when the client was turned away with an alert.
///
/// A service without a certificate offers anonymous Diffie-Hellman only, which no ordinary client
/// speaks: it gets `handshake_failure` (RFC 5246 §7.2).
pub(crate) async fn accept(
    router: &Router,
    service: &str,
    stream: TcpStream,
) -> io::Result<Option<TlsStream<TcpStream>>> {
    let start = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
    let config = {
        let world = router.world();
        let dhe_only = world.model == Model::V6_49 && world.assumptions.is("v6-tls", "dhe-rsa");
        let hello = start.client_hello();
        let spoken = !dhe_only
            || hello
                .cipher_suites()
                .iter()
                .any(|suite| DHE.contains(suite));
        if spoken {
            config(&world, service)
        } else {
            None
        }
    };
    let Some(config) = config else {
        router.world().note("ssld,error", "ssl: no common ciphers");
        let mut stream = start.io;
        stream.write_all(&HANDSHAKE_FAILURE).await?;
        stream.shutdown().await?;
        return Ok(None);
    };
    Ok(Some(start.into_stream(config).await?))
}

fn config(world: &World, service: &str) -> Option<Arc<ServerConfig>> {
    let id = world.bound_certificate(service)?;
    let bound = world.state.certificates.iter().find(|one| one.id == id)?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(bound.key.as_ref()?.0.clone()));
    let facts = CertificateFacts::parse(&bound.der.as_ref()?.0).ok()?;
    let chain = chain(world, facts);
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS12])
        .ok()?
        .with_no_client_auth()
        .with_single_cert(chain, key);
    match config {
        Ok(config) => Some(Arc::new(config)),
        Err(error) => {
            eprintln!("routeros-sim: {service}: {error}");
            None
        }
    }
}

/// The certificate and the intermediates that the store has, found by name as the device does.
fn chain(world: &World, leaf: CertificateFacts) -> Vec<CertificateDer<'static>> {
    let store: Vec<CertificateFacts> = world
        .state
        .certificates
        .iter()
        .filter_map(|one| CertificateFacts::parse(&one.der.as_ref()?.0).ok())
        .collect();
    let mut chain = vec![CertificateDer::from(leaf.der.clone())];
    let mut issuer = leaf.issuer_der;
    while chain.len() < 8 {
        let next = store
            .iter()
            .find(|one| one.subject_der == issuer && !one.self_signed);
        let Some(next) = next else { break };
        chain.push(CertificateDer::from(next.der.clone()));
        issuer.clone_from(&next.issuer_der);
    }
    chain
}

/// A fatal alert: `handshake_failure(40)`.
const HANDSHAKE_FAILURE: [u8; 7] = [21, 3, 3, 0, 2, 2, 40];

const DHE: [CipherSuite; 7] = [
    CipherSuite::TLS_DHE_RSA_WITH_AES_128_CBC_SHA,
    CipherSuite::TLS_DHE_RSA_WITH_AES_256_CBC_SHA,
    CipherSuite::TLS_DHE_RSA_WITH_AES_128_CBC_SHA256,
    CipherSuite::TLS_DHE_RSA_WITH_AES_256_CBC_SHA256,
    CipherSuite::TLS_DHE_RSA_WITH_AES_128_GCM_SHA256,
    CipherSuite::TLS_DHE_RSA_WITH_AES_256_GCM_SHA384,
    CipherSuite::TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
];
