//! The router as a certificate authority, judged by OpenSSL.

use std::path::Path;
use std::process::Command;

use http_body_util::BodyExt as _;
use hyper_util::rt::TokioIo;
use routeros_sim::model::Model;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpStream;

use crate::facts::with_rest;
use crate::rig::{Authority, Rig, key, key_size};

/// A CA and a leaf of it on a router, and a directory for OpenSSL.
struct Town {
    rig: Rig,
    directory: TempDir,
}

impl Town {
    async fn found(model: Model) -> Self {
        Self::found_assuming(model, &[]).await
    }

    async fn found_assuming(model: Model, assumed: &[&str]) -> Self {
        let rig = Rig::assuming(model, assumed).await;
        let size = key_size(model);
        rig.paste(&format!(
            "/certificate add name=town common-name=Town key-usage=key-cert-sign,crl-sign {size}\n\
             /certificate sign town ca-crl-host=127.0.0.1\n\
             /certificate add name=mill common-name=mill.example {size} \
             subject-alt-name=DNS:mill.example key-usage=digital-signature,tls-server\n\
             /certificate sign mill ca=town"
        ))
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

/// Fails when: the CRL stays empty.
#[tokio::test]
async fn facts_5_12_what_the_router_issues_verifies_until_it_is_revoked() {
    for model in Model::ALL {
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

/// Fails when: the list is served under another path, is another one before the day is over, is the same one the day after, or does not tell of a revocation.
#[tokio::test]
async fn facts_6_a_ca_of_the_router_serves_its_list_and_renews_it() {
    for (model, assumed, stem) in [
        (Model::V6_49, "crl-path=number", "1"),
        (Model::V7_24, "crl-path=name", "town"),
    ] {
        let town = Town::found_assuming(model, &[assumed]).await;
        let later = async |seconds: i64| {
            let body = json!({ "seconds": seconds });
            town.rig.control("POST", "/time", &body).await;
            let der = fetched(&town.rig, &format!("/crl/{stem}.crl")).await;
            routeros_sim::crl::parse(&der).expect("a list")
        };
        let (first, same) = (later(60).await, later(3_600).await);
        assert!(first.revoked.is_empty());
        assert_eq!(first.number, same.number, "{}", model.name());
        let second = later(86_400).await;
        let renewed = second.this_update - first.this_update;
        assert_eq!(renewed, 86_400, "{}", model.name());
        assert_ne!(first.number, second.number);
        town.rig.paste("/certificate issued-revoke mill").await;
        let third = later(0).await;
        assert_eq!(third.revoked.len(), 1, "{}", model.name());
        assert_ne!(second.number, third.number);
    }
}

/// Fails when: a foreign certificate is passed over.
#[tokio::test]
async fn facts_5_12_only_what_this_router_issued_can_be_revoked() {
    for model in with_rest() {
        let town = Town::found(model).await;
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
}

/// Fails when: a version has no such command, days-valid is passed over, or a request that is damaged is signed.
#[tokio::test]
async fn a_request_of_openssl_is_signed_on_every_version() {
    let folder = tempfile::tempdir().expect("a directory");
    let made = openssl(
        folder.path(),
        "req -new -newkey rsa:2048 -nodes -keyout k.key -out k.csr -subj /CN=inn.example \
         -addext subjectAltName=DNS:inn.example",
    );
    assert!(made.0, "{}", made.1);
    let text = std::fs::read_to_string(folder.path().join("k.csr")).expect("a request");
    let damaged = text.replacen("MII", "MIJ", 1);
    for model in Model::ALL {
        let mut town = Town::found(model).await;
        let files = [
            ("inn.csr", text.as_bytes()),
            ("bad.csr", damaged.as_bytes()),
        ];
        town.rig = town.rig.with_files(&files).await;
        town.rig
            .paste("/certificate sign-certificate-request file-name=inn.csr ca=town days-valid=9")
            .await;
        town.export("town").await;
        town.export("inn.csr").await;
        let (content, said) = openssl(
            town.directory.path(),
            "verify -CAfile town.crt -verify_hostname inn.example inn.csr.crt",
        );
        assert!(content, "{}: {said}", model.name());
        let row = town.rig.row("/certificate", "inn.csr").await;
        assert_eq!(row["days-valid"], "9", "{}", model.name());
        let sign = [
            "/certificate/sign-certificate-request",
            "=file-name=bad.csr",
            "=ca=town",
            "=days-valid=9",
        ];
        let said = town.rig.ask(&sign).await.expect_err("it is damaged");
        assert!(said.starts_with("failure: "), "{}: {said}", model.name());
    }
}

#[tokio::test]
async fn a_request_of_the_router_is_sound() {
    let town = Town::found(Model::V7_16).await;
    let path = town.directory.path();
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
}

/// Fails when: a size is not the one of the template, a chain with a key of it does not verify, or its CRL is not signed.
#[tokio::test]
async fn every_key_size_of_a_template_is_made_and_signs() {
    let six = [("1024", "rsa"), ("1536", "rsa"), ("2048", "rsa")];
    let seven = [
        ("1024", "rsa"),
        ("1536", "rsa"),
        ("4096", "rsa"),
        ("prime256v1", "ec"),
        ("secp384r1", "ec"),
        ("secp521r1", "ec"),
    ];
    for (model, sizes) in [(Model::V6_49, &six[..]), (Model::V7_24, &seven[..])] {
        let rig = Rig::start(model).await;
        let directory = tempfile::tempdir().expect("a directory");
        let town = Town { rig, directory };
        for (size, kind) in sizes {
            let shown = format!("{} {size}", model.name());
            town.rig
                .paste(&format!(
                    "/certificate add name=ca{size} common-name=ca{size} key-size={size} \
                     key-usage=key-cert-sign,crl-sign\n\
                     /certificate sign ca{size} ca-crl-host=127.0.0.1\n\
                     /certificate add name=own{size} common-name=own{size} key-size={size} \
                     key-usage=digital-signature,tls-server\n\
                     /certificate sign own{size} ca=ca{size}"
                ))
                .await;
            for name in ["ca", "own"] {
                let row = town.rig.row("/certificate", &format!("{name}{size}")).await;
                let found = (row["key-type"].as_str(), row["key-size"].as_str());
                assert_eq!(found, (*kind, *size), "{shown}");
            }
            town.export(&format!("ca{size}")).await;
            town.export(&format!("own{size}")).await;
            // The level says which keys are too weak for it.
            let judge = format!("verify -auth_level 0 -CAfile ca{size}.crt own{size}.crt");
            let (content, said) = openssl(town.directory.path(), &judge);
            assert!(content, "{shown}: {said}");
        }
    }
    // Version 6 knows no curves, and no version another size.
    let rig = Rig::start(Model::V6_49).await;
    let add = |size: &str| format!("=key-size={size}");
    for size in ["secp521r1", "prime256v1", "3072"] {
        let said = rig
            .ask(&["/certificate/add", "=common-name=x", &add(size)])
            .await;
        let refused = Err("input does not match any value of key-size".to_owned());
        assert_eq!(said, refused, "{size}");
    }
}

/// Fails when: a key of 8192 bits is of another size, or its certificate does not verify.
#[tokio::test]
async fn the_longest_key_of_a_template_is_made_and_signs() {
    let rig = Rig::start(Model::V7_24).await;
    let directory = tempfile::tempdir().expect("a directory");
    let town = Town { rig, directory };
    town.rig
        .paste(
            "/certificate add name=long common-name=long key-size=8192 key-usage=key-cert-sign\n\
             /certificate sign long",
        )
        .await;
    assert_eq!(town.row("long").await["key-size"], "8192");
    town.export("long").await;
    let (content, said) = openssl(town.directory.path(), "verify -CAfile long.crt long.crt");
    assert!(content, "{said}");
}

/// Fails when: a certificate is signed with another digest than its template names.
#[tokio::test]
async fn the_digest_of_a_template_signs() {
    for model in [Model::V6_49, Model::V7_24] {
        let rig = Rig::start(model).await;
        let directory = tempfile::tempdir().expect("a directory");
        let town = Town { rig, directory };
        town.rig
            .paste(
                "/certificate add name=town common-name=Town key-usage=key-cert-sign,crl-sign digest-algorithm=sha384\n\
                 /certificate sign town\n\
                 /certificate add name=mill common-name=mill.example key-usage=tls-server digest-algorithm=sha512\n\
                 /certificate sign mill ca=town",
            )
            .await;
        for (name, digest) in [("town", "sha384"), ("mill", "sha512")] {
            let row = town.rig.row("/certificate", name).await;
            assert_eq!(row["digest-algorithm"], digest, "{row:?}");
            town.export(name).await;
            let words = format!("x509 -in {name}.crt -noout -text");
            let (_, said) = openssl(town.directory.path(), &words);
            assert!(
                said.contains(&format!("{digest}WithRSAEncryption")),
                "{said}"
            );
        }
        let (content, said) = openssl(town.directory.path(), "verify -CAfile town.crt mill.crt");
        assert!(content, "{said}");
    }
}

/// Fails when: a service with a short RSA key of the router's own does not serve it.
#[tokio::test]
async fn a_short_key_of_the_router_serves() {
    let rig = Rig::start(Model::V7_24).await;
    rig.paste(
        "/certificate add name=short common-name=short key-size=1024 key-usage=tls-server\n\
         /certificate sign short\n\
         /ip/service set www-ssl certificate=short",
    )
    .await;
    let address = rig.rest.to_string();
    let run = tokio::process::Command::new("openssl")
        .args([
            "s_client",
            "-connect",
            &address,
            "-cipher",
            "DEFAULT@SECLEVEL=0",
        ])
        .stdin(std::process::Stdio::null())
        .output()
        .await
        .expect("openssl runs");
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(said.contains("1024 bit"), "{said}");
}
