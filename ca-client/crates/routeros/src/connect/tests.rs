//! Transports against routers that say what a test wrote down.

use std::sync::Arc;

use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, SupportedProtocolVersion};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use zeroize::Zeroizing;

use super::*;
use crate::fake::{serve_api, serve_rest};
use crate::{Call, Command, Pin, certificate_fingerprint, handshake};

const LOGIN: (&str, &str) = ("/login|=name=fleet|=password=pw", "!done");
const REST_LOGIN: (&str, u16, &str) = ("GET /rest/system/identity", 200, r#"{"name":"r"}"#);

/// The key and certificate of a router.
struct Identity {
    certificate: CertificateDer<'static>,
    acceptor: TlsAcceptor,
}

impl Identity {
    fn new(version: &'static SupportedProtocolVersion) -> Self {
        let made = rcgen::generate_simple_self_signed(["router.example".to_owned()]).unwrap();
        let certificate = made.cert.der().clone();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[version])
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], key)
            .unwrap();
        Self {
            certificate,
            acceptor: TlsAcceptor::from(Arc::new(config)),
        }
    }

    fn pin(&self) -> KeyId {
        Pin::of_certificate(&self.certificate).unwrap().key()
    }

    async fn accept(&self, listener: &TcpListener) -> std::io::Result<TlsStream<TcpStream>> {
        let (stream, _) = listener.accept().await?;
        self.acceptor.accept(stream).await
    }
}

async fn listen() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

fn target(port: u16, door: Door, pins: &[KeyId]) -> Target {
    Target {
        address: "127.0.0.1".to_owned(),
        port,
        door,
        user: "fleet".to_owned(),
        password: Passphrase::from_file_content(b"pw\n".to_vec()),
        trust: Trust::Pins(pins.to_vec()),
    }
}

