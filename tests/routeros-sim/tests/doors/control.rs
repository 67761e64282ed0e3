//! The program itself, its control port, and CRLs fetched over http.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener as PortFinder;
use std::process::{Child, Command, Stdio};

use rcgen::{
    CertificateParams, CertificateRevocationListParams, CrlDistributionPoint, DnType, IsCa,
    KeyIdMethod, RevokedCertParams, SerialNumber,
};
use routeros_sim::model::Model;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::rig::{Authority, Rig, key, request};

struct Program {
    child: Child,
    control: String,
    rest: String,
}

impl Program {
    /// Starts the program and waits for its one line.
    fn start(directory: &std::path::Path) -> Self {
        let free = || PortFinder::bind("127.0.0.1:0").and_then(|port| port.local_addr());
        let (control, rest) = (free().expect("a port"), free().expect("a port"));
        let password = directory.join("password");
        std::fs::write(&password, "secret\n").expect("a file");
        let mut child = Command::new(env!("CARGO_BIN_EXE_routeros-sim"))
            .args(["--model", "7.24", "--user", "admin", "--identity", "r7"])
            .arg("--state")
            .arg(directory.join("state"))
            .arg("--password-file")
            .arg(password)
            .args([
                "--rest-http",
                &rest.to_string(),
                "--control",
                &control.to_string(),
            ])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let mut line = String::new();
        let out = child.stdout.take().expect("a pipe");
        BufReader::new(out).read_line(&mut line).expect("a line");
        assert_eq!(line, "ready\n");
        Self {
            child,
            control: control.to_string(),
            rest: rest.to_string(),
        }
    }

    async fn control(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.control)
            .await
            .expect("a connection");
        let text = format!(
            "{method} {path} HTTP/1.1\r\nhost: c\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(text.as_bytes()).await.expect("a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        let status = answer.split(' ').nth(1).and_then(|word| word.parse().ok());
        let body = answer
            .split_once("\r\n\r\n")
            .map(|(_, body)| body.to_owned());
        (status.expect("a status"), body.expect("a body"))
    }

    async fn rest(&self, path: &str) -> Value {
        let stream = TcpStream::connect(&self.rest).await.expect("a connection");
        request(stream, "admin:secret", "GET", path, "")
            .await
            .expect("an answer")
            .1
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }
}

#[tokio::test]
async fn the_control_port_does_what_it_says() {
    let directory = tempfile::tempdir().expect("a directory");
    let program = Program::start(directory.path());
    let script = "/user group add name=bot policy=read,write,api,rest-api\n\
                  /user add name=bot group=bot password=\"a\\$b\"\n\
                  :put [/certificate get [find name=fleet-ca-bootstrap] fingerprint]";
    let (status, printed) = program.control("POST", "/console", script).await;
    assert_eq!(status, 200, "{printed}");
    let rows = program.rest("/rest/certificate").await;
    assert_eq!(printed.trim(), rows[0]["fingerprint"]);
    assert_eq!(
        rows[0]["key-usage"],
        "digital-signature,key-encipherment,tls-server"
    );
    let (status, error) = program
        .control("POST", "/console", "/ip pool add nane=x")
        .await;
    assert_eq!(
        (status, error.trim()),
        (400, "/ip/pool add: unknown parameter nane")
    );

    let peers = r#"[{"id":"fqdn:a","remote-address":"192.0.2.1","state":"established"}]"#;
    assert_eq!(
        program.control("PUT", "/ipsec/active-peers", peers).await.0,
        204
    );
    assert_eq!(
        program.rest("/rest/ip/ipsec/active-peers").await[0]["id"],
        "fqdn:a"
    );

    let year_ago = r#"{"offset-seconds":-31536000}"#;
    let before = program.rest("/rest/system/clock").await;
    assert_eq!(program.control("PUT", "/clock", year_ago).await.0, 204);
    assert_ne!(
        program.rest("/rest/system/clock").await["date"],
        before["date"]
    );

    let (_, recorded) = program.control("GET", "/requests", "").await;
    let recorded: Value = serde_json::from_str(&recorded).expect("JSON");
    assert_eq!(recorded["logins"], 4);
    assert_eq!(
        recorded["requests"][0],
        json!({ "door": "rest-http", "menu": "/certificate", "command": "print", "arguments": [] })
    );
}

