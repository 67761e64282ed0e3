//! REST, which came with version 7.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, CONNECTION, CONTENT_TYPE, WWW_AUTHENTICATE};
use hyper::service::service_fn;
use hyper::{Method, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Map, Value};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::console::{Caller, is_row};
use crate::door;
use crate::router::{Answer, Door, Router};
use crate::row::{Reply, Request, Row};
use crate::shell::{self, Outcome};
use crate::trap::{Kind, Trap};
use crate::tree::Tree;

/// Talks with a client until it leaves.
pub(crate) async fn speak<S>(router: Arc<Router>, door: Door, stream: S) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request| {
        let router = Arc::clone(&router);
        async move {
            match tokio::time::timeout(LIMIT, answer(&router, door, request)).await {
                Ok(Ok(response)) => Ok(response),
                Ok(Err(Refusal::Cut)) => Err(io::Error::other("cut")),
                Ok(Err(Refusal::Status(status, detail))) => Ok(failure(status, detail)),
                Ok(Err(Refusal::TooLate)) | Err(_) => {
                    let detail = Some("Session closed".to_owned());
                    let mut response = failure(StatusCode::BAD_REQUEST, detail);
                    let close = hyper::header::HeaderValue::from_static("close");
                    response.headers_mut().insert(CONNECTION, close);
                    Ok(response)
                }
            }
        }
    });
    match hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await
    {
        Ok(()) => Ok(()),
        Err(error) if error.is_user() || error.is_incomplete_message() => Ok(()),
        Err(error) => Err(io::Error::other(error)),
    }
}

/// Why there is no result.
enum Refusal {
    Status(StatusCode, Option<String>),
    Cut,
    TooLate,
}

/// A request whose credentials were good.
struct Session<'a> {
    router: &'a Router,
    door: Door,
    user: String,
}

/// What a path names.
struct Place {
    menu: String,
    item: Option<String>,
}

