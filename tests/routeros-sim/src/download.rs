//! Files that the router takes from elsewhere: CRLs over plain http, and what `/tool/fetch` names.

mod https;

use std::time::Duration;

use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::{Request, StatusCode, body::Bytes, header};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// How a server is judged that is asked over https.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trust {
    /// The CAs that it may come from, in DER; any server without them.
    pub authorities: Option<Vec<Vec<u8>>>,
    /// The CRLs, in DER, of every CA of its chain; nothing when none is asked.
    pub crls: Option<Vec<Vec<u8>>>,
    /// The time by which its certificate is judged, in seconds since 1970.
    pub now: i64,
}

/// Fetches a URL once without following a redirect: over plain http, or over https with the trust that says so.
///
/// # Errors
/// Says what was wanted and what came: another scheme or status, more than 16 MiB, more than 10 s.
pub async fn fetch(url: &str, trust: Option<Trust>) -> Result<Vec<u8>, String> {
    let (authority, path) = split_url(
        url,
        if trust.is_some() {
            "https://"
        } else {
            "http://"
        },
    )?;
    let steps = async {
        match trust {
            None => get(dial(&authority, 80).await?, &authority, &path).await,
            Some(trust) => {
                let stream = dial(&authority, 443).await?;
                let stream = https::secure(stream, host(&authority), trust).await?;
                get(stream, &authority, &path).await
            }
        }
    };
    let within = tokio::time::timeout(TIME_LIMIT, steps).await;
    let result = within.unwrap_or_else(|_| Err(format!("no answer within {TIME_LIMIT:?}")));
    result.map_err(|error| match error.strip_prefix("SSL: ") {
        Some(_) => error,
        None => format!("{url}: {error}"),
    })
}

fn host(authority: &str) -> &str {
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => host,
        _ => authority,
    };
    host.trim_start_matches('[').trim_end_matches(']')
}

async fn dial(authority: &str, usual: u16) -> Result<TcpStream, String> {
    let port = match authority.rsplit_once(':') {
        Some((_, port)) if !port.contains(']') => port
            .parse::<u16>()
            .map_err(|error| format!("port {port}: {error}"))?,
        _ => usual,
    };
    TcpStream::connect((host(authority), port))
        .await
        .map_err(|error| error.to_string())
}

async fn get<S>(stream: S, authority: &str, path: &str) -> Result<Vec<u8>, String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| error.to_string())?;
    let driver = tokio::spawn(connection);
    let request = Request::get(path)
        .header(header::HOST, authority)
        .body(Empty::<Bytes>::new())
        .map_err(|error| error.to_string())?;
    let fetched = async {
        let response = sender
            .send_request(request)
            .await
            .map_err(|error| error.to_string())?;
        if response.status() != StatusCode::OK {
            return Err(format!("wanted status 200, got {}", response.status()));
        }
        let body = Limited::new(response.into_body(), SIZE_LIMIT)
            .collect()
            .await;
        Ok(body.map_err(|error| error.to_string())?.to_bytes().to_vec())
    }
    .await;
    driver.abort();
    fetched
}

fn split_url(url: &str, scheme: &str) -> Result<(String, String), String> {
    let rest = url
        .get(..scheme.len())
        .filter(|own| own.eq_ignore_ascii_case(scheme))
        .and_then(|_| url.get(scheme.len()..))
        .ok_or_else(|| format!("{url}: only http is supported"))?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    if authority.is_empty() || authority.contains('@') {
        return Err(format!("{url}: wanted a host after {scheme}"));
    }
    let path = path.split('#').next().unwrap_or_default();
    let path = if path.starts_with('/') {
        path.to_owned()
    } else {
        format!("/{path}")
    };
    Ok((authority.to_owned(), path))
}

const TIME_LIMIT: Duration = Duration::from_secs(10);
const SIZE_LIMIT: usize = 16 << 20;