#[tokio::test]
async fn facts_6_crls_are_fetched_over_http_and_judged() {
    let rig = Rig::start(Model::V7_24).await;
    let authority = Authority::new();
    let server = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/ca.crl", server.local_addr().expect("an address"));
    let crl = authority.crl(7, &[SerialNumber::from(5_u64), SerialNumber::from(6_u64)]);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = server.accept().await {
            let mut octets = [0; 1_024];
            let read = stream.read(&mut octets).await.expect("a request");
            assert!(octets[..read].starts_with(b"GET /ca.crl HTTP/1.1\r\n"));
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", crl.len());
            stream.write_all(head.as_bytes()).await.expect("an answer");
            stream.write_all(&crl).await.expect("an answer");
        }
    });
    let body = json!({ "url": url }).to_string();
    let (status, row) = rig.call("PUT", "/rest/certificate/crl", &body).await;
    assert_eq!(
        (status, &row["num"], &row["revoked"]),
        (201, &json!("7"), &json!("2"))
    );
    assert_eq!(row["invalid"], "true", "the store does not have the issuer");
    rig.upload("ca.pem", &authority.intermediate).await;
    rig.import("ca.pem", "issuing").await;
    let (_, rows) = rig.call("GET", "/rest/certificate/crl", "").await;
    let row = &rows[0];
    assert_eq!(
        (
            &row["invalid"],
            &row["expired"],
            &row["dynamic"],
            &row["cert"]
        ),
        (
            &json!("false"),
            &json!("false"),
            &json!("false"),
            &json!("issuing")
        )
    );
}

#[tokio::test]
async fn facts_5_10_a_distribution_point_makes_a_dynamic_row() {
    let rig = Rig::assuming(Model::V7_24, &["crl-on-add=manual"]).await;
    let mut params = CertificateParams::new(Vec::new()).expect("no names");
    params
        .distinguished_name
        .push(DnType::CommonName, "with CDP");
    params.is_ca = IsCa::ExplicitNoCa;
    let uris = vec!["http://127.0.0.1:9/x.crl".to_owned()];
    params.crl_distribution_points = vec![CrlDistributionPoint { uris }];
    rig.upload(
        "c.pem",
        &params.self_signed(&key()).expect("a certificate").pem(),
    )
    .await;
    rig.import("c.pem", "c").await;
    assert_eq!(
        rig.call("GET", "/rest/certificate/c", "").await.1["crl"],
        "true"
    );
    let (_, rows) = rig.call("GET", "/rest/certificate/crl", "").await;
    assert_eq!(rows[0]["url"], "http://127.0.0.1:9/x.crl");
    assert_eq!(rows[0]["dynamic"], "true");
    assert_eq!(rows[0].get("num"), None);
    rig.paste("/certificate remove c").await;
    assert_eq!(
        rig.call("GET", "/rest/certificate/crl", "").await.1,
        json!([])
    );
}

#[test]
fn the_program_names_what_it_cannot_do() {
    for (arguments, expected) in [
        (
            &["--model", "8"][..],
            "error: model 8: wanted one of 6.49, 7.9, 7.12, 7.16, 7.20, 7.24\n",
        ),
        (
            &["--model", "6.49", "--rest", "127.0.0.1:0"][..],
            "error: --rest: version 6.49 has no REST\n",
        ),
        (
            &["--model", "7.24", "--assume", "x=y"][..],
            "error: assumption x: not known, see --list-assumptions\n",
        ),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_routeros-sim"))
            .args(arguments)
            .output()
            .expect("the program starts");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), expected);
    }
}

impl Authority {
    /// A CRL of the intermediate, in DER.
    fn crl(&self, number: u64, revoked: &[SerialNumber]) -> Vec<u8> {
        let day = rcgen::date_time_ymd;
        let params = CertificateRevocationListParams {
            this_update: day(2026, 1, 1),
            next_update: day(2046, 1, 1),
            crl_number: SerialNumber::from(number),
            issuing_distribution_point: None,
            revoked_certs: revoked
                .iter()
                .map(|serial| RevokedCertParams {
                    serial_number: serial.clone(),
                    revocation_time: day(2026, 1, 1),
                    reason_code: None,
                    invalidity_date: None,
                })
                .collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params
            .signed_by(self.issuer())
            .expect("a CRL")
            .der()
            .to_vec()
    }
}