fn print(menu: &'static str) -> Call<'static> {
    Call::new(menu, Command::Print)
}

/// Makes one call over the binary API in the clear and shows what became of it.
async fn one_call(
    call: Call<'_>,
    sentence: &str,
    answer: &str,
) -> Result<crate::Reply, RouterError> {
    let (listener, port) = listen().await;
    let server = async {
        let (stream, _) = listener.accept().await.unwrap();
        serve_api(stream, &[LOGIN, (sentence, answer)]).await;
    };
    let client = async {
        let mut router = connect(target(port, Door::ApiPlain, &[])).await.unwrap();
        router.call(&call).await
    };
    tokio::join!(server, client).1
}

#[tokio::test]
async fn calls_become_sentences() {
    let call = print("/ip/service")
        .matching("name", "api")
        .matching("dynamic", "false");
    let sentence = "/ip/service/print|?name=api|?dynamic=false";
    let answer = "!re|=.id=*1|=name=api||!re|=.id=*2|=comment=a=b||!done";
    let reply = one_call(call, sentence, answer).await.unwrap();
    assert_eq!(reply.rows.len(), 2);
    assert_eq!(reply.rows[0].id(), "*1");
    assert_eq!(reply.rows[1].get("comment"), Some("a=b"));

    let call = Call::new("/file", Command::Add)
        .with("name", "a")
        .with("contents", "b=\n");
    let reply = one_call(call, "/file/add|=name=a|=contents=b=\n", "!done|=ret=*7").await;
    assert_eq!(reply.unwrap().added.as_deref(), Some("*7"));

    let call = print("/certificate").matching("name", "x");
    let reply = one_call(call, "/certificate/print|?name=x", "!empty||!done").await;
    assert_eq!(reply, Ok(crate::Reply::default()));

    let call = Call::new("/certificate", Command::Set)
        .item("*A")
        .with("name", "b");
    one_call(call, "/certificate/set|=.id=*A|=name=b", "!done")
        .await
        .unwrap();
    let call = Call::new("/file", Command::Remove).item("a.txt");
    one_call(call, "/file/remove|=numbers=a.txt", "!done")
        .await
        .unwrap();
    let call = print("/certificate").item("*A");
    let missing = one_call(call, "/certificate/print|?.id=*A", "!empty||!done").await;
    assert!(matches!(missing, Err(RouterError::NoSuchItem { .. })));
    let call = Call::new("/certificate", Command::Other("import")).with("passphrase", "");
    let answer = "!done|=certificates-imported=1";
    let reply = one_call(call, "/certificate/import|=passphrase=", answer)
        .await
        .unwrap();
    assert_eq!(reply.rows[0].get("certificates-imported"), Some("1"));
}

#[tokio::test]
async fn traps_become_errors() {
    for (answer, expect) in [
        (
            "!trap|=message=not enough permissions (9)||!done",
            "`/x print`: not enough permissions (9)",
        ),
        (
            "!trap|=category=0|=message=no such item (4)||!done",
            "`/x print`: no such item",
        ),
        (
            "!trap|=message=no such command prefix||!done",
            "`/x print`: no such command prefix",
        ),
        (
            "!re|=a=b||!trap|=message=failure: x||!done",
            "`/x print`: failure: x",
        ),
        ("!trap|=message=failure: x", "`/x print`: failure: x"),
        (
            "!fatal|session terminated",
            "`/x print`: session terminated",
        ),
        (
            "!re|=a=b",
            "the connection ended before `/x print` was answered",
        ),
        ("", "the connection ended before `/x print` was answered"),
        (
            "!what",
            "the answer to `/x print` cannot be read: `!what` is no reply",
        ),
    ] {
        let error = one_call(print("/x"), "/x/print", answer).await.unwrap_err();
        assert_eq!(error.to_string(), expect);
    }
}

#[tokio::test]
async fn a_session_goes_on_after_a_trap_and_anew_after_its_end() {
    let (listener, port) = listen().await;
    let server = async {
        let (stream, _) = listener.accept().await.unwrap();
        let trap = "!trap|=message=no such item||!done";
        serve_api(
            stream,
            &[
                LOGIN,
                ("/x/print", trap),
                ("/x/print", "!done"),
                ("/y/print", ""),
            ],
        )
        .await;
        // Not there for a moment, then answering again.
        let (stream, _) = listener.accept().await.unwrap();
        drop(stream);
        let (stream, _) = listener.accept().await.unwrap();
        serve_api(stream, &[LOGIN, ("/y/print", "!done")]).await;
    };
    let client = async {
        let mut router = connect(target(port, Door::ApiPlain, &[])).await.unwrap();
        router.call(&print("/x")).await.unwrap_err();
        router.call(&print("/x")).await.unwrap();
        for _ in 0..2 {
            let ended = router.call(&print("/y")).await.unwrap_err();
            assert!(ended.is_unsure());
        }
        router.reconnect().await.unwrap();
        router.call(&print("/y")).await.unwrap();
    };
    tokio::join!(server, client);
}

#[tokio::test]
async fn answers_to_other_calls_are_left_out() {
    let (listener, port) = listen().await;
    let server = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream
            .write_all(b"\x03!re\x07.tag=99\0\x05!done\x07.tag=99\0\x05!done\x06.tag=1\0")
            .await
            .unwrap();
        let mut octets = Vec::new();
        stream.read_to_end(&mut octets).await.unwrap();
    };
    let client = async { drop(connect(target(port, Door::ApiPlain, &[])).await.unwrap()) };
    tokio::join!(server, client);
}

