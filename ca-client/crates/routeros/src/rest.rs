//! REST: HTTP/1.1 on one connection that is kept.

use std::pin::pin;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ca_types::KeyId;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{Connection, SendRequest, handshake};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::connect::{CALL, CONNECT, Open, Peer, Stream};
use crate::{Call, Command, Door, Reply, RouterError, RouterTransport, Row};

/// A router behind REST.
#[derive(Debug)]
pub(crate) struct Rest {
    peer: Peer,
    /// Missing after a call that failed halfway.
    link: Option<Link>,
}

/// A connection; it moves only while somebody waits for it, so that no task is left behind.
#[derive(Debug)]
struct Link {
    sender: SendRequest<Full<Bytes>>,
    connection: Option<Moving>,
}

type Moving = Connection<TokioIo<Box<dyn Stream>>, Full<Bytes>>;

/// What is asked of the router.
struct Question {
    method: Method,
    path: String,
    body: Option<Zeroizing<Vec<u8>>>,
}

impl Rest {
    /// Connects, and logs in once to see that it works.
    pub(crate) async fn open(peer: Peer) -> Result<Self, RouterError> {
        let link = Some(Link::open(&peer).await?);
        Ok(Self { peer, link })
    }

    /// Returns a connection that is open now: a router ends idle ones.
    async fn link(&mut self) -> Result<Link, RouterError> {
        if let Some(mut link) = self.link.take()
            && link.is_ready().await
        {
            return Ok(link);
        }
        Link::dial(&self.peer).await
    }

    async fn ask(&mut self, call: &Call<'_>) -> Result<Answer, RouterError> {
        let question = Question::from(call);
        let mut link = Box::pin(self.link()).await?;
        let answer = link.exchange(&self.peer, call, question).await?;
        self.link = Some(link);
        Ok(answer)
    }
}

#[async_trait]
impl RouterTransport for Rest {
    fn door(&self) -> Door {
        self.peer.door
    }

    async fn call(&mut self, call: &Call<'_>) -> Result<Reply, RouterError> {
        self.peer.door.may_carry(call)?;
        let answer = timeout(CALL, self.ask(call))
            .await
            .map_err(|_elapsed| RouterError::timeout(call, CALL))??;
        if answer.status == StatusCode::UNAUTHORIZED {
            return Err(self.peer.refuses_login());
        }
        answer.reply(call)
    }

    async fn reconnect(&mut self) -> Result<(), RouterError> {
        self.link = None;
        self.link = Some(Box::pin(self.peer.reopen()).await?);
        Ok(())
    }

    fn trust_also(&mut self, pin: KeyId) {
        self.peer.trust_also(pin);
    }
}

impl Open for Link {
    async fn open(peer: &Peer) -> Result<Self, RouterError> {
        let call = Call::new("/system/identity", Command::Print);
        let mut link = Self::dial(peer).await?;
        let exchange = link.exchange(peer, &call, Question::from(&call));
        let answer = timeout(CONNECT, exchange)
            .await
            .map_err(|_elapsed| crate::tls::silent(&peer.place(), CONNECT))??;
        match answer.status {
            StatusCode::UNAUTHORIZED => Err(peer.refuses_login()),
            // Whoever may not look at this may do other things.
            _ => Ok(link),
        }
    }
}

impl Link {
    async fn dial(peer: &Peer) -> Result<Self, RouterError> {
        let stream = TokioIo::new(peer.dial().await?);
        let (sender, connection) =
            handshake(stream)
                .await
                .map_err(|error| RouterError::Unreachable {
                    address: peer.place(),
                    what: error.to_string(),
                })?;
        Ok(Self {
            sender,
            connection: Some(connection),
        })
    }

    async fn is_ready(&mut self) -> bool {
        drive(&mut self.connection, self.sender.ready())
            .await
            .is_ok()
    }

    async fn exchange(
        &mut self,
        peer: &Peer,
        call: &Call<'_>,
        question: Question,
    ) -> Result<Answer, RouterError> {
        let request = question
            .request(peer)
            .map_err(|error| RouterError::Refused {
                call: call.to_string(),
                what: error.to_string(),
            })?;
        let response = self.sender.send_request(request);
        let response = drive(&mut self.connection, response)
            .await
            .map_err(|error| failure(call, &error))?;
        let (head, body): (_, Incoming) = Response::into_parts(response);
        let body = drive(&mut self.connection, Limited::new(body, LONGEST).collect())
            .await
            .map_err(|error| match error.downcast::<hyper::Error>() {
                Ok(error) => failure(call, &error),
                Err(error) => RouterError::answer(call, error.to_string()),
            })?;
        Ok(Answer {
            status: head.status,
            body: body.to_bytes(),
        })
    }
}

