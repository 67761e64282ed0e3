//! Health and metrics for operators, on a listener of their own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use ca_store::CaStore;
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
    accepting: AtomicBool,
}

impl Readiness {
    /// Notes whether all listeners accept connections.
    pub fn set_listening(&self, listening: bool) {
        self.listening.store(listening, Ordering::Release);
    }

    /// Notes whether the store accepts changes.
    pub fn set_accepting(&self, accepting: bool) {
        self.accepting.store(accepting, Ordering::Release);
    }
}

/// What the operations listener shows.
#[derive(Debug, Clone)]
pub struct Operations {
    /// What must be true before the server is ready.
    pub readiness: Arc<Readiness>,
    /// The published CRLs, whose ends it watches.
    pub publication: Arc<Publication>,
    /// The state of the CA, whose leaves it counts.
    pub store: Arc<dyn CaStore>,
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
        if !self.readiness.accepting.load(Ordering::Acquire) {
            obstacles.push("the store accepts no changes".to_owned());
        }
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
        if let Ok(head) = self.store.tree_head().await {
            metrics::gauge!("ca_log_leaves").set(float(head.size));
        }
        let accepting = self.readiness.accepting.load(Ordering::Acquire);
        metrics::gauge!("ca_store_accepting").set(float(accepting.into()));
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
        return "ready\n".into_response();
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
            store: Arc::new(ca_store::MemoryStore::new()),
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
        assert_eq!(ask(&operations, "/healthz").await, (200, "ok\n".to_owned()));
        let (status, body) = ask(&operations, "/readyz").await;
        assert_eq!(
            (status, body.as_str()),
            (
                503,
                "not all listeners accept connections\nthe store accepts no changes\n"
            )
        );
        operations.readiness.set_listening(true);
        operations.readiness.set_accepting(true);
        assert_eq!(
            ask(&operations, "/readyz").await,
            (200, "ready\n".to_owned())
        );
    }

    #[tokio::test]
    async fn an_ended_crl_is_named() {
        let operations = operations("2026-11-23T09:59:59Z");
        operations.readiness.set_listening(true);
        operations.readiness.set_accepting(true);
        let expect = "/crl/root-2026-1.crl ended at 2026-11-23T09:59:59Z\n".to_owned();
        assert_eq!(ask(&operations, "/readyz").await, (503, expect));
        assert_eq!(operations.root_crl_seconds_left(), Some(0));
    }
}
