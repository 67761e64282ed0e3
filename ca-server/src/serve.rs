//! The running server: opens the state, binds the listeners, publishes, serves, and stops in order.

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use ca_store::files::Files;
use ca_store::{CaStore, IndexSeal, LogId, LogStore, OpenOptions, StoreError};
use ca_types::{Clock, IssuerClass, Passphrase};
use front::{Front, FrontParts};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio::signal::unix::Signal;
use tokio_util::sync::CancellationToken;

use crate::authority::{Authority, Hierarchy, Parts};
use crate::authz::{AuthorizeLayer, Authorizer};
use crate::checkpoint::{
    CheckpointError, CheckpointParts, Checkpoints, OpenedLogKey, open_log_key,
};
use crate::clock_guard::ClockGuard;
use crate::connections::Connections;
use crate::crl_publisher::{CrlParts, CrlPublisher};
use crate::data_dir::DataDir;
use crate::in_force::InForce;
use crate::index_seal::{IndexSealer, is_sealed_by};
use crate::keystore::{CaKeys, KeyStoreError, KeysAhead, settle_keys};
use crate::listener_certificate::ListenerCertificate;
use crate::lock::DataDirLock;
use crate::publication::Publication;
use crate::settings::Settings;
use crate::settings_version::{last_version, record_settings};
use crate::tasks::Tasks;
use crate::tls::PeerStream;

mod api;
mod error;
mod front;
mod hierarchy;

pub use error::ServeError;

/// How long a stopping server waits for calls under way.
const PATIENCE: Duration = Duration::from_secs(5);

/// Hears how far opening the store has come.
pub type HearsProgress = Box<dyn FnMut(ca_store::Progress) + Send>;

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
    /// The file system of the log.
    pub files: Arc<dyn Files>,
    /// Hears how far opening the store has come.
    pub progress: HearsProgress,
}

impl fmt::Debug for ServeOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServeOptions")
            .field("data", &self.data)
            .finish_non_exhaustive()
    }
}

/// A server that accepts on all its listeners.
#[derive(Debug)]
pub struct Server {
    addresses: Addresses,
    tasks: Tasks,
    authority: Arc<Authority>,
    store: Arc<LogStore>,
    checkpoints: Arc<Checkpoints>,
    sealer: Arc<IndexSealer>,
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
    /// The CRLs that are there as files are served at once, and operators see how far it has come.
    ///
    /// # Errors
    /// Fails when a part cannot be used; nothing is served then any more.
    pub async fn start(options: ServeOptions) -> Result<Self, ServeError> {
        let tasks = Tasks::default();
        let started = Box::pin(Self::start_with(options, tasks.clone())).await;
        if started.is_err() {
            tasks.shut_down(PATIENCE).await;
        }
        started
    }

    async fn start_with(options: ServeOptions, tasks: Tasks) -> Result<Self, ServeError> {
        let ServeOptions {
            data,
            settings,
            passphrase,
            clock,
            metrics,
            files,
            progress,
        } = options;
        let clock_guard = ClockGuard::new(clock);
        let clock: Arc<dyn Clock> = Arc::<ClockGuard>::clone(&clock_guard);
        let lock = DataDirLock::take(&data)?;
        settle_keys(&data)?;
        let listeners = Listeners::bind(&settings).await?;
        let addresses = listeners.addresses()?;
        let limits = settings.limits;
        let connections = Connections::new(limits.connections, limits.connections_per_peer);
        let front = FrontParts {
            data: &data,
            settings: &settings,
            clock: Arc::clone(&clock),
            connections: Arc::clone(&connections),
            metrics,
        };
        let front = Front::open((listeners.http, listeners.operations), front, &tasks).await?;
        let passphrase = Arc::new(passphrase);
        let ahead = KeysAhead::begin(&data, Arc::clone(&passphrase));
        let files = (files, front.follow(progress));
        let (store, log_id, log_key) = open_store(&settings, &passphrase, files).await?;
        let shared: Arc<dyn CaStore> = Arc::<LogStore>::clone(&store);
        front.show_store(&shared);
        let last_settings = last_version(store.as_ref()).await?;
        let keys = CaKeys::new(data.clone(), passphrase);
        let publication = Arc::clone(&front.publication);
        let cas = hierarchy::load(&settings, store.as_ref(), keys, ahead, publication).await?;
        warn_of_root_key(&data);

        let in_force = InForce::new(settings.clone());
        let ground = Ground {
            data: &data,
            settings: &settings,
            in_force: &in_force,
            store: &shared,
            clock: &clock,
            publication: &front.publication,
            cas: &cas,
            tasks: &tasks,
        };
        let sealer = IndexSealer::start(&store, &log_key.signer, &tasks).await;
        let checkpoints = ground.sign_checkpoints(log_id, log_key).await?;
        record_settings(shared.as_ref(), last_settings, &settings, clock.now()).await?;
        let crls = ground.publish_crls().await?;

        let authority = Authority::new(Parts {
            store: Arc::clone(&shared),
            clock: Arc::clone(&clock),
            clock_guard,
            hierarchy: Arc::clone(&cas),
            settings: Arc::clone(&in_force),
            crls,
            checkpoints: Arc::clone(&checkpoints),
            connections: Arc::clone(&connections),
            tasks: tasks.clone(),
        });
        authority.prove_issuers(&settings)?;
        ground
            .open_api(listeners.api, &authority, &connections)
            .await?;
        front.complete(&cas);
        Ok(Self {
            addresses,
            tasks,
            authority,
            store,
            checkpoints,
            sealer,
            _lock: lock,
        })
    }