/// Waits for something while the connection moves.
async fn drive<F: Future, C: Future + Unpin>(connection: &mut Option<C>, future: F) -> F::Output {
    let mut future = pin!(future);
    std::future::poll_fn(|context| {
        if let Some(moving) = connection
            && std::pin::Pin::new(moving).poll(context).is_ready()
        {
            *connection = None;
        }
        future.as_mut().poll(context)
    })
    .await
}

fn failure(call: &Call<'_>, error: &hyper::Error) -> RouterError {
    match error.is_parse() {
        true => RouterError::answer(call, error.to_string()),
        false => RouterError::closed(call),
    }
}

impl Question {
    fn request(self, peer: &Peer) -> Result<Request<Full<Bytes>>, hyper::http::Error> {
        let mut login = Zeroizing::new(Vec::with_capacity(
            peer.user.len() + peer.password.expose().len() + 1,
        ));
        login.extend_from_slice(peer.user.as_bytes());
        login.push(b':');
        login.extend_from_slice(peer.password.expose());
        let mut basic = Zeroizing::new(String::with_capacity(2 * login.len() + 10));
        basic.push_str("Basic ");
        STANDARD.encode_string(&login, &mut basic);
        let mut login = HeaderValue::from_str(&basic)?;
        login.set_sensitive(true);
        let request = Request::builder()
            .method(self.method)
            .uri(self.path)
            .header(HOST, peer.place())
            .header(AUTHORIZATION, login);
        match self.body {
            None => request.body(Full::default()),
            Some(body) => request
                .header(CONTENT_TYPE, "application/json")
                .body(Full::new(Bytes::from_owner(body))),
        }
    }
}

impl From<&Call<'_>> for Question {
    fn from(call: &Call<'_>) -> Self {
        let menu = format!("/rest{}", call.menu);
        let command = || format!("{menu}/{}", call.command.as_str());
        let on = |item: &str| format!("{menu}/{}", escape(item));
        let has_more = call.arguments().next().is_some() || !call.filter.is_empty();
        let (method, path, item) = match (call.command, call.item.as_deref()) {
            (Command::Print, None) if !has_more => return Self::get(menu),
            (Command::Print, Some(item)) if !has_more => return Self::get(on(item)),
            (Command::Add, _) => (Method::PUT, menu, None),
            (Command::Set, Some(item)) => (Method::PATCH, on(item), None),
            (Command::Remove, Some(item)) => {
                return Self {
                    method: Method::DELETE,
                    path: on(item),
                    body: None,
                };
            }
            (Command::Print | Command::Set | Command::Remove | Command::Other(_), item) => {
                (Method::POST, command(), item)
            }
        };
        let body = Some(body(call, item));
        Self { method, path, body }
    }
}

impl Question {
    fn get(path: String) -> Self {
        Self {
            method: Method::GET,
            path,
            body: None,
        }
    }
}

/// Writes the arguments as a JSON object, in one piece: a buffer that grows would leave copies of secrets behind.
fn body(call: &Call<'_>, item: Option<&str>) -> Zeroizing<Vec<u8>> {
    let is_print = call.command == Command::Print;
    let mut query: Vec<String> = call
        .filter
        .iter()
        .map(|(field, value)| format!("{field}={value}"))
        .collect();
    let mut fields: Vec<(&str, &str)> = Vec::new();
    match item {
        Some(item) if is_print && item.starts_with('*') => query.push(format!(".id={item}")),
        Some(item) if is_print => query.push(format!("name={item}")),
        Some(item) if item.starts_with('*') => fields.push((".id", item)),
        Some(item) => fields.push(("numbers", item)),
        None => {}
    }
    fields.extend(call.arguments());
    let size: usize = fields
        .iter()
        .map(|(name, value)| 6 * (name.len() + value.len()) + 6)
        .sum();
    let mut json = Zeroizing::new(Vec::with_capacity(size + 2));
    let mut begin = b'{';
    for (name, value) in fields {
        json.push(begin);
        begin = b',';
        quote(name, &mut json);
        json.push(b':');
        quote(value, &mut json);
    }
    if !query.is_empty() {
        json.push(begin);
        begin = b',';
        json.extend_from_slice(b"\".query\":");
        json.extend_from_slice(Value::from(query).to_string().as_bytes());
    }
    if begin == b'{' {
        json.push(begin);
    }
    json.push(b'}');
    json
}

