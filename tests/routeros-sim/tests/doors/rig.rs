//! Routers, clients and certificates for the tests.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::header::AUTHORIZATION;
use hyper_util::rt::TokioIo;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
};
use routeros_sim::assumption::Assumptions;
use routeros_sim::door::{self, API, API_SSL, REST, REST_HTTP, SSH, SSTP};
use routeros_sim::factory::{Factory, FactoryCertificate};
use routeros_sim::model::Model;
use routeros_sim::router::{Door, Router, Settings};
use routeros_sim::row::Row;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::api::Client;

const SERVICES: &[&str] = &["www", "www-ssl", "api", "api-ssl", "ssh"];

/// A router with its doors open.
pub(crate) struct Rig {
    pub(crate) router: Arc<Router>,
    pub(crate) rest: SocketAddr,
    pub(crate) rest_http: SocketAddr,
    pub(crate) api: SocketAddr,
    pub(crate) api_ssl: SocketAddr,
    pub(crate) ssh: SocketAddr,
    pub(crate) sstp: SocketAddr,
    model: Model,
    assumed: Vec<String>,
    directory: TempDir,
    doors: Vec<JoinHandle<()>>,
}

impl Rig {
    pub(crate) async fn start(model: Model) -> Self {
        Self::assuming(model, &[]).await
    }

