//! Whom a router trusts and whom it lets do what: facts that need a store, a server or groups of users.

use std::sync::Arc;

use rcgen::{CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use routeros_sim::model::Model;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::api::Client;
use crate::facts::with_rest;
use crate::rig::{Authority, Rig, handshake, key};

/// Fails when: the issuer is found by its key.
#[tokio::test]
async fn facts_7_of_two_cas_of_one_name_the_first_is_taken() {
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
    let leaf = leaf + &own.serialize_pem();
    let (one, other) = (first.pem(), second.pem());
    for model in Model::ALL {
        let files = [
            ("first.pem", one.as_bytes()),
            ("second.pem", other.as_bytes()),
            ("leaf.pem", leaf.as_bytes()),
        ];
        let rig = Rig::start(model).await.with_files(&files).await;
        for name in ["first", "second", "leaf"] {
            let counted = rig.import_named(&format!("{name}.pem"), name).await;
            assert_eq!(counted["certificates-imported"], "1");
        }
        rig.paste("/ip service set api-ssl certificate=leaf").await;
        let (_, chain) = handshake(rig.api_ssl).await.expect("a handshake");
        // The issuer is the second one, and its name finds the first.
        assert!(chain[1] == *first.der(), "{}", model.name());
    }
}

/// Fails when: any scope is taken.
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

/// Fails when: the scopes are not looked at.
#[tokio::test]
async fn facts_7_a_tunnel_trusts_what_the_store_trusts_for_it() {
    let root = Authority::new().root;
    for (model, scopes, trusted) in [
        (Model::V7_20, "", [true, true]),
        (Model::V7_24, "all", [true, true]),
        (Model::V7_24, "ipsec,www", [true, false]),
        (Model::V7_24, "ovpn", [false, true]),
        (Model::V7_24, "sstp", [false, false]),
    ] {
        let rig = Rig::start(model).await.with_file("root", &root).await;
        rig.import_file("root", "").await;
        if !scopes.is_empty() {
            rig.paste(&format!("/certificate set root_0 trust-store={scopes}"))
                .await;
        }
        let found = ["ipsec", "ovpn"].map(|purpose| {
            let view = routeros_sim::export::view(rig.directory(), purpose);
            view.expect("a state").certificates[0].trusted
        });
        assert_eq!(found, trusted, "{} {scopes}", model.name());
    }
}

/// Fails when: check-certificate is ignored, or the second CA of a name counts.
#[tokio::test]
async fn facts_3_a_fetch_over_https_trusts_what_the_store_trusts() {
    let authority = Authority::new();
    let url = served_over_tls(&authority).await;
    for model in with_rest() {
        let rig = Rig::start(model).await;
        let fetch = |check: &'static str| {
            let body = json!({"url": &url, "output": "user", "check-certificate": check});
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
            let file = format!("{name}.pem");
            rig.upload(&file, pem).await;
            rig.import(&file, name).await;
        }
        for check in ["yes", "yes-without-crl"] {
            assert_eq!(fetch(check).await.1[0]["data"], "hello", "{check}");
        }
        if model == Model::V7_24 {
            rig.paste(
                "/certificate set root trust-store=www\n/certificate set issuing trust-store=dns",
            )
            .await;
            assert_eq!(fetch("yes").await.1["detail"], refused);
            rig.paste("/certificate set root trust-store=dns,fetch")
                .await;
            assert_eq!(fetch("yes").await.1[0]["data"], "hello");
        }
        // A trusted issuing CA would do without its root.
        rig.paste("/certificate set issuing trusted=no").await;
        rig.upload("twin.pem", &Authority::new().root).await;
        rig.import("twin.pem", "twin").await;
        assert_eq!(fetch("yes").await.1[0]["data"], "hello", "the first counts");
        rig.upload("again.pem", &authority.root).await;
        rig.paste("/certificate remove root").await;
        rig.import("again.pem", "root").await;
        assert_eq!(fetch("yes").await.1["detail"], refused, "the twin is first");
        rig.paste("/certificate remove twin").await;
        assert_eq!(fetch("yes").await.1[0]["data"], "hello");
        rig.paste("/system clock set date=1971-01-01").await;
        assert_eq!(fetch("yes").await.1["detail"], refused, "not yet valid");
    }
}

/// A web server with a certificate of an authority; returns a URL of it.
async fn served_over_tls(authority: &Authority) -> String {
    let key = key();
    let leaf = authority.leaf("127.0.0.1", &key);
    let chain = [leaf.as_str(), authority.intermediate.as_str()]
        .map(|pem| CertificateDer::from_pem_slice(pem.as_bytes()).expect("it is PEM"));
    served(chain.to_vec(), &key).await
}

/// A web server with a certificate and its chain; returns a URL of it.
pub(crate) async fn served(chain: Vec<CertificateDer<'static>>, key: &KeyPair) -> String {
    let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain, key)
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

/// Fails when: exporting a key wants no sensitive.
#[tokio::test]
async fn facts_8_each_command_wants_its_policy() {
    // Menus that came with later releases are no exception.
    let wanted: [(&str, &[&str], &str, Model); 10] = [
        ("/ip/pool/print", &[], "read", Model::V6_49),
        (
            "/ip/pool/add",
            &["=name=p", "=ranges=192.0.2.1"],
            "write",
            Model::V6_49,
        ),
        ("/certificate/settings/set", &[], "write", Model::V6_49),
        ("/certificate/builtin/print", &[], "read", Model::V7_20),
        ("/ip/service/webserver/set", &[], "write", Model::V7_24),
        ("/user/group/add", &["=name=x"], "policy", Model::V6_49),
        ("/user/ssh-keys/print", &[], "read", Model::V6_49),
        ("/tool/fetch", &["=url=x"], "test", Model::V6_49),
        (
            "/certificate/export-certificate",
            &["=numbers=*9"],
            "sensitive",
            Model::V6_49,
        ),
        ("/system/reboot", &[], "reboot", Model::V6_49),
    ];
    for model in Model::ALL {
        let rig = Rig::start(model).await;
        let all = ["read", "write", "policy", "test", "sensitive", "reboot"];
        for missing in all {
            let held: Vec<&str> = all.into_iter().filter(|one| *one != missing).collect();
            rig.paste(&format!(
                "/user group add name=no-{missing} policy=api,{}\n\
                 /user add name=no-{missing} group=no-{missing} password=pw",
                held.join(",")
            ))
            .await;
        }
        for (command, arguments, policy, since) in wanted {
            if model < since {
                continue;
            }
            let other = if policy == "sensitive" {
                "test"
            } else {
                "sensitive"
            };
            for (missing, lacks) in [(policy, true), (other, false)] {
                if policy == "reboot" && !lacks {
                    continue;
                }
                let mut client = Client::logged_in_as(&rig, &format!("no-{missing}"), "pw").await;
                let said = client.ask(&[&[command], arguments].concat()).await;
                let told = said == Err("not enough permissions (9)".to_owned());
                let shown = format!("{} {command} without {missing}", model.name());
                assert_eq!(told, lacks, "{shown}: {said:?}");
            }
        }
    }
}
