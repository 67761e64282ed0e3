//! Health and metrics for operators, on a listener of their own.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use ca_store::{CaStore, Progress, Standing};
use ca_types::Clock;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use metrics_exporter_prometheus::PrometheusHandle;

use crate::connections::Connections;
use crate::publication::Publication;

/// What must be true before the server is ready; it starts with nothing.
#[derive(Debug, Default)]
pub struct Readiness {
    listening: AtomicBool,
    progress: Mutex<Option<Progress>>,
    store: OnceLock<Arc<dyn CaStore>>,
}

impl Readiness {
    /// Notes that all listeners accept connections.
    pub fn set_listening(&self) {
        self.listening.store(true, Ordering::Release);
    }

    /// Notes how far opening the store has come.
    pub fn set_progress(&self, progress: Progress) {
        *self.lock() = Some(progress);
    }

    /// Notes the store, which is open; it is asked from then on.
    pub fn set_store(&self, store: Arc<dyn CaStore>) {
        // There is one store in a process.
        let _another = self.store.set(store);
    }

    /// Says what keeps the store from taking changes.
    fn obstacle(&self) -> Option<String> {
        let Some(store) = self.store.get() else {
            let progress = self.lock().map(|progress| format!(": {progress}"));
            let progress = progress.unwrap_or_default();
            return Some(format!("the store is being opened{progress}"));
        };
        match store.standing() {
            Standing::Open | Standing::Full(_) => None,
            Standing::Stopped(why) => Some(format!(
                "the store accepts no changes until a restart: {why}"
            )),
        }
    }

