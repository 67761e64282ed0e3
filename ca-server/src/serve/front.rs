//! What everybody and what operators may see: from the first moment on, while the store is still being opened.

use std::path::Path;
use std::sync::Arc;

use ca_store::CaStore;
use ca_types::{Clock, IssuerId};
use ca_verify::CertificateList;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;

use super::{HearsProgress, ServeError};
use crate::authority::Hierarchy;
use crate::connections::Connections;
use crate::data_dir::DataDir;
use crate::http::{HttpLimits, Operations, Readiness, publish_router};
use crate::publication::{Document, Publication};
use crate::settings::Settings;
use crate::tasks::Tasks;

/// The published documents and the state of health, both served.
#[derive(Debug)]
pub(super) struct Front {
    pub(super) publication: Arc<Publication>,
    readiness: Arc<Readiness>,
    kept: Vec<IssuerId>,
}

/// What a front is made of.
pub(super) struct FrontParts<'a> {
    pub(super) data: &'a DataDir,
    pub(super) settings: &'a Settings,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) connections: Arc<Connections>,
    pub(super) metrics: Option<PrometheusHandle>,
}

impl Front {
    /// Serves the CRLs that the last run left as files, and says that the server is not ready.
    ///
    /// They are signed, and no cache keeps them: whatever is wrong with one ends when the store is open.
    pub(super) async fn open(
        (http, operations): (TcpListener, TcpListener),
        parts: FrontParts<'_>,
        tasks: &Tasks,
    ) -> Result<Self, ServeError> {
        let publication = Arc::new(Publication::new());
        publication.set_partial(true);
        let directory = parts.data.crls();
        let reading = tokio::task::spawn_blocking(move || kept_crls(&directory));
        let mut kept = Vec::new();
        for (id, crl) in reading.await.map_err(|_lost| ServeError::Interrupted)? {
            publication.publish_changing(path(&id), document(&crl));
            kept.push(id);
        }
        let readiness = Arc::new(Readiness::default());
        let limits = http_limits(parts.settings);
        let documents = publish_router(Arc::clone(&publication), Arc::clone(&parts.clock));
        crate::http::serve(http, documents, limits, tasks);
        let shown = Operations {
            readiness: Arc::clone(&readiness),
            publication: Arc::clone(&publication),
            connections: parts.connections,
            clock: parts.clock,
            metrics: parts.metrics,
        };
        crate::http::serve(operations, shown.router(), limits, tasks);
        tracing::info!(crls = kept.len(), "publishing while the store is opened");
        Ok(Self {
            publication,
            readiness,
            kept,
        })
    }

    /// Tells operators too how far opening the store has come.
    pub(super) fn follow(&self, mut progress: HearsProgress) -> HearsProgress {
        let readiness = Arc::clone(&self.readiness);
        Box::new(move |now| {
            readiness.set_progress(now);
            if now.done.is_multiple_of(LEAVES_PER_LINE) {
                tracing::info!(step = ?now.step, done = now.done, total = now.total, "opening the store");
            }
            progress(now);
        })
    }

    /// Shows the store from now on.
    pub(super) fn show_store(&self, store: &Arc<dyn CaStore>) {
        self.readiness.set_store(Arc::clone(store));
    }

    /// Ends the beginning: all CAs publish, and a file that belongs to none of them is served no more.
    pub(super) fn complete(self, cas: &Hierarchy) {
        let strange = self.kept.iter().filter(|id| cas.find(id).is_none());
        for id in strange {
            tracing::warn!(issuer = %id, "the data directory has a CRL of a CA that is not in the log");
            self.publication.withdraw(&path(id));
        }
        self.publication.set_partial(false);
        self.readiness.set_listening();
    }
}

/// How many leaves come between two log lines.
const LEAVES_PER_LINE: u64 = 100_000;

fn path(id: &IssuerId) -> String {
    format!("/crl/{id}.crl")
}

fn document(crl: &CertificateList) -> Document {
    Document {
        octets: crl.der().to_vec(),
        media_type: "application/pkix-crl",
        last_modified: crl.this_update(),
        expires: Some(crl.next_update()),
    }
}

/// Reads the CRLs of a directory; what is none is passed over, and made anew when the store is open.
fn kept_crls(directory: &Path) -> Vec<(IssuerId, CertificateList)> {
    let entries = match std::fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) => {
            tracing::warn!(directory = %directory.display(), %error, "no kept CRLs");
            return Vec::new();
        }
    };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    paths
        .filter(|path| path.extension().is_some_and(|end| end == "crl"))
        .filter_map(|path| {
            let id = path.file_stem()?.to_str()?.parse().ok()?;
            let octets = std::fs::read(&path).ok()?;
            match CertificateList::from_der(&octets) {
                Ok(crl) => Some((id, crl)),
                Err(error) => {
                    tracing::warn!(file = %path.display(), %error, "the kept CRL is none");
                    None
                }
            }
        })
        .collect()
}

fn http_limits(settings: &Settings) -> HttpLimits {
    HttpLimits {
        connections: settings.limits.http_connections,
        connections_per_peer: settings.limits.http_connections_per_peer,
        stall: settings.limits.http_stall,
    }
}