async fn answer(
    router: &Router,
    door: Door,
    request: hyper::Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Refusal> {
    let Some(path) = request.uri().path().strip_prefix("/rest").map(decoded) else {
        return crl(router, request.uri().path());
    };
    let model = router.world().model;
    if !model.has_rest() {
        return Err(Refusal::Status(StatusCode::NOT_FOUND, None));
    }
    let header = request
        .headers()
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let user = header
        .and_then(credentials)
        .filter(|(user, password)| router.logs_in(user, password, "rest-api"))
        .map(|(user, _)| user)
        .ok_or(Refusal::Status(StatusCode::UNAUTHORIZED, None))?;
    let session = Session { router, door, user };
    let (method, query) = (
        request.method().clone(),
        request.uri().query().unwrap_or_default().to_owned(),
    );
    let body = request
        .into_body()
        .collect()
        .await
        .map_err(|error| Refusal::Status(StatusCode::BAD_REQUEST, Some(error.to_string())))?
        .to_bytes();
    let body = object(&body)?;
    session.answer(&method, &path, &query, body).await
}

/// Answers a request within this process; a refusal is what a client reads of it.
pub(crate) async fn ask(
    router: &Router,
    user: &str,
    method: Method,
    path: &str,
    body: Map<String, Value>,
) -> Result<Value, String> {
    let session = Session {
        router,
        door: door::REST,
        user: user.to_owned(),
    };
    match session.answer(&method, path, "", body).await {
        Ok(response) => {
            let body = response.into_body().collect().await.unwrap_or_default();
            Ok(serde_json::from_slice(&body.to_bytes()).unwrap_or_default())
        }
        Err(Refusal::Status(_, Some(detail))) => Err(detail),
        Err(Refusal::Status(status, None)) => {
            Err(status.canonical_reason().unwrap_or_default().to_owned())
        }
        Err(Refusal::Cut | Refusal::TooLate) => Err("Session closed".to_owned()),
    }
}

/// The CRL of a CA of this router, where its certificates say that it is.
fn crl(router: &Router, path: &str) -> Result<Response<Full<Bytes>>, Refusal> {
    path.strip_prefix("/crl/")
        .and_then(|name| name.strip_suffix(".crl"))
        .and_then(|name| router.world().published_crl(&decoded(name)))
        .map(|der| Response::new(Full::new(Bytes::from(der))))
        .ok_or(Refusal::Status(StatusCode::NOT_FOUND, None))
}

impl Session<'_> {
    async fn answer(
        &self,
        method: &Method,
        path: &str,
        query: &str,
        body: Map<String, Value>,
    ) -> Result<Response<Full<Bytes>>, Refusal> {
        let tree = Tree::of(self.router.model());
        match *method {
            Method::GET => self.get(tree, path, query).await,
            Method::PUT => self.put(path, body).await,
            Method::PATCH => self.patch(tree, path, body).await,
            Method::DELETE => self.delete(tree, path).await,
            Method::POST => self.post(path, body).await,
            _ => Err(Refusal::Status(StatusCode::METHOD_NOT_ALLOWED, None)),
        }
    }

    async fn get(
        &self,
        tree: &Tree,
        path: &str,
        query: &str,
    ) -> Result<Response<Full<Bytes>>, Refusal> {
        let Place { menu, item } = place(tree, path);
        let mut request = Request::new(&menu, "print");
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match decoded(name).as_str() {
                ".proplist" => request.proplist = Some(names(&decoded(value))),
                name => request.query.push(format!("={name}={}", decoded(value))),
            }
        }
        let Some(wanted) = item else {
            let reply = self.execute(&request).await?;
            if tree.is_settings(&menu) {
                let row = reply.rows.into_iter().next().unwrap_or_default();
                return Ok(json(StatusCode::OK, &row_value(row)));
            }
            return Ok(json(StatusCode::OK, &rows_value(reply.rows)));
        };
        let proplist = request.proplist.take();
        let rows = self.execute(&Request::new(&menu, "print")).await?.rows;
        let row = named(rows, &wanted)?;
        let row = row
            .into_iter()
            .filter(|(name, _)| proplist.as_ref().is_none_or(|all| all.contains(name)))
            .collect();
        Ok(json(StatusCode::OK, &row_value(row)))
    }

    async fn put(
        &self,
        path: &str,
        body: Map<String, Value>,
    ) -> Result<Response<Full<Bytes>>, Refusal> {
        let request = with_arguments(Request::new(path, "add"), body)?;
        let reply = self.execute(&request).await?;
        let Some(id) = reply.ret else {
            return Ok(json(StatusCode::CREATED, &Value::Array(Vec::new())));
        };
        let row = self.row(path, &id).await?;
        Ok(json(StatusCode::CREATED, &row_value(row)))
    }

    async fn patch(
        &self,
        tree: &Tree,
        path: &str,
        body: Map<String, Value>,
    ) -> Result<Response<Full<Bytes>>, Refusal> {
        let Place { menu, item } = place(tree, path);
        let Some(item) = item else {
            return Err(no_identifier());
        };
        let id = self
            .row(&menu, &item)
            .await?
            .remove(".id")
            .unwrap_or_default();
        let request = with_arguments(Request::new(&menu, "set").with(".id", &id), body)?;
        self.execute(&request).await?;
        Ok(json(
            StatusCode::OK,
            &row_value(self.row(&menu, &id).await?),
        ))
    }

    async fn delete(&self, tree: &Tree, path: &str) -> Result<Response<Full<Bytes>>, Refusal> {
        let Place { menu, item } = place(tree, path);
        let Some(item) = item else {
            return Err(no_identifier());
        };
        let id = self
            .row(&menu, &item)
            .await?
            .remove(".id")
            .unwrap_or_default();
        self.execute(&Request::new(&menu, "remove").with(".id", &id))
            .await?;
        let mut response = Response::new(Full::new(Bytes::new()));
        *response.status_mut() = StatusCode::NO_CONTENT;
        Ok(response)
    }

    async fn post(
        &self,
        path: &str,
        body: Map<String, Value>,
    ) -> Result<Response<Full<Bytes>>, Refusal> {
        if path == "/execute" {
            return self.script(body).await;
        }
        let (menu, command) = path.rsplit_once('/').unwrap_or(("", path));
        let menu = if menu.is_empty() { "/" } else { menu };
        let request = with_arguments(Request::new(menu, command), body)?;
        let Reply { mut rows, ret } = match self.execute(&request).await {
            Err(Refusal::Status(StatusCode::NOT_ACCEPTABLE, detail)) => {
                return Err(Refusal::Status(StatusCode::BAD_REQUEST, detail));
            }
            Err(Refusal::Status(StatusCode::NOT_FOUND, _)) => {
                let detail = Some("no such item".to_owned());
                return Err(Refusal::Status(StatusCode::NOT_FOUND, detail));
            }
            other => other?,
        };
        if ["once", "duration"]
            .iter()
            .any(|bound| request.argument(bound).is_some())
        {
            // Here nothing changes while one looks: there is one section.
            for row in &mut rows {
                row.insert(".section".to_owned(), "0".to_owned());
            }
        }
        let bare = menu == "/certificate" && command == "import" && {
            let world = self.router.world();
            world.assumptions.is("import-rest-reply", "object")
        };
        let value = match ret {
            Some(ret) => row_value(Row::from([("ret".to_owned(), ret)])),
            None if bare => row_value(rows.into_iter().next().unwrap_or_default()),
            None => rows_value(rows),
        };
        Ok(json(StatusCode::OK, &value))
    }

    /// `/execute`: the number of a job, whose output is lost, or with `as-string` what the script printed.
    async fn script(&self, body: Map<String, Value>) -> Result<Response<Full<Bytes>>, Refusal> {
        let request = with_arguments(Request::new("/", "execute"), body)?;
        let Some(script) = request.argument("script") else {
            return Err(refused(&Trap::missing("script")));
        };
        let printed = match shell::run(self.router, self.door, &self.user, script).await {
            Outcome::Text(printed) => printed,
            Outcome::Cut => return Err(Refusal::Cut),
        };
        let ret = match request.argument("as-string") {
            Some(_) => printed.trim_end().replace("\r\n", "\n"),
            None => format!("*{:X}", self.router.recorded().requests.len()),
        };
        let row = Row::from([("ret".to_owned(), ret)]);
        Ok(json(StatusCode::OK, &row_value(row)))
    }

    async fn row(&self, menu: &str, wanted: &str) -> Result<Row, Refusal> {
        let request = Request::new(menu, "print");
        let caller = Caller::User(&self.user);
        let (result, _) = self.router.execute(caller, &request).await;
        named(result.map_err(|trap| refused(&trap))?.rows, wanted)
    }

    async fn execute(&self, request: &Request) -> Result<Reply, Refusal> {
        match self.router.answer(self.door, &self.user, request).await {
            Answer::Cut => Err(Refusal::Cut),
            Answer::TooLate => Err(Refusal::TooLate),
            Answer::Send(result) => result.map_err(|trap| refused(&trap)),
        }
    }
}