/// Writes a JSON string (RFC 8259 §7).
fn quote(text: &str, json: &mut Vec<u8>) {
    json.push(b'"');
    for octet in text.bytes() {
        match octet {
            b'"' | b'\\' => json.extend([b'\\', octet]),
            b'\n' => json.extend(b"\\n"),
            b'\r' => json.extend(b"\\r"),
            0..0x20 => json.extend(format!("\\u{octet:04x}").bytes()),
            _ => json.push(octet),
        }
    }
    json.push(b'"');
}

/// Escapes what is no part of a path segment (RFC 3986 §3.3); the `*` of an id is.
fn escape(item: &str) -> String {
    let mut escaped = String::with_capacity(item.len());
    for octet in item.bytes() {
        match octet {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'*' => {
                escaped.push(char::from(octet));
            }
            _ => escaped.push_str(&format!("%{octet:02X}")),
        }
    }
    escaped
}

/// What came back.
struct Answer {
    status: StatusCode,
    body: Bytes,
}

impl Answer {
    fn reply(&self, call: &Call<'_>) -> Result<Reply, RouterError> {
        if !self.status.is_success() {
            return Err(self.refusal(call));
        }
        if self.body.is_empty() {
            return Ok(Reply::default());
        }
        let value: Value = serde_json::from_slice(&self.body)
            .map_err(|error| RouterError::answer(call, error.to_string()))?;
        let rows = match value {
            Value::Array(rows) => rows,
            one @ (Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Object(_)) => vec![one],
        };
        let mut reply = Reply::default();
        for row in rows {
            let Value::Object(fields) = row else {
                return Err(RouterError::answer(call, "a row is no object"));
            };
            let row: Row = fields
                .into_iter()
                .map(|(field, value)| (field, text_of(value)))
                .collect();
            match (call.command, row.get("ret")) {
                (Command::Print, _) | (_, None) => reply.rows.push(row),
                (_, Some(id)) => reply.added = Some(id.to_owned()),
            }
        }
        if call.command == Command::Add && reply.added.is_none() {
            let made = reply.rows.first().map(Row::id);
            reply.added = made.filter(|id| !id.is_empty()).map(str::to_owned);
        }
        Ok(reply)
    }

    fn refusal(&self, call: &Call<'_>) -> RouterError {
        let text = self.detail();
        let error = RouterError::from_text(call, &text);
        if !matches!(error, RouterError::Refused { .. }) {
            return error;
        }
        let name = call.to_string();
        match self.status {
            _ if text.contains("Session closed") => RouterError::timeout(call, SESSION),
            StatusCode::NOT_FOUND if call.item.is_some() => RouterError::NoSuchItem {
                call: name,
                what: text,
            },
            StatusCode::NOT_FOUND => RouterError::UnknownCommand {
                call: name,
                what: text,
            },
            _ => error,
        }
    }

    /// Returns what the router says, or the status when it says nothing.
    fn detail(&self) -> String {
        let value: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let field = |name: &str| value.get(name).and_then(Value::as_str);
        field("detail")
            .or_else(|| field("message"))
            .map_or_else(|| self.status.to_string(), str::to_owned)
    }
}

/// Writes a value of JSON as RouterOS means it.
pub(crate) fn text_of(value: Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text,
        Value::Array(values) => values
            .into_iter()
            .map(text_of)
            .collect::<Vec<_>>()
            .join(","),
        other @ (Value::Bool(_) | Value::Number(_) | Value::Object(_)) => other.to_string(),
    }
}