    /// Says what an operator must know of a server that is ready.
    fn warning(&self) -> Option<String> {
        match self.store.get()?.standing() {
            Standing::Full(why) => Some(format!("nothing is issued for want of room: {why}")),
            Standing::Open | Standing::Stopped(_) => None,
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Progress>> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the operations listener shows.
#[derive(Debug, Clone)]
pub struct Operations {
    /// What must be true before the server is ready.
    pub readiness: Arc<Readiness>,
    /// The published CRLs, whose ends it watches.
    pub publication: Arc<Publication>,
    /// The connections of the API, which it counts.
    pub connections: Arc<Connections>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The metrics; none in a process that records none.
    pub metrics: Option<PrometheusHandle>,
}

impl Operations {
    /// Serves `/healthz`, `/readyz` and `/metrics`.
    pub fn router(self) -> Router {
        Router::new()
            .route("/healthz", get(|| async { "ok\n" }))
            .route("/readyz", get(readyz))
            .route("/metrics", get(metrics))
            .with_state(self)
    }

    /// Lists what keeps the server from being ready.
    fn obstacles(&self) -> Vec<String> {
        let mut obstacles = Vec::new();
        if !self.readiness.listening.load(Ordering::Acquire) {
            obstacles.push("not all listeners accept connections".to_owned());
        }
        obstacles.extend(self.readiness.obstacle());
        let now = self.clock.now();
        let ended = self
            .publication
            .expiring()
            .into_iter()
            .filter(|(_, expires)| *expires < now);
        obstacles.extend(ended.map(|(path, expires)| format!("{path} ended at {expires}")));
        obstacles
    }

    /// Sets the gauges that nobody sets when they change.
    async fn look(&self) {
        if let Some(seconds) = self.root_crl_seconds_left() {
            metrics::gauge!("ca_root_crl_seconds_left").set(float(seconds));
        }
        let store = self.readiness.store.get();
        if let Some(store) = store
            && let Ok(head) = store.tree_head().await
        {
            metrics::gauge!("ca_log_leaves").set(float(head.size));
        }
        let standing = store.map(|store| store.standing());
        let accepting = matches!(&standing, Some(Standing::Open | Standing::Full(_)));
        metrics::gauge!("ca_store_accepting").set(float(accepting.into()));
        let full = matches!(&standing, Some(Standing::Full(_)));
        metrics::gauge!("ca_store_full").set(float(full.into()));
        let open = u64::try_from(self.connections.open()).unwrap_or(u64::MAX);
        metrics::gauge!("ca_connections").set(float(open));
    }

    /// Returns how many seconds the CRL of the root is good for; an ended one counts as zero.
    fn root_crl_seconds_left(&self) -> Option<u64> {
        let now = self.clock.now();
        let lists = self.publication.expiring().into_iter();
        lists
            .filter(|(path, _)| path.starts_with("/crl/root-"))
            .map(|(_, expires)| expires.since(now))
            .min()
    }
}

/// Metrics are floating-point numbers; what is over 32 bits is shown as that much.
fn float(number: u64) -> f64 {
    u32::try_from(number).unwrap_or(u32::MAX).into()
}

async fn readyz(State(operations): State<Operations>) -> Response {
    let obstacles = operations.obstacles();
    if obstacles.is_empty() {
        let warning = operations.readiness.warning();
        let warning = warning.map(|warning| format!("warning: {warning}\n"));
        return format!("ready\n{}", warning.unwrap_or_default()).into_response();
    }
    let lines: String = obstacles
        .iter()
        .map(|obstacle| format!("{obstacle}\n"))
        .collect();
    (StatusCode::SERVICE_UNAVAILABLE, lines).into_response()
}

async fn metrics(State(operations): State<Operations>) -> Response {
    let Some(handle) = &operations.metrics else {
        return StatusCode::NOT_FOUND.into_response();
    };
    operations.look().await;
    (
        [(CONTENT_TYPE, "text/plain; version=0.0.4")],
        handle.render(),
    )
        .into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use ca_store::{MemoryStore, OpenStep};
    use ca_types::FakeClock;
    use http_body_util::BodyExt as _;
    use tower::ServiceExt as _;

    use super::*;
    use crate::publication::Document;

    fn operations(expires: &str) -> Operations {
        let publication = Publication::new();
        publication.publish(
            "/crl/root-2026-1.crl",
            Document {
                octets: Vec::new(),
                media_type: "application/pkix-crl",
                last_modified: "2026-11-23T09:00:00Z".parse().unwrap(),
                expires: Some(expires.parse().unwrap()),
            },
        );
        Operations {
            readiness: Arc::default(),
            publication: Arc::new(publication),
            connections: Connections::new(1, 1),
            clock: Arc::new(FakeClock::at("2026-11-23T10:00:00Z".parse().unwrap())),
            metrics: None,
        }
    }

    async fn ask(operations: &Operations, path: &str) -> (u16, String) {
        let request = http::Request::get(path).body(Body::empty()).unwrap();
        let response = operations.clone().router().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn ready_needs_listeners_a_store_and_current_crls() {
        let operations = operations("2026-11-23T10:00:00Z");
        let readiness = &operations.readiness;
        assert_eq!(ask(&operations, "/healthz").await, (200, "ok\n".to_owned()));
        let opening = "not all listeners accept connections\nthe store is being opened";
        let expect = (503, format!("{opening}\n"));
        assert_eq!(ask(&operations, "/readyz").await, expect);
        readiness.set_progress(Progress {
            step: OpenStep::Rebuilding,
            done: 20_000,
            total: 1_000_000,
        });
        let expect =
            format!("{opening}: the index is built anew from the log: 20000 of 1000000 leaves\n");
        assert_eq!(ask(&operations, "/readyz").await, (503, expect));
        readiness.set_store(Arc::new(MemoryStore::new()));
        readiness.set_listening();
        assert_eq!(
            ask(&operations, "/readyz").await,
            (200, "ready\n".to_owned())
        );
    }

    #[tokio::test]
    async fn an_ended_crl_is_named() {
        let operations = operations("2026-11-23T09:59:59Z");
        operations.readiness.set_store(Arc::new(MemoryStore::new()));
        operations.readiness.set_listening();
        let expect = "/crl/root-2026-1.crl ended at 2026-11-23T09:59:59Z\n".to_owned();
        assert_eq!(ask(&operations, "/readyz").await, (503, expect));
        assert_eq!(operations.root_crl_seconds_left(), Some(0));
    }
}
