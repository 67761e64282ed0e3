//! The running server: opens the state, binds the listeners, publishes, serves, and stops in order.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ca_core::{Issuer, IssuerUrls, Policy, Signer};
use ca_store::{CaStore, IssuerRow, LogStore, OpenOptions, StoreError};
use ca_types::{Clock, Code, Hinted, IssuerClass, IssuerId, Passphrase};
use ca_verify::{Certificate, CertificateError};
use metrics_exporter_prometheus::PrometheusHandle;
use rustls::pki_types::CertificateDer;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::authority::{Authority, CertificateAuthority, Parts};
use crate::authz::{AuthorizeLayer, Authorizer};
use crate::connections::Connections;
use crate::crl_publisher::{CrlError, CrlPublisher};
use crate::data_dir::DataDir;
use crate::http::{HttpLimits, Operations, Readiness, publish_router};
use crate::keystore::{KeyFile, KeyStoreError, load_keys};
use crate::listener_certificate::{ListenerCertificate, ListenerCertificateError};
use crate::lock::{DataDirLock, LockError};
use crate::publication::{Document, Publication};
use crate::settings::Settings;
use crate::tasks::Tasks;
use crate::tls::PeerStream;

mod api;

/// How long a stopping server waits for calls under way.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a server is started with.
pub struct ServeOptions {
    /// The data directory.
    pub data: DataDir,
    /// The settings in force.
    pub settings: Settings,
    /// The passphrase of the CA keys.
    pub passphrase: Passphrase,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The metrics of this process, to show them.
    pub metrics: Option<PrometheusHandle>,
    /// Hears how far opening the store has come.
    pub progress: Box<dyn FnMut(ca_store::Progress) + Send>,
}

/// A server that accepts on all its listeners.
#[derive(Debug)]
pub struct Server {
    addresses: Addresses,
    tasks: Tasks,
    store: Arc<LogStore>,
    _lock: DataDirLock,
}

/// Where a server listens.
#[derive(Debug, Clone, Copy)]
pub struct Addresses {
    /// The gRPC API.
    pub api: SocketAddr,
    /// The published documents.
    pub http: SocketAddr,
    /// Health and metrics.
    pub operations: SocketAddr,
}

impl Server {
    /// Starts; when it returns, all three listeners accept and every CRL is served.
    ///
    /// # Errors
    /// Fails before anything is served when a part cannot be used.
    pub async fn start(options: ServeOptions) -> Result<Self, ServeError> {
        let ServeOptions {
            data,
            settings,
            passphrase,
            clock,
            metrics,
            progress,
        } = options;
        let lock = DataDirLock::take(&data)?;
        let api = bind(settings.listen, "listen").await?;
        let http = bind(settings.http_listen, "http_listen").await?;
        let operations = bind(settings.operations_listen, "operations_listen").await?;
        let addresses = Addresses {
            api: local(&api)?,
            http: local(&http)?,
            operations: local(&operations)?,
        };

        let store = open_store(&data, progress).await?;
        let (cas, passphrase) = load_cas(&data, &settings, store.as_ref(), passphrase).await?;
        drop(passphrase);
        warn_of_root_key(&data);

        let tasks = Tasks::default();
        let publication = Arc::new(Publication::new());
        let readiness = Arc::new(Readiness::default());
        publish_certificates(&publication, &cas);
        let as_store: Arc<dyn CaStore> = Arc::clone(&store) as Arc<dyn CaStore>;
        let crls = CrlPublisher::start(
            Arc::clone(&as_store),
            Arc::clone(&clock),
            settings.digest,
            data.crls(),
            Arc::clone(&publication),
            &cas,
        )
        .await?;
        let limits = settings.limits;
        let connections = Connections::new(limits.connections, limits.connections_per_peer);
        let authority = Authority::new(Parts {
            store: Arc::clone(&as_store),
            clock: Arc::clone(&clock),
            cas: cas.clone(),
            policy: Policy {
                domains: settings.domains.clone(),
            },
            settings: settings.digest,
            crls: Arc::clone(&crls),
            connections: Arc::clone(&connections),
            readiness: Arc::clone(&readiness),
            tasks: tasks.clone(),
        });
        let certificate =
            ListenerCertificate::open(&data, &settings, Arc::clone(&authority), Arc::clone(&clock))
                .await?;

        tasks.spawn(Arc::clone(&crls).run(tasks.stop()));
        let identity = certificate.identity();
        tasks.spawn(certificate.watch(tasks.stop()));
        let tls = crate::tls::server_config(
            &control_anchors(&cas),
            identity,
            Arc::clone(&clock),
        )?;
        let accepted = crate::tls::accept(
            api,
            Arc::new(tls),
            Arc::clone(&connections),
            limits.handshake,
            tasks.clone(),
        )
        .await;
        let authorize =
            AuthorizeLayer::new(Authorizer::new(Arc::clone(&as_store), Arc::clone(&clock)));
        api::spawn(authority, authorize, accepted, &limits, &tasks)?;
        let http_limits = HttpLimits {
            connections: limits.http_connections,
            connections_per_peer: limits.http_connections_per_peer,
            stall: limits.http_stall,
        };
        let publish = publish_router(Arc::clone(&publication), Arc::clone(&clock));
        crate::http::serve(http, publish, http_limits, &tasks);
        let shown = Operations {
            readiness: Arc::clone(&readiness),
            publication,
            clock,
            metrics,
        };
        crate::http::serve(operations, shown.router(), http_limits, &tasks);
        readiness.set_accepting(true);
        readiness.set_listening(true);
        Ok(Self {
            addresses,
            tasks,
            store,
            _lock: lock,
        })
    }