#[tokio::test]
async fn a_refused_login_is_told() {
    for text in ["invalid user name or password (6)", "cannot log in"] {
        let (listener, port) = listen().await;
        let answer = format!("!trap|=message={text}||!done");
        let server = async {
            let (stream, _) = listener.accept().await.unwrap();
            serve_api(stream, &[(LOGIN.0, &answer)]).await;
        };
        let (_, refused) = tokio::join!(server, connect(target(port, Door::ApiPlain, &[])));
        let error = refused.err().unwrap();
        assert_eq!(
            error.to_string(),
            format!("127.0.0.1:{port} refuses the login of fleet")
        );
    }
    let (listener, port) = listen().await;
    let server = async {
        let (stream, _) = listener.accept().await.unwrap();
        serve_rest(stream, &[(REST_LOGIN.0, 401, "")]).await;
    };
    let (_, refused) = tokio::join!(server, connect(target(port, Door::RestPlain, &[])));
    assert!(matches!(refused.err(), Some(RouterError::Login { .. })));
    let (listener, port) = listen().await;
    let server = async {
        let (stream, _) = listener.accept().await.unwrap();
        serve_api(
            stream,
            &[(LOGIN.0, "!done|=ret=0123456789abcdef0123456789abcdef")],
        )
        .await;
    };
    let (_, refused) = tokio::join!(server, connect(target(port, Door::ApiPlain, &[])));
    assert!(matches!(refused.err(), Some(RouterError::Refused { .. })));
}

