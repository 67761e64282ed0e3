//! Just enough HTTP/1.1 to ask as a router does.

use std::{
    collections::BTreeMap,
    io::{Read as _, Write as _},
    net::{Ipv4Addr, TcpStream},
    time::Duration,
};

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpResponse {
    /// The status code.
    pub status: u16,
    /// The headers, with their names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
}

impl HttpResponse {
    /// Returns a header.
    ///
    /// # Panics
    /// When it is missing.
    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .unwrap_or_else(|| panic!("no header {name}: {:?}", self.headers))
    }
}

/// Sends one request to 127.0.0.1 and reads the answer to its end.
///
/// # Panics
/// When no HTTP answer comes.
#[track_caller]
pub fn http(port: u16, method: &str, path: &str, headers: &[(&str, &str)]) -> HttpResponse {
    exchange(port, method, path, headers, &[])
}

/// Sends one request with a body to 127.0.0.1 and reads the answer to its end.
///
/// # Panics
/// When no HTTP answer comes.
#[track_caller]
pub fn http_with_body(
    port: u16,
    method: &str,
    path: &str,
    kind: &str,
    body: &[u8],
) -> HttpResponse {
    let length = body.len().to_string();
    let headers = [("Content-Type", kind), ("Content-Length", &length)];
    exchange(port, method, path, &headers, body)
}

#[track_caller]
fn exchange(
    port: u16,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> HttpResponse {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("the port is open");
    stream
        .set_read_timeout(Some(PATIENCE))
        .expect("a socket takes a timeout");
    let mut request =
        format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str("\r\n");
    stream
        .write_all(&[request.as_bytes(), body].concat())
        .expect("the peer reads");
    let mut octets = Vec::new();
    stream.read_to_end(&mut octets).expect("the peer answers");
    parse(&octets)
}

fn parse(octets: &[u8]) -> HttpResponse {
    let end = octets
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap_or_else(|| panic!("no HTTP: {}", String::from_utf8_lossy(octets)));
    let head = String::from_utf8_lossy(&octets[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1))
        .and_then(|code| code.parse().ok())
        .unwrap_or_else(|| panic!("no status: {head}"));
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let body = octets[end + 4..].to_vec();
    let body = match headers.get("transfer-encoding").map(String::as_str) {
        Some("chunked") => unchunked(&body),
        _ => body,
    };
    HttpResponse {
        status,
        headers,
        body,
    }
}

fn unchunked(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = rest.windows(2).position(|two| two == b"\r\n") {
        let size = String::from_utf8_lossy(&rest[..end]);
        let size = usize::from_str_radix(&size, 16).expect("a chunk has a size");
        if size == 0 {
            break;
        }
        body.extend_from_slice(&rest[end + 2..end + 2 + size]);
        rest = &rest[end + 4 + size..];
    }
    body
}

/// On a busy machine, a simulated router makes an RSA key for longer than one would think.
const PATIENCE: Duration = Duration::from_secs(120);
