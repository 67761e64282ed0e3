//! Fetches a published document; the URL comes from the settings, never from a certificate.

use std::time::Duration;

use axum::body::{Body, Bytes};
use http::header::CONTENT_TYPE;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

/// A document as it came.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) octets: Bytes,
    pub(crate) media_type: Option<String>,
}

/// Why no document came.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    #[error("is no URL: {0}")]
    Url(#[from] http::Error),
    #[error("does not answer: {0}")]
    Unreachable(String),
    #[error("answers {0}")]
    Status(StatusCode),
    #[error("the answer breaks off")]
    Broken,
    #[error("the answer has more than {LARGEST} octets")]
    TooLarge,
    #[error("no answer within {} seconds", PATIENCE.as_secs())]
    Late,
}

/// Fetches one document; redirects are not followed, since routers do not.
pub(crate) async fn fetch(url: &str) -> Result<Answer, FetchError> {
    tokio::time::timeout(PATIENCE, fetch_patiently(url))
        .await
        .unwrap_or(Err(FetchError::Late))
}

async fn fetch_patiently(url: &str) -> Result<Answer, FetchError> {
    let client: Client<_, Body> = Client::builder(TokioExecutor::new()).build_http();
    let request = Request::get(url).body(Body::empty())?;
    let response = client
        .request(request)
        .await
        .map_err(|error| FetchError::Unreachable(root_cause(&error)))?;
    if response.status() != StatusCode::OK {
        return Err(FetchError::Status(response.status()));
    }
    let media_type = response
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    let body = Limited::new(response.into_body(), LARGEST).collect().await;
    let body = body.map_err(|error| {
        if error.is::<LengthLimitError>() {
            FetchError::TooLarge
        } else {
            FetchError::Broken
        }
    })?;
    Ok(Answer {
        octets: body.to_bytes(),
        media_type,
    })
}

/// Returns the innermost cause: `connection refused` says more than `client error`.
fn root_cause(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(cause) = innermost.source() {
        innermost = cause;
    }
    innermost.to_string()
}

const PATIENCE: Duration = Duration::from_secs(10);
/// A CRL of a million entries has about 40 MB.
const LARGEST: usize = 64 << 20;