    /// Returns where it listens.
    pub fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// Serves until `stop`, then lets calls under way end and closes the store.
    ///
    /// # Errors
    /// Fails when the end of the log cannot be written.
    pub async fn run(self, stop: CancellationToken) -> Result<(), ServeError> {
        stop.cancelled().await;
        tracing::info!("stopping");
        if !self.tasks.shut_down(PATIENCE).await {
            tracing::warn!("calls under way were cut");
        }
        let store = Arc::clone(&self.store);
        tokio::task::spawn_blocking(move || store.close())
            .await
            .map_err(|_lost| ServeError::Interrupted)?;
        tracing::info!("stopped");
        Ok(())
    }
}

async fn bind(address: SocketAddr, key: &'static str) -> Result<TcpListener, ServeError> {
    TcpListener::bind(address)
        .await
        .map_err(|source| ServeError::Bind {
            address,
            key,
            source,
        })
}

fn local(listener: &TcpListener) -> Result<SocketAddr, ServeError> {
    listener.local_addr().map_err(ServeError::Address)
}

async fn open_store(
    data: &DataDir,
    progress: Box<dyn FnMut(ca_store::Progress) + Send>,
) -> Result<Arc<LogStore>, ServeError> {
    let path = data.path().to_owned();
    let opened = tokio::task::spawn_blocking(move || {
        LogStore::open(
            &path,
            OpenOptions {
                progress,
                ..OpenOptions::system()
            },
        )
    });
    let (store, report) = opened.await.map_err(|_lost| ServeError::Interrupted)??;
    if let Some(torn) = &report.torn {
        tracing::warn!(segment = %torn.segment.display(), offset = torn.offset, octets = torn.octets, "torn end of the log cut off");
    }
    tracing::info!(leaves = report.leaves, index = ?report.index, "store opened");
    Ok(Arc::new(store))
}

/// Builds the CAs from their records and loads the keys that are here, in parallel.
async fn load_cas(
    data: &DataDir,
    settings: &Settings,
    store: &dyn CaStore,
    passphrase: Passphrase,
) -> Result<(BTreeMap<IssuerId, Arc<CertificateAuthority>>, Passphrase), ServeError> {
    let rows = store.issuers().await?;
    let mut issuers = Vec::new();
    for row in &rows {
        let certificate = Certificate::from_der(&row.certificate)?;
        let urls = IssuerUrls::below(&settings.publish_url.to_string(), &row.id);
        issuers.push(Issuer {
            id: row.id.clone(),
            class: row.class,
            trust_domain: row.trust_domain.clone(),
            certificate,
            urls,
        });
    }
    let files: Vec<KeyFile> = issuers
        .iter()
        .filter(|issuer| issuer.class != IssuerClass::Root)
        .map(|issuer| KeyFile {
            issuer: issuer.id.clone(),
            path: data.key_file(&issuer.id),
            public_key: issuer.certificate.public_key().clone(),
        })
        .collect();
    let loading = tokio::task::spawn_blocking(move || (load_keys(&files, &passphrase), passphrase));
    let (signers, passphrase) = loading.await.map_err(|_lost| ServeError::Interrupted)?;
    let mut signers: BTreeMap<IssuerId, Arc<dyn Signer>> = signers?;
    let cas = issuers
        .into_iter()
        .map(|issuer| {
            let chain = chain_of(&issuer, &rows);
            let signer = signers.remove(&issuer.id);
            (
                issuer.id.clone(),
                Arc::new(CertificateAuthority {
                    issuer,
                    signer,
                    chain,
                }),
            )
        })
        .collect();
    Ok((cas, passphrase))
}

/// Returns the certificate of a CA, and behind it the root of its trust domain.
fn chain_of(issuer: &Issuer, rows: &[IssuerRow]) -> Vec<Vec<u8>> {
    let own = issuer.certificate.der().to_vec();
    let root = rows.iter().find(|row| {
        row.class == IssuerClass::Root
            && row.trust_domain == issuer.trust_domain
            && row.id != issuer.id
    });
    std::iter::once(own)
        .chain(root.map(|row| row.certificate.clone()))
        .collect()
}

