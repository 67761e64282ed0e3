//! The router as a certificate authority, judged by OpenSSL.

use std::path::Path;
use std::process::Command;

use http_body_util::BodyExt as _;
use hyper_util::rt::TokioIo;
use routeros_sim::model::Model;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpStream;

use crate::rig::{Authority, Rig, key};

/// A CA and a leaf of it on a router, and a directory for OpenSSL.
struct Town {
    rig: Rig,
    directory: TempDir,
}

impl Town {
    async fn found(model: Model) -> Self {
        let rig = Rig::start(model).await;
        rig.paste(
            "/certificate add name=town common-name=Town key-usage=key-cert-sign,crl-sign\n\
             /certificate sign town ca-crl-host=127.0.0.1\n\
             /certificate add name=mill common-name=mill.example \
             subject-alt-name=DNS:mill.example key-usage=digital-signature,tls-server\n\
             /certificate sign mill ca=town",
        )
        .await;
        let directory = tempfile::tempdir().expect("a directory");
        Self { rig, directory }
    }

    /// Writes a certificate of the router as `NAME.crt`.
    async fn export(&self, name: &str) {
        self.rig
            .paste(&format!("/certificate export-certificate {name}"))
            .await;
        self.save(&format!("cert_export_{name}.crt"), &format!("{name}.crt"))
            .await;
    }

    /// Copies a text file of the router.
    async fn save(&self, file: &str, name: &str) {
        let script = format!(":put [/file get {file} contents]");
        let text = self.rig.paste(&script).await;
        std::fs::write(self.directory.path().join(name), text).expect("a writable directory");
    }

    async fn save_crl(&self, number: u32) {
        let der = fetched(&self.rig, &format!("/crl/{number}.crl")).await;
        std::fs::write(self.directory.path().join("town.crl"), der).expect("a writable directory");
    }

    async fn row(&self, name: &str) -> Value {
        self.rig
            .call("GET", &format!("/rest/certificate/{name}"), "")
            .await
            .1
    }
}

/// What the plain web server of the router says at a path.
async fn fetched(rig: &Rig, path: &str) -> Vec<u8> {
    let stream = TcpStream::connect(rig.rest_http)
        .await
        .expect("a connection");
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .expect("a handshake");
    let task = tokio::spawn(connection);
    let request = hyper::Request::get(path)
        .header("host", "router")
        .body(http_body_util::Empty::<hyper::body::Bytes>::new())
        .expect("a request");
    let response = sender.send_request(request).await.expect("an answer");
    assert_eq!(response.status(), 200, "{path}");
    let body = response.into_body().collect().await.expect("a body");
    task.abort();
    body.to_bytes().to_vec()
}

/// Runs OpenSSL and returns whether it was content, and what it said.
fn openssl(directory: &Path, words: &str) -> (bool, String) {
    let run = Command::new("openssl")
        .args(words.split(' '))
        .current_dir(directory)
        .output()
        .expect("openssl runs");
    let said = [run.stdout, run.stderr].concat();
    (
        run.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

#[tokio::test]
async fn facts_5_12_what_the_router_issues_verifies_until_it_is_revoked() {
    for model in [Model::V6_49, Model::V7_9, Model::V7_24] {
        let town = Town::found(model).await;
        town.export("town").await;
        town.export("mill").await;
        town.save_crl(1).await;
        let path = town.directory.path();
        let judge = "verify -crl_check -CRLfile town.crl -CAfile town.crt mill.crt";
        let (content, said) = openssl(path, judge);
        assert!(content, "{}: {said}", model.name());
        let points = openssl(path, "x509 -in mill.crt -noout -ext crlDistributionPoints").1;
        assert!(points.contains("http://127.0.0.1/crl/1.crl"), "{points}");
        town.rig.paste("/certificate issued-revoke mill").await;
        town.save_crl(1).await;
        let (content, said) = openssl(path, judge);
        assert!(!content && said.contains("certificate revoked"), "{said}");
    }
}

#[tokio::test]
async fn facts_5_12_only_what_this_router_issued_can_be_revoked() {
    let town = Town::found(Model::V7_24).await;
    let foreign = Authority::new();
    town.rig
        .upload("leaf.pem", &foreign.leaf("vpn.example", &key()))
        .await;
    town.rig.import("leaf.pem", "foreign").await;
    let revoke = |name: &str| json!({ "numbers": name }).to_string();
    let path = "/rest/certificate/issued-revoke";
    let (status, refused) = town.rig.call("POST", path, &revoke("foreign")).await;
    assert_eq!(status, 400, "{refused}");
    assert_eq!(town.rig.call("POST", path, &revoke("mill")).await.0, 200);
    assert_eq!(town.row("foreign").await.get("revoked"), None);
    let row = town.row("mill").await;
    assert!(row["revoked"].is_string(), "{row}");
    assert_eq!(
        (&row["issued"], &row["ca"]),
        (&json!("true"), &json!("town"))
    );
}

#[tokio::test]
async fn removing_a_ca_takes_what_this_router_issued_and_nothing_else() {
    let town = Town::found(Model::V7_20).await;
    let foreign = Authority::new();
    let chain = format!("{}{}", foreign.root, foreign.intermediate);
    town.rig.upload("chain.pem", &chain).await;
    town.rig.import("chain.pem", "chain").await;
    town.rig.paste("/certificate remove town").await;
    town.rig.paste("/certificate remove chain").await;
    let (_, rows) = town
        .rig
        .call("GET", "/rest/certificate?.proplist=name", "")
        .await;
    assert_eq!(rows, json!([{ "name": "chain_1" }]));
}

#[tokio::test]
async fn a_request_of_openssl_is_signed_and_one_of_the_router_is_sound() {
    let town = Town::found(Model::V7_16).await;
    let path = town.directory.path();
    let made = openssl(
        path,
        "req -new -newkey rsa:2048 -nodes -keyout k.key -out k.csr -subj /CN=inn.example \
         -addext subjectAltName=DNS:inn.example",
    );
    assert!(made.0, "{}", made.1);
    let text = std::fs::read_to_string(path.join("k.csr")).expect("a request");
    town.rig.upload("inn.csr", &text).await;
    town.rig
        .paste("/certificate sign-certificate-request file-name=inn.csr ca=town days-valid=9")
        .await;
    town.export("town").await;
    town.export("inn.csr").await;
    let (content, said) = openssl(
        path,
        "verify -CAfile town.crt -verify_hostname inn.example inn.csr.crt",
    );
    assert!(content, "{said}");
    assert_eq!(town.row("inn.csr").await["days-valid"], "9");

    town.rig
        .paste(
            "/certificate add name=well common-name=well.example\n\
             /certificate create-certificate-request template=well key-passphrase=pass",
        )
        .await;
    assert_eq!(town.row("well").await["error"], 404, "the template is gone");
    town.save("certificate-request.pem", "w.csr").await;
    town.save("certificate-request_key.pem", "w.key").await;
    let (content, said) = openssl(path, "req -in w.csr -noout -verify -subject");
    assert!(content && said.contains("well.example"), "{said}");
    let (content, said) = openssl(path, "pkey -in w.key -passin pass:pass -noout");
    assert!(content, "{said}");
    let damaged = text.replacen("MII", "MIJ", 1);
    town.rig.upload("bad.csr", &damaged).await;
    let body = json!({ "file-name": "bad.csr", "ca": "town" }).to_string();
    let (status, _) = town
        .rig
        .call("POST", "/rest/certificate/sign-certificate-request", &body)
        .await;
    assert_eq!(status, 400);
}
