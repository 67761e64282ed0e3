//! Fetching what the CA publishes over plain http.

use std::time::Duration;

use ca_types::{Code, Hinted};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tonic::codegen::Bytes;
use tonic::codegen::http::{StatusCode, Uri};

/// Fetches a document of at most 64 MiB within 30 seconds.
pub(crate) async fn download(url: &str) -> Result<Vec<u8>, DownloadError> {
    let failed = |what: String| DownloadError {
        url: url.to_owned(),
        what,
    };
    let uri: Uri = url
        .parse()
        .map_err(|_source| failed("wanted an http URL".to_owned()))?;
    if uri.scheme_str() != Some("http") {
        return Err(failed("wanted an http URL".to_owned()));
    }
    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
    let answered = async {
        let answer = client
            .get(uri)
            .await
            .map_err(|error| crate::client::chain(&error))?;
        if answer.status() != StatusCode::OK {
            return Err(format!("wanted status 200, {} came", answer.status()));
        }
        let body = Limited::new(answer.into_body(), LARGEST).collect().await;
        body.map(|body| body.to_bytes().to_vec())
            .map_err(|error| error.to_string())
    };
    match tokio::time::timeout(DEADLINE, answered).await {
        Ok(result) => result.map_err(failed),
        Err(_elapsed) => Err(failed("no answer within 30 seconds".to_owned())),
    }
}

/// Why a document did not come.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{url}: {what}")]
pub(crate) struct DownloadError {
    url: String,
    what: String,
}

impl Hinted for DownloadError {
    fn code(&self) -> Code {
        Code::Unavailable
    }

    fn hint(&self) -> Option<String> {
        Some(
            "routers fetch it from the same URL: check its host name, port and the way there"
                .to_owned(),
        )
    }
}

const DEADLINE: Duration = Duration::from_secs(30);
const LARGEST: usize = 64 << 20;