    pub(crate) async fn assuming(model: Model, assumed: &[&str]) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        Self::on(model, assumed, SERVICES, directory).await
    }

    /// A router with the services that nobody turned on or off.
    pub(crate) async fn from_the_box(model: Model) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        Self::on(model, &[], &[], directory).await
    }

    pub(crate) fn model(&self) -> Model {
        self.model
    }

    /// Where the state of the router is.
    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Switches the router off and on again.
    pub(crate) async fn restart(self) -> Self {
        for door in &self.doors {
            door.abort();
        }
        let assumed: Vec<&str> = self.assumed.iter().map(String::as_str).collect();
        Self::on(self.model, &assumed, SERVICES, self.directory).await
    }

    /// Switches the router off and on again with another setting.
    pub(crate) async fn with_setting(self, menu: &str, field: &str, value: &str) -> Self {
        self.with_state(|state| state["settings"][menu][field] = value.into())
            .await
    }

    /// Switches the router off and on again with a file, whatever way its version has to upload one.
    pub(crate) async fn with_file(self, name: &str, contents: &str) -> Self {
        self.with_files(&[(name, contents.as_bytes())]).await
    }

    /// Switches the router off and on again with files that need not be text.
    pub(crate) async fn with_files(self, files: &[(&str, &[u8])]) -> Self {
        let files = files.iter().map(|(name, contents)| {
            serde_json::json!({
                "id": format!("*F0{name}"),
                "name": name,
                "directory": false,
                "contents": STANDARD.encode(contents),
                "changed": 0,
            })
        });
        self.with_state(|state| {
            let own = state["files"].as_array_mut();
            own.expect("a list of files").extend(files);
        })
        .await
    }

    /// What a command over the binary API gives.
    pub(crate) async fn ask(&self, words: &[&str]) -> Result<Vec<Row>, String> {
        Client::logged_in(self).await.ask(words).await
    }

    /// The rows of a menu, over the binary API.
    pub(crate) async fn rows(&self, menu: &str) -> Vec<Row> {
        let print = format!("{menu}/print");
        self.ask(&[&print]).await.expect("rows")
    }

    /// The row of a menu that has a name.
    pub(crate) async fn row(&self, menu: &str, name: &str) -> Row {
        let rows = self.rows(menu).await;
        let own = rows
            .into_iter()
            .find(|row| row.get("name").is_some_and(|own| own == name));
        own.unwrap_or_else(|| panic!("{menu} has no {name}"))
    }

    /// Imports a file that lies on the router, and returns the counters.
    pub(crate) async fn import_file(&self, file: &str, passphrase: &str) -> Row {
        let (file, passphrase) = (
            format!("=file-name={file}"),
            format!("=passphrase={passphrase}"),
        );
        let words = ["/certificate/import", &file, &passphrase];
        self.ask(&words).await.expect("counters").remove(0)
    }

    /// Imports a file that lies on the router, gives the certificate in it a name, and returns the counters.
    pub(crate) async fn import_named(&self, file: &str, name: &str) -> Row {
        let name = format!("=name={name}");
        if self.model.has_rest() {
            let file = format!("=file-name={file}");
            let words = ["/certificate/import", &file, &name, "=passphrase="];
            return self.ask(&words).await.expect("counters").remove(0);
        }
        // Whether the import of 6.49 takes a name is not known.
        let counted = self.import_file(file, "").await;
        if counted["certificates-imported"] == "1" {
            let item = format!("=numbers={file}_0");
            let set = ["/certificate/set", &item, &name];
            self.ask(&set).await.expect("the row is there");
        }
        counted
    }

    /// Does something at the control port.
    pub(crate) async fn control(&self, method: &str, path: &str, body: &Value) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let router = Arc::clone(&self.router);
        let server = tokio::spawn(routeros_sim::control::serve(router, listener));
        let stream = TcpStream::connect(address).await.expect("a connection");
        let answer = request(stream, "", method, path, &body.to_string()).await;
        server.abort();
        assert_eq!(answer.expect("an answer").0, 204, "{path}");
    }

    /// Switches the router off and on again with a CRL, as DER, that it has downloaded.
    pub(crate) async fn with_crl(self, der: &[u8]) -> Self {
        let crl = serde_json::json!({
            "id": 0xF0,
            "url": "http://pki.example/list.crl",
            "dynamic": false,
            "der": STANDARD.encode(der),
            "failed": false,
        });
        self.with_state(|state| {
            let crls = state["crls"].as_array_mut();
            crls.expect("a list of CRLs").push(crl);
        })
        .await
    }

    async fn with_state(self, change: impl FnOnce(&mut Value)) -> Self {
        let path = self.directory.path().join("state.json");
        let text = std::fs::read_to_string(&path).expect("a state");
        let mut state: Value = serde_json::from_str(&text).expect("JSON");
        change(&mut state);
        std::fs::write(&path, state.to_string()).expect("the directory is writable");
        self.restart().await
    }

    async fn on(model: Model, assumed: &[&str], services: &[&str], directory: TempDir) -> Self {
        let mut assumptions = Assumptions::default();
        for text in assumed {
            assumptions.choose(text).expect("an assumption");
        }
        let factory = Factory {
            user: "admin",
            password: "secret",
            identity: "r1",
            services,
            certificate: FactoryCertificate::Absent,
        };
        let settings = Settings {
            model,
            assumptions,
            directory: directory.path(),
        };
        let router = Router::start(settings, |world| factory.set_up(world)).expect("a router");
        let mut doors = Vec::new();
        let rest = open(&router, REST, &mut doors).await;
        let rest_http = open(&router, REST_HTTP, &mut doors).await;
        let api = open(&router, API, &mut doors).await;
        let api_ssl = open(&router, API_SSL, &mut doors).await;
        let ssh = open(&router, SSH, &mut doors).await;
        let sstp = open(&router, SSTP, &mut doors).await;
        Self {
            router,
            rest,
            rest_http,
            api,
            api_ssl,
            ssh,
            sstp,
            model,
            assumed: assumed.iter().map(ToString::to_string).collect(),
            directory,
            doors,
        }
    }

    /// Executes a console script that must succeed.
    pub(crate) async fn paste(&self, script: &str) -> String {
        routeros_sim::paste::run(&self.router, script)
            .await
            .expect("the script runs")
    }

    /// Sends one REST request as the administrator.
    pub(crate) async fn call(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        self.call_as("admin:secret", method, path, body).await
    }

    pub(crate) async fn call_as(
        &self,
        who: &str,
        method: &str,
        path: &str,
        body: &str,
    ) -> (u16, Value) {
        let stream = TcpStream::connect(self.rest_http)
            .await
            .expect("a connection");
        request(stream, who, method, path, body)
            .await
            .expect("an answer")
    }

    /// Puts a file on the router.
    pub(crate) async fn upload(&self, name: &str, contents: &str) {
        let body = serde_json::json!({ "name": name, "contents": contents }).to_string();
        assert_eq!(self.call("PUT", "/rest/file", &body).await.0, 201, "{name}");
    }

    /// Imports a file under a name, and returns the counters.
    pub(crate) async fn import(&self, file: &str, name: &str) -> Value {
        let body = serde_json::json!({ "file-name": file, "name": name, "passphrase": "" });
        let (status, value) = self
            .call("POST", "/rest/certificate/import", &body.to_string())
            .await;
        assert_eq!(status, 200, "{value}");
        value[0].clone()
    }
}

