//! The server keeps its own certificate fresh.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ca_tests::{Algorithm, Site};
use ca_types::{Clock as _, FakeClock};
use ca_verify::Certificate;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::in_process;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_listener_renews_its_certificate_at_two_thirds_of_its_life() {
    let site = Site::new(Algorithm::P256);
    let server = in_process::start(&site).await;
    let (api, ca) = (server.addresses.api, site.data().join("admin/ca.pem"));
    let first = shown(api, &ca, &server.clock).await;
    let life = first.validity().seconds();
    server.clock.advance(life * 2 / 3 + 60);
    // The server looks every ten seconds.
    let end = Instant::now() + Duration::from_secs(60);
    let second = loop {
        let now = shown(api, &ca, &server.clock).await;
        if now.fingerprint() != first.fingerprint() {
            break now;
        }
        assert!(Instant::now() < end, "not renewed");
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    assert!(second.validity().not_after() > first.validity().not_after());
    assert_eq!(second.sans(), first.sans());
    assert_ne!(second.public_key().key_id(), first.public_key().key_id());
    let kept = std::fs::read(site.data().join("tls/server.pem")).expect("it is kept");
    let kept = Certificate::chain_from_pem(&kept).expect("a chain");
    assert_eq!(
        kept[0].fingerprint(),
        second.fingerprint(),
        "what is shown is what is kept"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listener_key_without_its_certificate_is_replaced_at_the_start() {
    let site = Site::new(Algorithm::P256);
    // As after a crash between the two files: the key is not that of the certificate.
    let foreign = rcgen::KeyPair::generate()
        .expect("the machine has randomness")
        .serialize_pem();
    std::fs::write(site.data().join("tls/server.key"), foreign).expect("the directory is ours");
    let server = in_process::start(&site).await;
    shown(
        server.addresses.api,
        &site.data().join("admin/ca.pem"),
        &server.clock,
    )
    .await;
}

/// Returns the certificate that the listener shows.
async fn shown(address: SocketAddr, ca: &Path, clock: &FakeClock) -> Certificate {
    let mut anchors = RootCertStore::empty();
    anchors
        .add(CertificateDer::from_pem_file(ca).expect("the CA of the API"))
        .expect("an anchor");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_details(provider, Arc::new(Now(clock.clone())))
        .with_safe_default_protocol_versions()
        .expect("the provider speaks TLS")
        .with_root_certificates(anchors)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let tcp = TcpStream::connect(address).await.expect("it listens");
    let name = ServerName::try_from("127.0.0.1").expect("a name");
    let tls = TlsConnector::from(Arc::new(config))
        .connect(name, tcp)
        .await;
    let tls = tls.expect("the certificate of the listener is by the control CA");
    let leaf = tls
        .get_ref()
        .1
        .peer_certificates()
        .and_then(|chain| chain.first())
        .expect("a certificate");
    Certificate::from_der(leaf).expect("a certificate")
}

/// The clock of the server.
#[derive(Debug)]
struct Now(FakeClock);

impl TimeProvider for Now {
    fn current_time(&self) -> Option<UnixTime> {
        let seconds = u64::try_from(self.0.now().seconds()).ok()?;
        Some(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
    }
}