#[tokio::test]
async fn rest_is_spoken_over_a_connection_that_is_kept_or_renewed() {
    let (listener, port) = listen().await;
    let identity = Identity::new(&rustls::version::TLS12);
    let server = async {
        let stream = identity.accept(&listener).await.unwrap();
        let add = r#"PUT /rest/file {"name":"a","contents":"key"}"#;
        let steps = [
            REST_LOGIN,
            (add, 201, r#"{".id":"*1"}"#),
            ("GET /rest/x", 200, "[]"),
        ];
        serve_rest(stream, &steps).await;
        // Idle for too long, and ended by the router.
        let stream = identity.accept(&listener).await.unwrap();
        serve_rest(stream, &[("GET /rest/y", 200, r#"[{"a":"b"}]"#)]).await;
    };
    let client = async {
        let mut router = connect(target(port, Door::Rest, &[identity.pin()]))
            .await
            .unwrap();
        let key = Zeroizing::new("key".to_owned());
        let add = Call::new("/file", Command::Add)
            .with("name", "a")
            .with_secret("contents", key);
        assert_eq!(
            router.call(&add).await.unwrap().added.as_deref(),
            Some("*1")
        );
        router.call(&print("/x")).await.unwrap();
        sleep(Duration::from_millis(20)).await;
        let reply = router.call(&print("/y")).await.unwrap();
        assert_eq!(reply.rows[0].get("a"), Some("b"));
    };
    tokio::join!(server, client);
}

#[tokio::test]
async fn rest_that_ends_in_the_middle_may_have_done_it() {
    for answer in ["", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n["] {
        let (listener, port) = listen().await;
        let server = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            serve_rest(&mut stream, &[REST_LOGIN]).await;
            let mut octets = [0; 512];
            assert!(stream.read(&mut octets).await.unwrap() > 0);
            stream.write_all(answer.as_bytes()).await.unwrap();
        };
        let client = async {
            let mut router = connect(target(port, Door::RestPlain, &[])).await.unwrap();
            router.call(&print("/x")).await
        };
        let (_, outcome) = tokio::join!(server, client);
        assert!(
            matches!(outcome, Err(RouterError::Closed { .. })),
            "{outcome:?}"
        );
    }
}

#[tokio::test]
async fn an_impostor_reads_nothing() {
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        for door in [Door::Rest, Door::ApiSsl] {
            let (listener, port) = listen().await;
            let (right, impostor) = (Identity::new(version), Identity::new(version));
            let server = async {
                // The handshake fails, at the latest when the client ends it.
                let Ok(mut stream) = impostor.accept(&listener).await else {
                    return 0;
                };
                let mut octets = Vec::new();
                match stream.read_to_end(&mut octets).await {
                    Ok(_) | Err(_) => octets.len(),
                }
            };
            let target = target(port, door, &[right.pin()]);
            let (octets, refused) = tokio::join!(server, connect(target));
            assert_eq!(octets, 0);
            let expect = RouterError::WrongPin {
                address: format!("127.0.0.1:{port}"),
                found: Pin::from(impostor.pin()).to_string(),
            };
            assert_eq!(refused.err(), Some(expect));
        }
    }
}

#[tokio::test]
async fn first_contact_knows_the_fingerprint_and_a_new_key_joins_before_it_is_bound() {
    let (listener, port) = listen().await;
    let version = &rustls::version::TLS13;
    let (first, second) = (Identity::new(version), Identity::new(version));
    let server = async {
        for identity in [&first, &second] {
            let stream = identity.accept(&listener).await.unwrap();
            serve_api(stream, &[LOGIN, ("/x/print", "!done")]).await;
        }
    };
    let client = async {
        let mut target = target(port, Door::ApiSsl, &[]);
        target.trust = Trust::Fingerprint(certificate_fingerprint(&first.certificate));
        let mut router = connect(target).await.unwrap();
        router.call(&print("/x")).await.unwrap();
        router.trust_also(second.pin());
        router.reconnect().await.unwrap();
        router.call(&print("/x")).await.unwrap();
    };
    tokio::join!(server, client);
}

#[tokio::test]
async fn a_secret_is_not_sent_in_the_clear() {
    for door in [Door::ApiPlain, Door::RestPlain] {
        let (listener, port) = listen().await;
        let server = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            match door {
                Door::ApiPlain | Door::ApiSsl => serve_api(&mut stream, &[LOGIN]).await,
                Door::RestPlain | Door::Rest => serve_rest(&mut stream, &[REST_LOGIN]).await,
                Door::Ssh => unreachable!("it is encrypted"),
            }
            let mut octets = Vec::new();
            stream.read_to_end(&mut octets).await.unwrap();
            octets
        };
        let client = async {
            let mut router = connect(target(port, door, &[])).await.unwrap();
            let key = Zeroizing::new("key".to_owned());
            let call = Call::new("/file", Command::Add).with_secret("contents", key);
            router.call(&call).await.unwrap_err()
        };
        let (octets, error) = tokio::join!(server, client);
        assert_eq!(octets, b"");
        let what = format!("`/file add contents=…` holds a secret, and {door} is not encrypted");
        assert_eq!(error.to_string(), what);
    }
}

#[tokio::test]
async fn a_router_without_a_certificate_is_told_from_other_failures() {
    for (answer, is_no_common_tls) in [
        (&b"\x15\x03\x03\x00\x02\x02\x28"[..], true),
        (b"\x15\x03\x03\x00\x02\x02\x46", true),
        (b"\x15\x03\x03\x00\x02\x02\x47", true),
        (b"\x15\x03\x03\x00\x02\x02\x50", false),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", false),
        (b"", false),
    ] {
        let (listener, port) = listen().await;
        let server = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut octets = [0; 16];
            stream.read_exact(&mut octets).await.unwrap();
            stream.write_all(answer).await.unwrap();
            let mut octets = Vec::new();
            stream.shutdown().await.unwrap();
            stream.read_to_end(&mut octets).await.unwrap_or_default();
        };
        let (_, refused) = tokio::join!(server, connect(target(port, Door::ApiSsl, &[])));
        let refused = refused.err().unwrap();
        match is_no_common_tls {
            true => assert!(
                matches!(refused, RouterError::NoCommonTls { .. }),
                "{refused}"
            ),
            false => assert!(matches!(refused, RouterError::Tls { .. }), "{refused}"),
        }
    }
}

#[tokio::test]
async fn a_look_from_outside_shows_the_chain() {
    let (listener, port) = listen().await;
    let identity = Identity::new(&rustls::version::TLS13);
    let look = handshake("127.0.0.1", port, Some("router.example"), CONNECT);
    let (_, chain) = tokio::join!(identity.accept(&listener), look);
    assert_eq!(chain.unwrap().certificates, [identity.certificate.to_vec()]);
    drop(listener);
    let nobody = handshake("127.0.0.1", port, None, CONNECT).await;
    assert!(matches!(nobody, Err(RouterError::Unreachable { .. })));
    let (_silent, port) = listen().await;
    let deadline = Duration::from_millis(50);
    let nobody = handshake("127.0.0.1", port, None, deadline).await;
    assert!(matches!(nobody, Err(RouterError::Unreachable { .. })));
}
