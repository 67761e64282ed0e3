//! Bad input: a message that helps, nothing changed, and the server alive.

use std::{
    io::{Read as _, Write as _},
    net::{Ipv4Addr, TcpListener, TcpStream},
    process::Command,
    time::Duration,
};

use ca_proto::{ApiError, v1::IssueRequest};
use ca_tests::{Algorithm, Api, InitOptions, Key, Site, program, run};
use ca_types::{Code, Hinted as _};

use crate::books::Books;

#[test]
fn random_octets_do_not_stop_the_server() {
    let (site, mut server) = Site::running(Algorithm::P256);
    let before = Books::read(&site);
    for port in [
        site.ports().grpc,
        site.ports().http,
        site.ports().operations,
    ] {
        for round in 0..20 {
            throw(port, &noise(round, 4_096));
        }
        throw(port, b"");
        throw(port, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        throw(port, b"GET / HTTP/1.1\r\n\r\n");
        throw(port, &[b'A'; 100_000]);
    }
    assert!(server.is_running());
    assert_eq!(Books::read(&site), before);
    site.issue("router", "berlin-01.example.net", &[]);
    assert!(!server.log().contains("panicked"), "{}", server.log());
}

/// Sends the octets, and reads until the peer has enough or says nothing for a moment.
fn throw(port: u16, octets: &[u8]) {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("the port is open");
    stream
        .set_read_timeout(Some(Duration::from_millis(20)))
        .expect("a socket takes a timeout");
    // The peer may close at any moment.
    drop(stream.write_all(octets));
    drop(stream.read(&mut [0; 1_024]));
}

/// Octets that look random and are the same in every run.
fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15 ^ (seed + 1);
    (0..length)
        .map(|_octet| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()[3]
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_none_is_refused_by_its_own_name() {
    let (site, mut server) = Site::running(Algorithm::P256);
    let before = tokio::task::block_in_place(|| Books::read(&site));
    let good = Key::new().certification_request("berlin-01.example.net");
    let mut truncated = good.clone();
    truncated.truncate(good.len() / 2);
    let mut trailing = good.clone();
    trailing.push(0);
    // The outer SEQUENCE with the indefinite length of BER, closed by two zero octets.
    let mut indefinite = vec![0x30, 0x80];
    indefinite.extend_from_slice(&good[header(&good)..]);
    indefinite.extend_from_slice(&[0, 0]);
    let mut forged = good.clone();
    *forged.last_mut().expect("it has octets") ^= 1;
    for (what, octets, code) in [
        ("empty", Vec::new(), Code::InvalidRequest),
        ("noise", noise(7, 400), Code::InvalidRequest),
        ("truncated", truncated, Code::InvalidRequest),
        ("trailing octet", trailing, Code::InvalidRequest),
        ("indefinite length", indefinite, Code::InvalidRequest),
        ("forged", forged, Code::ProofOfPossession),
    ] {
        let error = refusal(&site, octets).await;
        assert_eq!(error.code(), code, "{what}: {error}");
    }
    for (name, code) in [
        ("", Code::InvalidName),
        ("a..b", Code::InvalidName),
        ("../up", Code::InvalidName),
        ("*.example.net", Code::InvalidName),
        ("a\0b", Code::InvalidName),
    ] {
        let mut request = Key::new().issue_request("router", "berlin-01.example.net");
        request.name = name.to_owned();
        let error = refused(&site, request).await;
        assert_eq!(error.code(), code, "{name:?}: {error}");
    }
    assert!(server.is_running());
    assert_eq!(tokio::task::block_in_place(|| Books::read(&site)), before);
}

/// Returns where the content of the outermost element begins.
fn header(der: &[u8]) -> usize {
    match der[1] {
        long if long & 0x80 != 0 => 2 + usize::from(long & 0x7f),
        _ => 2,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_megabytes_are_too_many() {
    let (site, mut server) = Site::running(Algorithm::P256);
    let before = tokio::task::block_in_place(|| Books::read(&site));
    let error = refusal(&site, vec![0x30; 2 << 20]).await;
    assert!(
        matches!(error.code(), Code::InvalidRequest | Code::ResourceExhausted),
        "{:?}: {error}",
        error.code()
    );
    assert!(server.is_running());
    assert_eq!(tokio::task::block_in_place(|| Books::read(&site)), before);
}

async fn refusal(site: &Site, certification_request: Vec<u8>) -> ApiError {
    let mut request = Key::new().issue_request("router", "berlin-01.example.net");
    request.certification_request = certification_request;
    refused(site, request).await
}

async fn refused(site: &Site, request: IssueRequest) -> ApiError {
    let api = Api::connect(&site.data().join("admin"), site.ports().grpc)
        .await
        .expect("the admin is let in");
    let status = api
        .authority()
        .issue(request)
        .await
        .expect_err("it is refused");
    ApiError::from(status)
}

#[test]
fn a_request_file_that_is_none_is_refused_by_the_client() {
    let (site, _server) = Site::running(Algorithm::P256);
    std::fs::write(site.path("noise.csr"), noise(3, 300)).expect("the test directory is writable");
    site.client(&[
        "sign",
        "--profile",
        "router",
        "--csr",
        "noise.csr",
        "--out",
        "out",
    ])
    .refused(1, &["noise.csr"]);
    site.client(&[
        "sign",
        "--profile",
        "router",
        "--csr",
        "none.csr",
        "--out",
        "out",
    ])
    .refused(2, &["none.csr"]);
}

#[test]
fn a_wrong_passphrase_changes_nothing() {
    let site = Site::new(Algorithm::P256);
    std::fs::write(site.passphrase(), "another\n").expect("the test directory is writable");
    let before = fingerprint(&site);
    let run = run(&mut site.serve_command());
    let code = run.code.unwrap_or(-1);
    assert!(code == 1 || code == 2, "{run}");
    run.refused(code, &["passphrase"]);
    assert_eq!(fingerprint(&site), before);
}

#[test]
fn an_occupied_port_is_named() {
    let site = Site::new(Algorithm::P256);
    for port in [
        site.ports().grpc,
        site.ports().http,
        site.ports().operations,
    ] {
        let holder = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("the port is free");
        let before = fingerprint(&site);
        run(&mut site.serve_command()).refused(2, &[&port.to_string()]);
        assert_eq!(fingerprint(&site), before, "port {port}");
        drop(holder);
    }
}

#[test]
fn a_second_server_finds_the_directory_taken() {
    let (site, mut first) = Site::running(Algorithm::P256);
    let before = Books::read(&site);
    run(&mut site.serve_command()).refused(2, &[&site.data().display().to_string()]);
    assert!(first.is_running());
    assert_eq!(Books::read(&site), before);
    site.issue("router", "berlin-01.example.net", &[]);
}

#[test]
fn a_directory_that_cannot_be_is_named() {
    let site = Site::empty();
    std::fs::write(site.path("file"), "text").expect("the test directory is writable");
    let mut command = Command::new(program("ca-server"));
    command
        .arg("init")
        .arg("--data")
        .arg(site.path("file/data"))
        .arg("--passphrase-file")
        .arg(site.passphrase())
        .args(["--organization", "Example Fleet"])
        .args(["--publish-url", "http://pki.example.net"])
        .args(["--key-algorithm", "p256"]);
    run(&mut command).refused(2, &["file/data"]);

    let (site, _server) = Site::running(Algorithm::P256);
    std::fs::write(site.path("file"), "text").expect("the test directory is writable");
    let before = Books::read(&site);
    site.client(&[
        "issue",
        "--profile",
        "router",
        "--name",
        "berlin-01.example.net",
        "--out",
        "file/out",
    ])
    .refused(2, &["file/out"]);
    assert_eq!(Books::read(&site), before);
}

#[test]
fn init_refuses_before_it_writes() {
    for (more, part) in [
        (&["--domain", "not a domain"][..], "not a domain"),
        (&["--server-name", "a..b"], "a..b"),
        (&["--root-passphrase-file", "/nonexistent"], "/nonexistent"),
    ] {
        let site = Site::empty();
        let run = site.run_init(InitOptions {
            algorithm: Algorithm::P256,
            publish_url: Some("http://pki.example.net"),
            more,
        });
        let code = run.code.unwrap_or(-1);
        assert!(code == 1 || code == 2, "{more:?}: {run}");
        run.refused(code, &[part]);
        assert!(!site.data().exists(), "{more:?}");
    }
    for url in [
        "https://pki.example.net",
        "http://pki.example.net/path",
        "pki.example.net",
        "http://",
    ] {
        let site = Site::empty();
        let run = site.run_init(InitOptions {
            algorithm: Algorithm::P256,
            publish_url: Some(url),
            more: &[],
        });
        let code = run.code.unwrap_or(-1);
        assert!(code == 1 || code == 2, "{url}: {run}");
        assert!(run.stderr.contains("http://HOST"), "{url}: {run}");
        assert!(!site.data().exists(), "{url}");
    }
}

#[test]
fn a_wrong_key_in_the_settings_is_named_with_its_line() {
    let site = Site::new(Algorithm::P256);
    let path = site.data().join("ca-server.toml");
    let good = std::fs::read_to_string(&path).expect("init wrote it");
    let after = good.lines().count() + 2;
    for (text, parts) in [
        (
            format!("colour = \"red\"\n{good}"),
            ["colour", "ca-server.toml, line 1:"],
        ),
        (
            format!("listen = 7\n{}", without(&good, "listen")),
            ["", "ca-server.toml, line 1:"],
        ),
        (
            format!(
                "publish_url = \"ftp://x\"\n{}",
                without(&good, "publish_url")
            ),
            ["ftp://x", "ca-server.toml, line 1:"],
        ),
        (
            format!("{good}\n["),
            ["", &format!("ca-server.toml, line {after}:")],
        ),
    ] {
        std::fs::write(&path, text).expect("the test directory is writable");
        let run = run(&mut site.serve_command());
        let code = run.code.unwrap_or(-1);
        assert!(code == 1 || code == 2, "{run}");
        run.refused(code, &parts);
    }
}

/// Returns the text without the line of this key.
fn without(text: &str, key: &str) -> String {
    text.lines()
        .filter(|line| !line.starts_with(&format!("{key} =")))
        .map(|line| format!("{line}\n"))
        .collect()
}

/// Returns one text for all files of the data directory: their paths and hashes.
///
/// The index is left out: sled writes when it opens, and all of it can be made again.
fn fingerprint(site: &Site) -> String {
    let script =
        "find . -type f ! -name lock ! -path './index-*' -print0 | sort -z | xargs -0 sha256sum";
    let mut command = Command::new("sh");
    command.args(["-c", script]).current_dir(site.data());
    run(&mut command).ok().stdout
}