fn named(rows: Vec<Row>, wanted: &str) -> Result<Row, Refusal> {
    rows.into_iter()
        .find(|row| is_row(row, wanted))
        .ok_or(Refusal::Status(StatusCode::NOT_FOUND, None))
}

fn refused(trap: &Trap) -> Refusal {
    let status = match trap.kind() {
        Kind::Permission => StatusCode::INTERNAL_SERVER_ERROR,
        Kind::Command => StatusCode::NOT_ACCEPTABLE,
        Kind::Item => return Refusal::Status(StatusCode::NOT_FOUND, None),
        Kind::Menu | Kind::Argument | Kind::Interrupted | Kind::Failure => StatusCode::BAD_REQUEST,
    };
    Refusal::Status(status, Some(trap.message()))
}

fn no_identifier() -> Refusal {
    let detail = "missing or invalid resource identifier".to_owned();
    Refusal::Status(StatusCode::BAD_REQUEST, Some(detail))
}

fn failure(status: StatusCode, detail: Option<String>) -> Response<Full<Bytes>> {
    let mut body = Map::new();
    if let Some(detail) = detail {
        body.insert("detail".to_owned(), Value::String(detail));
    }
    body.insert("error".to_owned(), status.as_u16().into());
    let reason = status.canonical_reason().unwrap_or_default();
    body.insert("message".to_owned(), Value::String(reason.to_owned()));
    let mut response = json(status, &Value::Object(body));
    if status == StatusCode::UNAUTHORIZED {
        let realm = hyper::header::HeaderValue::from_static("Basic realm=\"RouterOS REST API\"");
        response.headers_mut().insert(WWW_AUTHENTICATE, realm);
    }
    response
}

fn json(status: StatusCode, value: &Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(value.to_string())));
    *response.status_mut() = status;
    let kind = hyper::header::HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