    /// Returns where it listens.
    pub fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// Reads the settings file again whenever the signal comes.
    pub fn reload_at(&self, mut signal: Signal) {
        let (authority, stop) = (Arc::clone(&self.authority), self.tasks.stop());
        self.tasks.spawn(async move {
            loop {
                tokio::select! {
                    () = stop.cancelled() => return,
                    came = signal.recv() => {
                        if came.is_none() {
                            return;
                        }
                        authority.reload_at_signal().await;
                    }
                }
            }
        });
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
        // Every leaf is signed for, so that nobody can put one behind them while the server is off.
        self.checkpoints.newest().await?;
        self.sealer.seal().await;
        let store = Arc::clone(&self.store);
        tokio::task::spawn_blocking(move || store.close())
            .await
            .map_err(|_lost| ServeError::Interrupted)?;
        tracing::info!("stopped");
        Ok(())
    }
}

/// What those who sign and publish stand on.
struct Ground<'a> {
    data: &'a DataDir,
    settings: &'a Settings,
    in_force: &'a Arc<InForce>,
    store: &'a Arc<dyn CaStore>,
    clock: &'a Arc<dyn Clock>,
    publication: &'a Arc<Publication>,
    cas: &'a Arc<Hierarchy>,
    tasks: &'a Tasks,
}

impl Ground<'_> {
    /// Opens the API to those whom the authorizer lets in.
    async fn open_api(
        &self,
        listener: TcpListener,
        authority: &Arc<Authority>,
        connections: &Arc<Connections>,
    ) -> Result<(), ServeError> {
        let limits = &self.settings.limits;
        let tls = listener_tls(
            self.data,
            self.settings,
            authority,
            self.clock,
            self.cas,
            self.tasks,
        )
        .await?;
        let accepted = crate::tls::accept(
            listener,
            Arc::new(tls),
            Arc::clone(connections),
            limits.handshake,
            self.tasks,
        );
        let authorizer = Authorizer::new(Arc::clone(self.store), Arc::clone(self.clock));
        let authorize = AuthorizeLayer::new(authorizer);
        api::spawn(
            Arc::clone(authority),
            authorize,
            accepted,
            limits,
            self.tasks,
        )
    }

    /// Signs the log, now and as long as the tasks run.
    async fn sign_checkpoints(
        &self,
        log_id: LogId,
        key: OpenedLogKey,
    ) -> Result<Arc<Checkpoints>, ServeError> {
        let control = self.cas.active(IssuerClass::Control);
        let control = control
            .as_deref()
            .and_then(|ca| Some((&ca.issuer.id, ca.signer.as_deref()?)));
        let checkpoints = Checkpoints::start(CheckpointParts {
            store: Arc::clone(self.store),
            log_id,
            clock: Arc::clone(self.clock),
            data: self.data,
            key,
            control: control.ok_or(CheckpointError::NoControlCa)?,
            publish_url: &self.settings.publish_url,
            settings: self.settings.digest,
            publication: Arc::clone(self.publication),
        })
        .await?;
        self.tasks
            .spawn(Arc::clone(&checkpoints).run(self.tasks.stop()));
        Ok(checkpoints)
    }

    /// Publishes the CRLs, now and as long as the tasks run.
    async fn publish_crls(&self) -> Result<Arc<CrlPublisher>, ServeError> {
        let crls = CrlPublisher::start(CrlParts {
            store: Arc::clone(self.store),
            clock: Arc::clone(self.clock),
            settings: Arc::clone(self.in_force),
            directory: self.data.crls(),
            publication: Arc::clone(self.publication),
            hierarchy: Arc::clone(self.cas),
        })
        .await?;
        self.tasks.spawn(Arc::clone(&crls).run(self.tasks.stop()));
        Ok(crls)
    }
}

