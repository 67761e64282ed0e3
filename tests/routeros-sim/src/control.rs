//! The control port: JSON over http, for tests, never for clients of the router. `docs/simulator.md` lists its requests.

mod trouble;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Method, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::net::TcpListener;

use crate::paste;
use crate::router::Router;

/// Accepts connections for ever.
pub async fn serve(router: Arc<Router>, listener: TcpListener) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        let router = Arc::clone(&router);
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let router = Arc::clone(&router);
                async move {
                    let response = answer(&router, request)
                        .await
                        .unwrap_or_else(|(status, text)| response(status, Bytes::from(text)));
                    Ok::<_, Infallible>(response)
                }
            });
            if let Err(error) = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await
            {
                eprintln!("routeros-sim: control: {error}");
            }
        });
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Clock {
    offset_seconds: i64,
}

async fn answer(
    router: &Router,
    request: hyper::Request<Incoming>,
) -> Result<Response<Full<Bytes>>, (StatusCode, String)> {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let body = request
        .into_body()
        .collect()
        .await
        .map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()))?
        .to_bytes();
    match (&method, path.as_str()) {
        (&Method::POST, "/console") => {
            let text = std::str::from_utf8(&body)
                .map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()))?;
            match paste::run(router, text).await {
                Ok(printed) => Ok(response(StatusCode::OK, Bytes::from(printed))),
                Err(error) => Err((StatusCode::BAD_REQUEST, format!("{error}\n"))),
            }
        }
        (&Method::PUT, "/ipsec/active-peers") => {
            let rows = rows(&body)?;
            router.world().active_peers = rows;
            Ok(done())
        }
        (&Method::PUT, "/ppp/active") => {
            let rows = rows(&body)?;
            router.world().feed_ppp(rows);
            Ok(done())
        }
        (&Method::PUT, "/clock") => {
            let clock: Clock = read(&body)?;
            let mut world = router.world();
            world.state.clock_offset = clock.offset_seconds;
            router.save(&world);
            Ok(done())
        }
        (&Method::GET, "/requests") => written(&router.recorded()),
        (&Method::GET, "/state") => {
            let state = router.world().state.clone();
            written(&state)
        }
        _ => trouble::answer(router, &method, &path, &body).map(|()| done()),
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, (StatusCode, String)> {
    serde_json::from_slice(body).map_err(|error| (StatusCode::BAD_REQUEST, format!("{error}\n")))
}

fn rows(body: &[u8]) -> Result<Vec<BTreeMap<String, String>>, (StatusCode, String)> {
    let rows: Vec<BTreeMap<String, serde_json::Value>> = read(body)?;
    let row = |row: BTreeMap<String, serde_json::Value>| {
        row.into_iter()
            .map(|(name, value)| (name, text(&value)))
            .collect()
    };
    Ok(rows.into_iter().map(row).collect())
}

fn written(value: &impl serde::Serialize) -> Result<Response<Full<Bytes>>, (StatusCode, String)> {
    let text = serde_json::to_vec(value)
        .map_err(|error| (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
    Ok(response(StatusCode::OK, Bytes::from(text)))
}

fn text(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn done() -> Response<Full<Bytes>> {
    response(StatusCode::NO_CONTENT, Bytes::new())
}

fn response(status: StatusCode, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response
}