/// The most octets of an answer.
const LONGEST: usize = 16 << 20;
/// After which RouterOS itself ends a call.
const SESSION: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_question(call: Call<'_>, expect: &str) {
        let question = Question::from(&call);
        let mut text = format!("{} {}", question.method, question.path);
        if let Some(body) = question.body {
            let _valid: Value = serde_json::from_slice(&body).unwrap();
            text.push(' ');
            text.push_str(std::str::from_utf8(&body).unwrap());
        }
        assert_eq!(text, expect);
    }

    #[test]
    fn every_command_has_its_verb() {
        let call = Call::new;
        check_question(call("/ip/service", Command::Print), "GET /rest/ip/service");
        check_question(
            call("/certificate", Command::Print).item("*1A"),
            "GET /rest/certificate/*1A",
        );
        check_question(
            call("/ip/service", Command::Print)
                .matching("name", "www-ssl")
                .matching("dynamic", "false"),
            r#"POST /rest/ip/service/print {".query":["name=www-ssl","dynamic=false"]}"#,
        );
        check_question(
            call("/file", Command::Print).with("file", "a"),
            r#"POST /rest/file/print {"file":"a"}"#,
        );
        check_question(
            call("/file", Command::Add)
                .with("name", "a")
                .with_secret("contents", Zeroizing::new("\"\\\r\n\u{1}ü".to_owned())),
            r#"PUT /rest/file {"name":"a","contents":"\"\\\r\n\u0001ü"}"#,
        );
        check_question(
            call("/certificate", Command::Set)
                .item("a b/ü%")
                .with("name", "c"),
            r#"PATCH /rest/certificate/a%20b%2F%C3%BC%25 {"name":"c"}"#,
        );
        check_question(
            call("/system/ntp/client", Command::Set).with("enabled", "yes"),
            r#"POST /rest/system/ntp/client/set {"enabled":"yes"}"#,
        );
        check_question(
            call("/file", Command::Remove).item("**x1"),
            "DELETE /rest/file/**x1",
        );
        check_question(
            call("/certificate/crl", Command::Other("update")).item("*3"),
            r#"POST /rest/certificate/crl/update {".id":"*3"}"#,
        );
        check_question(
            call("/certificate", Command::Other("sign")).item("web"),
            r#"POST /rest/certificate/sign {"numbers":"web"}"#,
        );
        check_question(
            call("/system", Command::Other("reboot")),
            "POST /rest/system/reboot {}",
        );
    }

    #[track_caller]
    fn check_answer(call: &Call<'_>, status: u16, body: &str, expect: &str) {
        let answer = Answer {
            status: StatusCode::from_u16(status).unwrap(),
            body: Bytes::copy_from_slice(body.as_bytes()),
        };
        let shown = match answer.reply(call) {
            Ok(reply) => {
                let rows = reply.rows.iter().map(|row| {
                    let fields: Vec<_> = row.fields().map(|(f, v)| format!("{f}={v}")).collect();
                    fields.join(" ")
                });
                let rows: Vec<_> = rows.collect();
                format!("{:?} {}", reply.added, rows.join("; "))
            }
            Err(error) => error.to_string(),
        };
        assert_eq!(shown, expect);
    }

    #[test]
    fn every_form_of_an_answer_becomes_rows() {
        let print = Call::new("/file", Command::Print);
        check_answer(&print, 200, "[]", "None ");
        check_answer(&print, 200, "", "None ");
        check_answer(&print, 200, r#"{"a":"b"}"#, "None a=b");
        check_answer(
            &print,
            200,
            r#"[{"a":true,"b":null,"c":7},{"d":["e","f"]}]"#,
            "None a=true b= c=7; d=e,f",
        );
        let add = Call::new("/file", Command::Add);
        check_answer(
            &add,
            201,
            r#"{".id":"*1","x":"y"}"#,
            "Some(\"*1\") .id=*1 x=y",
        );
        check_answer(&add, 200, r#"{"ret":"*2"}"#, "Some(\"*2\") ");
        check_answer(
            &Call::new("/file", Command::Remove).item("*1"),
            204,
            "",
            "None ",
        );
        check_answer(
            &print,
            200,
            "[1]",
            "the answer to `/file print` cannot be read: a row is no object",
        );
        check_answer(
            &print,
            200,
            "<html>",
            "the answer to `/file print` cannot be read: expected value at line 1 column 1",
        );
    }

    #[test]
    fn every_refusal_has_its_error() {
        let call = Call::new("/file", Command::Remove).item("a");
        for (status, body, expect) in [
            (
                500,
                r#"{"detail":"not enough permissions (9)","error":500}"#,
                "`/file remove a`: not enough permissions (9)",
            ),
            (
                404,
                r#"{"error":404,"message":"Not Found"}"#,
                "`/file remove a`: no such item",
            ),
            (
                400,
                r#"{"detail":"no such item","error":400,"message":"Bad Request"}"#,
                "`/file remove a`: no such item",
            ),
            (
                406,
                r#"{"detail":"no such command or directory (remove)","error":406}"#,
                "`/file remove a`: no such command or directory (remove)",
            ),
            (
                400,
                r#"{"detail":"Session closed","error":400,"message":"Bad Request"}"#,
                "no answer to `/file remove a` within 60 s",
            ),
            (
                400,
                r#"{"detail":"failure: contents too long","error":400}"#,
                "`/file remove a`: failure: contents too long",
            ),
            (503, "<html>", "`/file remove a`: 503 Service Unavailable"),
        ] {
            check_answer(&call, status, body, expect);
        }
        let call = Call::new("/x", Command::Print);
        check_answer(&call, 404, "", "`/x print`: 404 Not Found");
    }
}