fn control_anchors(
    cas: &BTreeMap<IssuerId, Arc<CertificateAuthority>>,
) -> Vec<CertificateDer<'static>> {
    cas.values()
        .filter(|ca| ca.issuer.class == IssuerClass::Control)
        .map(|ca| CertificateDer::from(ca.certificate().der().to_vec()))
        .collect()
}

/// Publishes the certificate of every CA, and all of devices in one file: the root first.
fn publish_certificates(
    publication: &Publication,
    cas: &BTreeMap<IssuerId, Arc<CertificateAuthority>>,
) {
    let mut chain: Vec<&Arc<CertificateAuthority>> = cas
        .values()
        .filter(|ca| ca.issuer.class != IssuerClass::Control)
        .collect();
    chain.sort_by_key(|ca| (ca.issuer.class, ca.issuer.id.clone()));
    let newest = cas
        .values()
        .map(|ca| ca.certificate().validity().not_before())
        .max();
    for (id, ca) in cas {
        let document = Document {
            octets: ca.certificate().der().to_vec(),
            media_type: "application/pkix-cert",
            last_modified: ca.certificate().validity().not_before(),
            expires: None,
        };
        publication.publish(format!("/ca/{id}.cer"), document);
    }
    if let Some(last_modified) = newest {
        let octets = chain
            .iter()
            .map(|ca| ca.certificate().to_pem())
            .collect::<String>()
            .into_bytes();
        let document = Document {
            octets,
            media_type: "application/x-pem-file",
            last_modified,
            expires: None,
        };
        publication.publish("/ca/chain.pem", document);
    }
}

fn warn_of_root_key(data: &DataDir) {
    let folder = data.root_offline();
    if folder.exists() {
        tracing::warn!(folder = %folder.display(), "the root key is still on this machine: move the folder away");
    }
}

/// Why a server does not start, or did not end well.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Another process has the data directory.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// A listener does not bind.
    #[error("{key} = \"{address}\": the address cannot be listened on")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// The key of the settings.
        key: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// A bound listener has no address.
    #[error("a listener has no address")]
    Address(#[source] std::io::Error),
    /// The store does not open.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A CA certificate of the log does not parse.
    #[error("a CA certificate of the log does not parse")]
    Certificate(#[from] CertificateError),
    /// A CA key does not load.
    #[error(transparent)]
    KeyStore(#[from] KeyStoreError),
    /// A CRL cannot be published.
    #[error(transparent)]
    Crl(#[from] CrlError),
    /// The certificate of the listener cannot be used or renewed.
    #[error(transparent)]
    ListenerCertificate(#[from] ListenerCertificateError),
    /// The TLS settings do not hold together.
    #[error("TLS cannot be set up")]
    Tls(#[from] rustls::Error),
    /// The API description is not readable.
    #[error("the description of the API is not readable")]
    Reflection(#[from] tonic_reflection::server::Error),
    /// The process ends.
    #[error("stopped while starting")]
    Interrupted,
}

impl Hinted for ServeError {
    fn code(&self) -> Code {
        match self {
            Self::Lock(error) => error.code(),
            Self::Store(error) => error.code(),
            Self::KeyStore(error) => error.code(),
            Self::Bind { .. }
            | Self::Address(_)
            | Self::Crl(_)
            | Self::ListenerCertificate(_)
            | Self::Interrupted => Code::Unavailable,
            Self::Certificate(_) | Self::Tls(_) | Self::Reflection(_) => Code::Internal,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Lock(error) => error.hint(),
            Self::Store(error) => error.hint(),
            Self::KeyStore(error) => error.hint(),
            Self::Bind { key, source, .. } => Some(match source.kind() {
                std::io::ErrorKind::AddrInUse => {
                    format!("another program listens there: stop it, or change {key} in ca-server.toml")
                }
                std::io::ErrorKind::PermissionDenied => {
                    "ports below 1024 need the capability CAP_NET_BIND_SERVICE, as in docs/ca-server.service".to_owned()
                }
                _ => format!("change {key} in ca-server.toml to an address of this machine"),
            }),
            Self::Crl(CrlError::Missing { path, .. }) => {
                Some(format!("put the last CRL of the CA back as {}", path.display()))
            }
            Self::Address(_)
            | Self::Certificate(_)
            | Self::Crl(_)
            | Self::ListenerCertificate(_)
            | Self::Tls(_)
            | Self::Reflection(_)
            | Self::Interrupted => None,
        }
    }
}

/// The path of the settings file when only the data directory is given.
pub fn settings_path(config: Option<PathBuf>, data: &DataDir) -> PathBuf {
    config.unwrap_or_else(|| data.settings_file())
}

/// The accepted connections, as tonic takes them.
type Accepted = tokio::sync::mpsc::Receiver<Result<PeerStream, std::io::Error>>;
