//! The control port: JSON over http, for tests, never for clients of the router.
//!
//! | request | body | effect |
//! |---|---|---|
//! | `POST /console` | a console script | executes it as the administrator at the serial console; the answer is what it printed, or 400 and the error |
//! | `PUT /ipsec/active-peers` | array of objects with the fields of a row | replaces the rows of `/ip/ipsec/active-peers`; they are gone after a restart |
//! | `PUT /ppp/active` | array of objects with the fields of a row | replaces the rows of `/ppp/active` that came this way |
//! | `PUT /clock` | `{"offset-seconds": N}` | moves the router's clock by N seconds from the machine's |
//! | `POST /time` | `{"seconds": N}` | lets N seconds pass: nobody waits for them |
//! | `PUT /battery` | `{"on": false}` | the clock forgets the time when the router starts anew |
//! | `POST /power` | `{"do": "reboot"}` or `"loss"` | starts anew; a loss of power takes what the flash has not kept |
//! | `POST /upgrade` | `{"model": "7.24"}` | becomes another version, with what was set, and starts anew |
//! | `PUT /storage` | `{"free": N}` | leaves N octets free |
//! | `PUT /device-mode` | `{"flagged": true, "fetch": false}` | turns features off and on as somebody at its button does |
//! | `PUT /lockout` | `{"on": true}` | shuts all services, as a rule of the firewall does that somebody got wrong |
//! | `PUT /cpu` | `{"seconds-per-key": N}` | makes the router slow at making keys |
//! | `POST /faults` | `{"fault": F, "menu", "command", "after": K, "seconds": N}` | strikes the next such command, or the K-th; `menu` and `command` may be left out |
//! | `PUT /chance` | `{"seed": S, "one-in": N}` | strikes about one command in N with `cut`, `reset` or `half`, none for 0: the same ones for the same seed |
//! | `GET /requests` | | `{"logins": N, "requests": [{"door", "menu", "command", "arguments": [names]}]}` since the start |
//! | `GET /state` | | the state as it stands on disk, secrets and keys too |
//!
//! The faults F: `cut` does the command and ends the connection without an answer; `reset` does not do it and resets
//! the connection; `half` does it by half (some of its arguments, the first half of a file or of what an import brings)
//! and ends the connection; `late` answers N seconds late by the clock of the router, which over REST is `Session
//! closed` from 60 on. An upload over SFTP or SCP counts as the command `upload` of `/file`.
//!
//! A changing request answers 204 when it has no output, a wrong one 400 and a line of text.

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
