//! Clients of other people, of RouterOS and of SSH, find a router in the simulator.

use std::{fmt::Write as _, fs, process::Command, time::Duration};

use ca_tests::{Router, RouterOptions, peers, repository, run_within};
use rcgen::{CertificateParams, DnType, KeyPair};
use routeros_sim::model::Model;
use serde_json::{Value, json};
use tempfile::tempdir;

#[test]
fn clients_of_the_binary_api_know_every_model() {
    for model in Model::ALL.map(Model::name) {
        let mut expected = String::new();
        for client in ["librouteros", "RouterOS-api"] {
            for door in ["api", "api-ssl"] {
                writeln!(expected, "{client} {door} {model}").expect("a string");
            }
        }
        if model != "6.49" {
            for door in ["www", "www-ssl"] {
                writeln!(expected, "rosrestpy {door} {model} guests-01").expect("a string");
            }
        }
        assert_eq!(said_about(model), expected);
    }
}

#[test]
fn clients_of_ssh_know_every_model() {
    let folder = tempdir().expect("the directory for temporary files is writable");
    let bundle = folder.path().join("guest.pem");
    fs::write(&bundle, guest()).expect("the test directory is writable");
    for model in Model::ALL.map(Model::name) {
        let options = RouterOptions {
            identity: "guests-01".to_owned(),
            ..RouterOptions::default()
        };
        let router = Router::start(model, &folder.path().join(model), options);
        let driver = |name: &str| repository().join("tests/peers").join(name);
        let (host, ssh) = ("127.0.0.1", router.ssh());
        let (_, port) = ssh.rsplit_once(':').expect("host and port");
        let mut paramiko = Command::new(peers("python"));
        paramiko.arg(driver("paramiko_router.py"));
        let mut openssh = Command::new("sh");
        openssh.arg(driver("openssh_router.sh"));
        let work = tempdir().expect("the directory for temporary files is writable");
        for command in [&mut paramiko, &mut openssh] {
            command
                .args([model, Router::USER])
                .arg(router.password_file())
                .arg(&bundle);
        }
        paramiko.arg(&ssh);
        openssh.args([host, port]).arg(work.path());
        for (name, mut command) in [("paramiko", paramiko), ("OpenSSH", openssh)] {
            let said = run_within(&mut command, Duration::from_secs(120)).ok();
            assert_eq!(said.stdout, format!("{name} {model} guests-01\n"), "{said}");
        }
    }
}

#[test]
fn curl_uploads_imports_binds_and_removes_over_rest_on_every_model() {
    for model in Model::ALL.into_iter().filter(|model| model.has_rest()) {
        let folder = tempdir().expect("the directory for temporary files is writable");
        let router = Router::start(
            model.name(),
            &folder.path().join("router"),
            RouterOptions::default(),
        );
        for (door, service) in [
            (format!("http://{}", router.rest_http()), "www-ssl"),
            // What it comes through would be cut.
            (format!("https://{}", router.rest()), "api-ssl"),
        ] {
            curl_works(model, &door, service);
        }
    }
}

/// Lets curl bring a certificate to a service, and take it away again.
#[track_caller]
fn curl_works(model: Model, door: &str, service: &str) {
    let name = format!("{} {door}", model.name());
    let curl = |method: &str, path: &str, body: &Value| {
        asked_with_curl(
            Router::PASSWORD,
            method,
            &format!("{door}/rest{path}"),
            body,
        )
    };
    let none = Value::Null;
    let identity = format!("{door}/rest/system/identity");
    assert_eq!(asked_with_curl("guess", "GET", &identity, &none).0, 401);
    let file = json!({"name": "guest.pem", "contents": guest()});
    assert_eq!(curl("PUT", "/file", &file).0, 201, "{name}");
    let import = json!({"file-name": "guest.pem", "name": "guest", "passphrase": ""});
    let (status, counted) = curl("POST", "/certificate/import", &import);
    assert_eq!(status, 200, "{name}: {counted}");
    assert_eq!(counted[0]["private-keys-imported"], "1", "{name}");
    let left = curl("GET", "/file?name=guest.pem", &none).1;
    let left = left.as_array().expect("a list");
    let kept = usize::from(model < Model::V7_16);
    assert_eq!(left.len(), kept, "{name}: {left:?}");
    for row in left {
        let path = format!("/file/{}", row[".id"].as_str().expect("an id"));
        assert_eq!(curl("DELETE", &path, &none).0, 204, "{name}");
    }
    // The row is named by its id: open connections share the name of a service.
    let rows = curl("GET", &format!("/ip/service?name={service}"), &none).1;
    let path = format!("/ip/service/{}", rows[0][".id"].as_str().expect("an id"));
    for wanted in [&json!("guest"), &rows[0]["certificate"]] {
        let (status, bound) = curl("PATCH", &path, &json!({"certificate": wanted}));
        assert_eq!(status, 200, "{name}: {bound}");
        assert_eq!(&bound["certificate"], wanted, "{name}");
    }
    assert_eq!(curl("DELETE", "/certificate/guest", &none).0, 204, "{name}");
    assert_eq!(curl("DELETE", "/certificate/guest", &none).0, 404, "{name}");
}

/// Returns the status and the body.
#[track_caller]
fn asked_with_curl(password: &str, method: &str, url: &str, body: &Value) -> (u16, Value) {
    let mut command = Command::new("curl");
    command
        .args(["--silent", "--insecure", "--noproxy", "*"])
        .args(["--request", method, "--write-out", "\n%{http_code}"])
        .args(["--user", &format!("{}:{password}", Router::USER)])
        .args(["--header", "content-type: application/json"])
        .arg(url);
    if !body.is_null() {
        command.args(["--data", &body.to_string()]);
    }
    let said = run_within(&mut command, Duration::from_secs(60))
        .ok()
        .stdout;
    let (body, status) = said.rsplit_once('\n').expect("the status is written out");
    let status = status.trim().parse().expect("a status");
    (status, serde_json::from_str(body).unwrap_or_default())
}

/// Lets the clients do their work with a router, and returns what they did.
#[track_caller]
fn said_about(model: &str) -> String {
    let folder = tempdir().expect("the directory for temporary files is writable");
    let options = RouterOptions {
        identity: "guests-01".to_owned(),
        ..RouterOptions::default()
    };
    let router = Router::start(model, &folder.path().join("router"), options);
    let bundle = folder.path().join("guest.pem");
    fs::write(&bundle, guest()).expect("the test directory is writable");
    let mut command = Command::new(peers("python"));
    command
        .arg(repository().join("tests/peers/routeros_clients.py"))
        .args([model, Router::USER])
        .arg(router.password_file())
        .arg(&bundle)
        .args([router.api(), router.api_ssl()]);
    if !model.starts_with("6.") {
        command.args([router.rest_http(), router.rest()]);
    }
    run_within(&mut command, Duration::from_secs(60))
        .ok()
        .stdout
}

/// Returns a certificate and its key.
fn guest() -> String {
    let name = "guest.example.net";
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a sound name");
    params.distinguished_name.push(DnType::CommonName, name);
    let certificate = params.self_signed(&key).expect("a certificate");
    format!("{}{}", certificate.pem(), key.serialize_pem())
}
