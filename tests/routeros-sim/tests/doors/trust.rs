//! Whom a router trusts and whom it lets do what: facts that need a store, a server or groups of users.

use std::sync::Arc;

use rcgen::{CertificateParams, CertifiedIssuer, DnType, IsCa};
use routeros_sim::model::Model;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::facts::{POOL, with_rest};
use crate::rig::{Authority, Rig, handshake, key};

#[tokio::test]
async fn facts_7_of_two_cas_of_one_name_the_first_is_taken() {
    for model in with_rest() {
        let rig = Rig::start(model).await;
        let authority = Authority::new();
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.distinguished_name.push(DnType::CommonName, "Twin");
        params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let twin = || CertifiedIssuer::signed_by(params.clone(), key(), authority.issuer());
        let (first, second) = (twin().expect("a CA"), twin().expect("a CA"));
        let own = key();
        let mut leaf = CertificateParams::new(vec!["r.example".to_owned()]).expect("a name");
        leaf.use_authority_key_identifier_extension = true;
        let leaf = leaf.signed_by(&own, &second).expect("a leaf").pem();
        for (name, pem) in [("first", first.pem()), ("second", second.pem())] {
            rig.upload("ca.pem", &pem).await;
            assert_eq!(
                rig.import("ca.pem", name).await["certificates-imported"],
                "1"
            );
            if model < Model::V7_16 {
                rig.call("DELETE", "/rest/file/ca.pem", "").await;
            }
        }
        rig.upload("leaf.pem", &format!("{leaf}{}", own.serialize_pem()))
            .await;
        rig.import("leaf.pem", "leaf").await;
        rig.paste("/ip service set www-ssl certificate=leaf").await;
        let (_, chain) = handshake(rig.rest).await.expect("a handshake");
        // The issuer is the second one, and its name finds the first.
        assert!(chain[1] == *first.der(), "{}", model.name());
    }
}

#[tokio::test]
async fn facts_0_trust_stores_came_with_7_21() {
    for model in with_rest() {
        let rig = Rig::start(model).await;
        rig.upload("a.pem", &Authority::new().root).await;
        let import = |scope: &str| {
            let body =
                json!({"file-name": "a.pem", "name": "a", "passphrase": "", "trust-store": scope});
            body.to_string()
        };
        let path = "/rest/certificate/import";
        if model < Model::V7_24 {
            let (status, said) = rig.call("POST", path, &import("fetch")).await;
            assert_eq!(
                (status, &said["detail"]),
                (400, &json!("unknown parameter trust-store"))
            );
            continue;
        }
        let (status, said) = rig.call("POST", path, &import("nowhere")).await;
        let text = "input does not match any value of trust-store";
        assert_eq!((status, &said["detail"]), (400, &json!(text)));
        assert_eq!(rig.call("POST", path, &import("fetch,dns")).await.0, 200);
        let shown = || async { rig.call("GET", "/rest/certificate/a", "").await.1 };
        assert_eq!(shown().await["trust-store"], "fetch,dns");
        let body = r#"{"numbers":"a","trust-store":"all"}"#;
        assert_eq!(rig.call("POST", "/rest/certificate/set", body).await.0, 200);
        assert_eq!(shown().await["trust-store"], "all");
    }
}