/// The listeners, bound before anything else is tried: an occupied port is told at once.
#[derive(Debug)]
struct Listeners {
    api: TcpListener,
    http: TcpListener,
    operations: TcpListener,
}

impl Listeners {
    async fn bind(settings: &Settings) -> Result<Self, ServeError> {
        Ok(Self {
            api: bind(settings.listen, "listen").await?,
            http: bind(settings.http_listen, "http_listen").await?,
            operations: bind(settings.operations_listen, "operations_listen").await?,
        })
    }

    fn addresses(&self) -> Result<Addresses, ServeError> {
        let address = |listener: &TcpListener| listener.local_addr().map_err(ServeError::Address);
        Ok(Addresses {
            api: address(&self.api)?,
            http: address(&self.http)?,
            operations: address(&self.operations)?,
        })
    }
}

async fn bind(address: SocketAddr, key: &'static str) -> Result<TcpListener, ServeError> {
    let bound = TcpListener::bind(address).await;
    bound.map_err(|source| ServeError::Bind {
        address,
        key,
        source,
    })
}

/// Loads or makes the certificate of the API, keeps it fresh, and trusts the control CAs.
async fn listener_tls(
    data: &DataDir,
    settings: &Settings,
    authority: &Arc<Authority>,
    clock: &Arc<dyn Clock>,
    cas: &Hierarchy,
    tasks: &Tasks,
) -> Result<rustls::ServerConfig, ServeError> {
    let (authority, clock) = (Arc::clone(authority), Arc::clone(clock));
    let certificate =
        ListenerCertificate::open(data, settings, authority, Arc::clone(&clock)).await?;
    let anchors = hierarchy::control_anchors(cas);
    let tls = crate::tls::server_config(&anchors, certificate.identity(), clock)?;
    tasks.spawn(certificate.watch(tasks.stop()));
    Ok(tls)
}

/// Opens the store and, beside it, the key of the log, which vouches for the index.
async fn open_store(
    settings: &Settings,
    passphrase: &Arc<Passphrase>,
    (files, progress): (Arc<dyn Files>, HearsProgress),
) -> Result<(Arc<LogStore>, LogId, OpenedLogKey), ServeError> {
    let (log_key, public_key) = open_log_key_aside(&settings.data, passphrase);
    let vouch = move |seal: Option<&IndexSeal>| match seal {
        Some(seal) => match public_key.recv() {
            Ok(key) => Ok(is_sealed_by(seal, &key)),
            Err(_no_key) => Err(StoreError::Closed),
        },
        None => Ok(false),
    };
    let options = OpenOptions {
        files,
        vouch: Box::new(vouch),
        progress,
        ..settings.store_options()
    };
    let path = settings.data.path().to_owned();
    let opened = tokio::task::spawn_blocking(move || LogStore::open(&path, options)).await;
    // What is wrong with the key comes first: without it nothing more can be told.
    let log_key = log_key.await.map_err(|_lost| ServeError::Interrupted)??;
    let (store, report) = opened.map_err(|_lost| ServeError::Interrupted)??;
    if let Some(torn) = &report.torn {
        tracing::warn!(segment = %torn.segment.display(), offset = torn.offset, octets = torn.octets, "torn end of the log cut off");
    }
    tracing::info!(leaves = report.leaves, index = ?report.index, "store opened");
    Ok((Arc::new(store), report.log_id, log_key))
}

/// Opens the key of the log while the store is opened: the key derivation takes its time. Whoever reads the index hears
/// of the public key as soon as it is there.
fn open_log_key_aside(
    data: &DataDir,
    passphrase: &Arc<Passphrase>,
) -> (OpeningLogKey, mpsc::Receiver<[u8; 32]>) {
    let (data, passphrase) = (data.clone(), Arc::clone(passphrase));
    let (sender, receiver) = mpsc::channel();
    let opening = tokio::task::spawn_blocking(move || {
        let opened = open_log_key(&data, &passphrase)?;
        // An index without a seal is not asked about.
        let _whether_asked = sender.send(opened.signer.public_key());
        Ok(opened)
    });
    (opening, receiver)
}

type OpeningLogKey = tokio::task::JoinHandle<Result<OpenedLogKey, KeyStoreError>>;

fn warn_of_root_key(data: &DataDir) {
    let folder = data.root_offline();
    if folder.exists() {
        tracing::warn!(folder = %folder.display(), "the root key is still on this machine: move the folder away");
    }
}

/// The accepted connections, as tonic takes them.
type Accepted = tokio::sync::mpsc::Receiver<Result<PeerStream, std::io::Error>>;