fn place(tree: &Tree, path: &str) -> Place {
    let path = path.trim_end_matches('/');
    if !tree.has_menu(path) {
        // An item may hold slashes itself, as names of files do.
        let mut menu = path;
        while let Some((parent, _)) = menu.rsplit_once('/') {
            menu = parent;
            if tree.arguments(menu, "print").is_some() {
                let item = path.get(menu.len() + 1..).map(ToOwned::to_owned);
                return Place {
                    menu: menu.to_owned(),
                    item,
                };
            }
        }
    }
    Place {
        menu: path.to_owned(),
        item: None,
    }
}

/// Reads a body as the arguments of a command; nothing when it is no object of JSON, or its query is no list.
pub fn read(request: Request, body: &[u8]) -> Option<Request> {
    with_arguments(request, object(body).ok()?).ok()
}

fn object(body: &[u8]) -> Result<Map<String, Value>, Refusal> {
    if body.is_empty() {
        return Ok(Map::new());
    }
    serde_json::from_slice(body)
        .or_else(|error| match std::str::from_utf8(body) {
            Ok(text) => serde_json::from_str(&with_plain_numbers(text)),
            Err(_) => Err(error),
        })
        .map_err(|_| Refusal::Status(StatusCode::BAD_REQUEST, Some("Invalid JSON".to_owned())))
}

/// The text with numbers in decimal: to RouterOS one that begins with 0 is octal, and with 0x hexadecimal.
fn with_plain_numbers(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    let mut in_string = false;
    while let Some(next) = rest.chars().next() {
        let word = rest.find(|c: char| !c.is_ascii_alphanumeric());
        let (word, after) = rest.split_at(word.unwrap_or(rest.len()));
        if in_string || !word.starts_with('0') {
            // A backslash takes the next character with it.
            let taken = match next {
                '\\' => rest.chars().take(2).map(char::len_utf8).sum(),
                _ => next.len_utf8(),
            };
            in_string ^= next == '"';
            plain.push_str(&rest[..taken]);
            rest = &rest[taken..];
            continue;
        }
        let number = match word.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16),
            None => u64::from_str_radix(word, 8),
        };
        match number {
            Ok(number) => plain.push_str(&number.to_string()),
            Err(_) => plain.push_str(word),
        }
        rest = after;
    }
    plain
}

fn with_arguments(mut request: Request, body: Map<String, Value>) -> Result<Request, Refusal> {
    for (name, value) in body {
        match name.as_str() {
            ".proplist" => {
                request.proplist = Some(match &value {
                    Value::Array(all) => all.iter().map(text).collect(),
                    other => names(&text(other)),
                });
            }
            ".query" => {
                let Value::Array(words) = &value else {
                    let detail = Some("invalid .query".to_owned());
                    return Err(Refusal::Status(StatusCode::BAD_REQUEST, detail));
                };
                request.query = words.iter().map(text).collect();
            }
            _ => request.arguments.push((name, text(&value))),
        }
    }
    Ok(request)
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Array(all) => all.iter().map(text).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

fn names(list: &str) -> Vec<String> {
    list.split(',').map(ToOwned::to_owned).collect()
}

fn row_value(row: Row) -> Value {
    Value::Object(
        row.into_iter()
            .map(|(name, value)| (name, Value::String(value)))
            .collect(),
    )
}

fn rows_value(rows: Vec<Row>) -> Value {
    Value::Array(rows.into_iter().map(row_value).collect())
}

fn credentials(header: &str) -> Option<(String, String)> {
    let octets = STANDARD.decode(header.strip_prefix("Basic ")?).ok()?;
    let text = String::from_utf8(octets).ok()?;
    text.split_once(':')
        .map(|(user, password)| (user.to_owned(), password.to_owned()))
}

fn decoded(text: &str) -> String {
    let octets = text.as_bytes();
    let mut out = Vec::with_capacity(octets.len());
    let mut at = 0;
    while let Some(&octet) = octets.get(at) {
        let escaped = (octet == b'%')
            .then(|| text.get(at + 1..at + 3))
            .flatten()
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match escaped {
            Some(value) => {
                out.push(value);
                at += 3;
            }
            None => {
                out.push(octet);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

const LIMIT: Duration = Duration::from_secs(60);