async fn open(router: &Arc<Router>, door: Door, doors: &mut Vec<JoinHandle<()>>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    doors.push(tokio::spawn(door::serve(
        Arc::clone(router),
        door,
        listener,
    )));
    address
}

/// Sends one request over a connection; fails when the connection is cut.
pub(crate) async fn request<S>(
    stream: S,
    who: &str,
    method: &str,
    path: &str,
    body: &str,
) -> Result<(u16, Value), hyper::Error>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let task = tokio::spawn(connection);
    let request = hyper::Request::builder()
        .method(method)
        .uri(path)
        .header("host", "router")
        .header(AUTHORIZATION, format!("Basic {}", STANDARD.encode(who)))
        .body(Full::new(Bytes::from(body.to_owned())))
        .expect("a request");
    let response = sender.send_request(request).await?;
    let status = response.status().as_u16();
    let octets = response.into_body().collect().await?.to_bytes();
    drop(sender);
    task.abort();
    let value = if octets.is_empty() {
        Value::Null
    } else {
        serde_json::from_slice(&octets).expect("JSON")
    };
    Ok((status, value))
}

/// A client that accepts any certificate and remembers the chain.
#[derive(Debug)]
struct Witness {
    seen: Mutex<Vec<CertificateDer<'static>>>,
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let mut seen = self.seen.lock().expect("no test panicked");
        seen.push(leaf.clone().into_owned());
        seen.extend(intermediates.iter().map(|one| one.clone().into_owned()));
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        rustls::crypto::verify_tls12_signature(
            message,
            leaf,
            signed,
            &provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _leaf: &CertificateDer<'_>,
        _signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(rustls::Error::General(
            "the router speaks TLS 1.2".to_owned(),
        ))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        rustls::crypto::aws_lc_rs::default_provider()
            .signature_verification_algorithms
            .supported_schemes()
    }
}

/// Shakes hands and returns the chain that was served.
pub(crate) async fn handshake(
    address: SocketAddr,
) -> std::io::Result<(TlsStream<TcpStream>, Vec<CertificateDer<'static>>)> {
    let witness = Arc::new(Witness {
        seen: Mutex::new(Vec::new()),
    });
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(&witness) as Arc<dyn ServerCertVerifier>)
        .with_no_client_auth();
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::try_from("router").expect("a name");
    let stream = TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await?;
    let seen = witness.seen.lock().expect("no test panicked").clone();
    Ok((stream, seen))
}

/// A root, an intermediate and leaves.
pub(crate) struct Authority {
    pub(crate) root: String,
    pub(crate) intermediate: String,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let root = CertifiedIssuer::self_signed(ca("Root"), key()).expect("a root");
        let issuer =
            CertifiedIssuer::signed_by(ca("Issuing"), key(), &root).expect("an intermediate");
        Self {
            root: root.pem(),
            intermediate: issuer.pem(),
            issuer,
        }
    }

    /// The intermediate, to sign with.
    pub(crate) fn issuer(&self) -> &CertifiedIssuer<'static, KeyPair> {
        &self.issuer
    }

    /// A certificate for a key, as PEM.
    pub(crate) fn leaf(&self, name: &str, key: &KeyPair) -> String {
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
        params.distinguished_name.push(DnType::CommonName, name);
        params.signed_by(key, &self.issuer).expect("a leaf").pem()
    }
}

/// The argument of a template for the key that is made fastest: version 6 makes RSA keys only, and takes its time.
pub(crate) fn key_size(model: Model) -> &'static str {
    if model.has_rest() {
        "key-size=prime256v1"
    } else {
        "key-size=2048"
    }
}

/// A new RSA key.
pub(crate) fn rsa_key() -> KeyPair {
    KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).expect("a key")
}

/// A new P-256 key.
pub(crate) fn key() -> KeyPair {
    KeyPair::generate().expect("a key")
}

fn ca(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).expect("no names");
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}