#[tokio::test]
async fn facts_3_a_fetch_over_https_trusts_what_the_store_trusts() {
    let rig = Rig::start(Model::V7_24).await;
    let authority = Authority::new();
    let url = served_over_tls(&authority).await;
    let fetch = |check: &'static str| {
        let body = json!({"url": url, "output": "user", "check-certificate": check});
        let rig = &rig;
        async move {
            rig.call("POST", "/rest/tool/fetch", &body.to_string())
                .await
        }
    };
    let refused = json!("failure: SSL: ssl: no trusted CA certificate found (6)");
    assert_eq!(fetch("no").await.1[0]["data"], "hello");
    assert_eq!(fetch("yes").await.1["detail"], refused);
    for name in ["root", "issuing"] {
        let pem = match name {
            "root" => &authority.root,
            _ => &authority.intermediate,
        };
        rig.upload("ca.pem", pem).await;
        rig.import("ca.pem", name).await;
    }
    for check in ["yes", "yes-without-crl"] {
        assert_eq!(fetch(check).await.1[0]["data"], "hello", "{check}");
    }
    rig.paste("/certificate set root trust-store=www\n/certificate set issuing trust-store=dns")
        .await;
    assert_eq!(fetch("yes").await.1["detail"], refused);
    rig.paste("/certificate set root trust-store=dns,fetch")
        .await;
    assert_eq!(fetch("yes").await.1[0]["data"], "hello");
    rig.paste("/system clock set date=1971-01-01").await;
    assert_eq!(fetch("yes").await.1["detail"], refused, "not yet valid");
}

/// A web server with a certificate of an authority; returns a URL of it.
async fn served_over_tls(authority: &Authority) -> String {
    let key = key();
    let leaf = authority.leaf("127.0.0.1", &key);
    let chain = [leaf.as_str(), authority.intermediate.as_str()]
        .map(|pem| CertificateDer::from_pem_slice(pem.as_bytes()).expect("it is PEM"));
    let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain.to_vec(), key)
        .expect("key and certificate belong together");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("https://{}/f", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // A client that does not trust it ends the handshake.
            let Ok(mut stream) = acceptor.accept(stream).await else {
                continue;
            };
            let mut octets = [0; 1_024];
            let read = stream.read(&mut octets).await.expect("a request");
            assert!(octets[..read].starts_with(b"GET /f HTTP/1.1\r\n"));
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";
            stream.write_all(answer).await.expect("an answer");
        }
    });
    url
}

#[tokio::test]
async fn facts_8_each_command_wants_its_policy() {
    // Menus that came with later releases are no exception.
    let wanted: [(&str, &str, &str, Model); 10] = [
        ("/ip/pool/print", "{}", "read", Model::V7_9),
        ("/ip/pool/add", POOL, "write", Model::V7_9),
        ("/certificate/settings/set", "{}", "write", Model::V7_9),
        ("/certificate/builtin/print", "{}", "read", Model::V7_20),
        ("/ip/service/webserver/set", "{}", "write", Model::V7_24),
        ("/user/group/add", r#"{"name":"x"}"#, "policy", Model::V7_9),
        ("/user/ssh-keys/print", "{}", "read", Model::V7_9),
        ("/tool/fetch", r#"{"url":"x"}"#, "test", Model::V7_9),
        (
            "/certificate/export-certificate",
            r#"{"numbers":"*9"}"#,
            "sensitive",
            Model::V7_9,
        ),
        ("/system/reboot", "{}", "reboot", Model::V7_9),
    ];
    for model in with_rest() {
        let rig = Rig::start(model).await;
        let all = ["read", "write", "policy", "test", "sensitive", "reboot"];
        for missing in all {
            let held: Vec<&str> = all.into_iter().filter(|one| *one != missing).collect();
            rig.paste(&format!(
                "/user group add name=no-{missing} policy=rest-api,{}\n\
                 /user add name=no-{missing} group=no-{missing} password=pw",
                held.join(",")
            ))
            .await;
        }
        for (path, body, policy, since) in wanted {
            if model < since {
                continue;
            }
            let path = format!("/rest{path}");
            let other = if policy == "sensitive" {
                "test"
            } else {
                "sensitive"
            };
            for (missing, lacks) in [(policy, true), (other, false)] {
                let who = format!("no-{missing}:pw");
                if path.ends_with("reboot") && !lacks {
                    continue;
                }
                let (_, said) = rig.call_as(&who, "POST", &path, body).await;
                let told = said["detail"] == "not enough permissions (9)";
                assert_eq!(told, lacks, "{} {path} {who}: {said}", model.name());
            }
        }
    }
}
