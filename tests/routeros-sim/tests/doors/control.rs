//! The program itself, its control port, and CRLs fetched over http.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use rcgen::{CertificateParams, CrlDistributionPoint, DnType, IsCa};
use routeros_sim::assumption::Assumptions;
use routeros_sim::model::Model;
use routeros_sim::tree::Tree;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::rig::{Rig, key, request};

struct Program {
    child: Child,
    control: String,
    rest: String,
}

impl Program {
    /// Starts the program and waits for its one line; its log names the ports that it got.
    fn start(directory: &std::path::Path) -> Self {
        let password = directory.join("password");
        std::fs::write(&password, "secret\n").expect("a file");
        let mut child = Command::new(env!("CARGO_BIN_EXE_routeros-sim"))
            .args(["--model", "7.24", "--user", "admin", "--identity", "r7"])
            .arg("--state")
            .arg(directory.join("state"))
            .arg("--password-file")
            .arg(password)
            .args(["--rest-http", "127.0.0.1:0", "--control", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(File::create(directory.join("log")).expect("a file"))
            .spawn()
            .expect("the program starts");
        let mut line = String::new();
        let out = child.stdout.take().expect("a pipe");
        BufReader::new(out).read_line(&mut line).expect("a line");
        assert_eq!(line, "ready\n");
        let log = std::fs::read_to_string(directory.join("log")).expect("a file");
        let address = |door: &str| {
            let begin = format!("routeros-sim: {door} on ");
            let mut lines = log.lines();
            let found = lines.find_map(|line| line.strip_prefix(&begin));
            found.expect("it says where it listens").to_owned()
        };
        Self {
            child,
            control: address("control"),
            rest: address("rest-http"),
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

/// Fails when: the row is static.
#[tokio::test]
async fn facts_5_10_a_distribution_point_makes_a_dynamic_row() {
    let mut params = CertificateParams::new(Vec::new()).expect("no names");
    params
        .distinguished_name
        .push(DnType::CommonName, "with CDP");
    params.is_ca = IsCa::ExplicitNoCa;
    let uris = vec!["http://127.0.0.1:9/x.crl".to_owned()];
    params.crl_distribution_points = vec![CrlDistributionPoint { uris }];
    let pem = params.self_signed(&key()).expect("a certificate").pem();
    for model in Model::ALL {
        let rig = Rig::start(model).await.with_file("c", &pem).await;
        rig.import_file("c", "").await;
        let yes = if model.has_rest() { "true" } else { "yes" };
        assert_eq!(rig.row("/certificate", "c_0").await["crl"], yes);
        let row = rig.rows("/certificate/crl").await.remove(0);
        assert_eq!(row["url"], "http://127.0.0.1:9/x.crl", "{}", model.name());
        assert_eq!(row["dynamic"], yes);
        assert_eq!(row.get("num"), None);
        let remove = ["/certificate/crl/remove", "=numbers=*1"];
        rig.ask(&remove).await.expect_err("the row is dynamic");
        rig.paste("/certificate remove c_0").await;
        assert!(rig.rows("/certificate/crl").await.is_empty());
    }
}

/// Fails when: what is not played is passed over in silence.
#[tokio::test]
async fn a_menu_that_is_not_played_is_empty_and_named_in_the_log() {
    let directory = tempfile::tempdir().expect("a directory");
    let program = Program::start(directory.path());
    let printed = program.control("POST", "/console", "/tool netwatch print");
    assert_eq!(printed.await, (200, String::new()));
    let (status, said) = program
        .control("POST", "/console", "/tool netwatch add host=192.0.2.1")
        .await;
    let refused = "/tool/netwatch add: failure: not in this simulator\n";
    assert_eq!((status, said.as_str()), (400, refused));
    let (status, said) = program
        .control("POST", "/console", "/tool netwatch remove *1")
        .await;
    assert_eq!(
        (status, said.as_str()),
        (400, "/tool/netwatch remove: no such item\n")
    );
    let log = std::fs::read_to_string(directory.path().join("log")).expect("a log");
    for line in [
        "routeros-sim: /tool/netwatch print: answered as an empty menu\n",
        "routeros-sim: /tool/netwatch remove: answered as an empty menu\n",
        "routeros-sim: /tool/netwatch add: not in this simulator\n",
    ] {
        assert!(log.contains(line), "{log}");
    }
}

/// Fails when: a menu of 6.49 is left out of the list, or nothing speaks for it.
#[test]
fn the_program_lists_its_assumptions_and_what_speaks_for_the_menus_of_6_49() {
    let output = Command::new(env!("CARGO_BIN_EXE_routeros-sim"))
        .arg("--list-assumptions")
        .output()
        .expect("the program starts");
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("text");
    for (menu, _) in Tree::of(Model::V6_49).menus() {
        let begin = format!("    {menu}: ");
        let mark = text.lines().find_map(|line| line.strip_prefix(&begin));
        let mark = mark.unwrap_or_else(|| panic!("no {menu} in {text}"));
        let sources = ["D ", "C ", "I "];
        let known = sources.iter().any(|letter| mark.starts_with(letter));
        assert!(known, "{menu}: {mark}");
    }
    for one in Assumptions::list() {
        let begin = format!("{}={}\n    {}\n", one.key, one.values.join("|"), one.reason);
        assert!(text.contains(&begin), "{begin}");
    }
}

#[test]
fn the_program_names_what_it_cannot_do() {
    for (arguments, expected) in [
        (
            &["--model", "8"][..],
            "error: model 8: wanted one of 6.49, 7.9, 7.12, 7.16, 7.20, 7.24\n",
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
