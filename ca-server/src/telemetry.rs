//! What operators see of a running server: log lines on stderr, and metrics.

use ca_types::{Code, Hinted};
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

/// Starts writing log lines to stderr: fixed text with fields, never a secret.
///
/// # Errors
/// Fails when the filter is none, or log lines are written already.
pub fn start_log(filter: &str) -> Result<(), TelemetryError> {
    let wrong = |source: tracing_subscriber::filter::ParseError| TelemetryError::Filter {
        filter: filter.to_owned(),
        source,
    };
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::builder().parse(filter).map_err(wrong)?)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .try_init()
        .map_err(|_already| TelemetryError::Started)
}

/// Starts recording metrics for the whole process; the handle writes them in the form of Prometheus.
///
/// # Errors
/// Fails when they are recorded already.
pub fn start_metrics() -> Result<PrometheusHandle, TelemetryError> {
    let handle = PrometheusBuilder::new().install_recorder()?;
    describe();
    Ok(handle)
}

/// Writes the help lines of all metrics.
fn describe() {
    use metrics::{describe_counter, describe_gauge};

    describe_counter!(
        "ca_certificates_issued_total",
        "Certificates issued, by profile."
    );
    describe_counter!("ca_revocations_total", "Certificates revoked.");
    describe_counter!("ca_refusals_total", "Calls refused, by error code.");
    describe_counter!(
        "ca_connections_refused_total",
        "API connections over a limit."
    );
    describe_counter!(
        "ca_crl_failures_total",
        "CRLs that could not be published, by issuer."
    );
    describe_counter!(
        "ca_http_requests_total",
        "Requests for published documents, by status."
    );
    describe_counter!(
        "ca_http_connections_refused_total",
        "Http connections over a limit."
    );
    describe_gauge!(
        "ca_crl_number",
        "The number of the published CRL, by issuer."
    );
    describe_gauge!(
        "ca_crl_next_update_seconds",
        "When the published CRL ends, in Unix time, by issuer."
    );
    describe_gauge!(
        "ca_root_crl_seconds_left",
        "How long the CRL of the offline root is still good."
    );
    describe_gauge!("ca_log_leaves", "Leaves of the log.");
    describe_gauge!(
        "ca_store_accepting",
        "Whether the store takes changes: 0 while it is opened, and after a failed write until a restart."
    );
    describe_gauge!(
        "ca_store_full",
        "Whether there is room for revocations and CRLs only."
    );
    describe_gauge!("ca_connections", "Open API connections.");
}

/// Why nothing is seen of the server.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter is none.
    #[error("log filter `{filter}`: {source}")]
    Filter {
        /// What came.
        filter: String,
        /// What is wrong with it.
        source: tracing_subscriber::filter::ParseError,
    },
    /// Log lines are written already.
    #[error("log lines are written already")]
    Started,
    /// Metrics are recorded already.
    #[error("metrics are recorded already")]
    Metrics(#[from] BuildError),
}

impl Hinted for TelemetryError {
    fn code(&self) -> Code {
        match self {
            Self::Filter { .. } => Code::InvalidRequest,
            Self::Started | Self::Metrics(_) => Code::Internal,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Filter { .. } => {
                Some("a level (error, warn, info, debug) or `ca_server=debug,info`".to_owned())
            }
            Self::Started | Self::Metrics(_) => None,
        }
    }
}
