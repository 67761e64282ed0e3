//! Services: which certificate is served, and when connections are cut.

use routeros_sim::model::Model;
use serde_json::json;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

use crate::facts::with_rest;
use crate::rig::{Authority, Rig, handshake, key, request};

async fn push(rig: &Rig, authority: &Authority, name: &str) {
    let key = key();
    let leaf = authority.leaf("router.example", &key);
    let chain = format!("{}{}", authority.intermediate, authority.root);
    let leaf = leaf + &key.serialize_pem();
    for (kind, contents) in [("chain", chain), ("leaf", leaf)] {
        let file = format!("{name}-{kind}.pem");
        rig.upload(&file, &contents).await;
        rig.import(&file, if kind == "chain" { "ca" } else { name })
            .await;
    }
}

/// Fails when: a fresh router has `www-ssl` on, or lets somebody through it without a certificate.
#[tokio::test]
async fn facts_1_1_www_ssl_is_off_until_it_is_turned_on() {
    for model in with_rest() {
        let rig = Rig::from_the_box(model).await;
        let row = rig.row("/ip/service", "www-ssl").await;
        for (field, value) in [
            ("disabled", "true"),
            ("invalid", "true"),
            ("certificate", "none"),
        ] {
            assert_eq!(row[field], value, "{} {field}", model.name());
        }
        rig.paste("/ip service enable www-ssl").await;
        for door in [rig.rest, rig.api_ssl] {
            let error = handshake(door).await.expect_err("no certificate");
            let error = error.to_string();
            assert!(
                error.contains("HandshakeFailure"),
                "{}: {error}",
                model.name()
            );
        }
    }
}

/// Fails when: another certificate cuts nobody.
#[tokio::test]
async fn facts_1_11_rebinding_cuts_the_service_and_serves_the_new_chain() {
    for model in with_rest() {
        let rig = Rig::start(model).await;
        let authority = Authority::new();
        push(&rig, &authority, "first").await;
        push(&rig, &authority, "second").await;
        rig.paste("/ip service set www-ssl certificate=first").await;
        let (idle, before) = handshake(rig.rest).await.expect("a handshake");
        assert_eq!(
            before.len(),
            2,
            "the leaf and its intermediate, not the root"
        );
        let (stream, _) = handshake(rig.rest).await.expect("a handshake");
        let body = r#"{"numbers":"www-ssl","certificate":"second"}"#;
        request(stream, "admin:secret", "POST", "/rest/ip/service/set", body)
            .await
            .expect_err("cut before the answer");
        let mut idle = idle;
        let mut octets = Vec::new();
        let read = idle.read_to_end(&mut octets).await;
        assert!(
            read.is_err() || octets.is_empty(),
            "every connection of the service is cut"
        );
        let (_, after) = handshake(rig.rest).await.expect("a handshake");
        assert_ne!(before[0], after[0]);
        assert_eq!(before[1], after[1]);
        let (_, rows) = rig.call("GET", "/rest/ip/service/www-ssl", "").await;
        assert_eq!(rows["certificate"], "second");
        let (stream, _) = handshake(rig.rest).await.expect("a handshake");
        let body = r#"{"numbers":"www-ssl","port":"8443"}"#;
        request(stream, "admin:secret", "POST", "/rest/ip/service/set", body)
            .await
            .expect_err("cut before the answer");
        let (_, rows) = rig.call("GET", "/rest/ip/service/www-ssl", "").await;
        assert_eq!(rows["port"], "8443");
    }
}

/// Fails when: a row of a connection can be set.
#[tokio::test]
async fn facts_1_13_open_connections_are_rows_that_cannot_be_set() {
    for model in Model::ALL {
        let rig = Rig::start(model).await;
        if model < Model::V7_20 {
            let names = rig.rows("/ip/service").await;
            assert_eq!(names.len(), 8, "{}: no row of a connection", model.name());
            continue;
        }
        let _open = TcpStream::connect(rig.api).await.expect("a connection");
        let path = "/rest/ip/service?name=api";
        let mut rows = rig.call("GET", path, "").await.1;
        while rows.as_array().is_some_and(|rows| rows.len() < 2) {
            tokio::task::yield_now().await;
            rows = rig.call("GET", path, "").await.1;
        }
        assert_eq!(
            (&rows[0]["dynamic"], &rows[1]["dynamic"]),
            (&"false".into(), &"true".into())
        );
        let id = rows[1][".id"].as_str().expect("an id");
        let (status, value) = rig
            .call(
                "PATCH",
                &format!("/rest/ip/service/{id}"),
                r#"{"disabled":"yes"}"#,
            )
            .await;
        assert_eq!(status, 400);
        assert_eq!(
            value["detail"],
            format!(
                "failure: this is configured elsewhere (/ip/service/set {} = api)",
                rows[0][".id"].as_str().expect("an id")
            )
        );
    }
}

#[tokio::test]
async fn a_disabled_service_takes_nobody() {
    let rig = Rig::start(Model::V7_24).await;
    rig.paste("/ip service disable api").await;
    let mut stream = TcpStream::connect(rig.api).await.expect("a connection");
    assert_eq!(stream.read(&mut [0; 8]).await.unwrap_or(0), 0);
}

#[tokio::test]
async fn a_restart_keeps_everything_but_sessions() {
    let rig = Rig::start(Model::V7_24).await;
    push(&rig, &Authority::new(), "vpn").await;
    rig.paste("/ip service set www-ssl certificate=vpn\n/system identity set name=kept")
        .await;
    let (_, before) = rig.call("GET", "/rest/certificate", "").await;
    let rig = rig.restart().await;
    let (_, after) = rig.call("GET", "/rest/certificate", "").await;
    assert_eq!(
        before.as_array().map(|rows| rows
            .iter()
            .map(|row| &row["fingerprint"])
            .collect::<Vec<_>>()),
        after.as_array().map(|rows| rows
            .iter()
            .map(|row| &row["fingerprint"])
            .collect::<Vec<_>>()),
    );
    assert_eq!(
        rig.call("GET", "/rest/system/identity", "").await.1["name"],
        "kept"
    );
    assert_eq!(handshake(rig.rest).await.expect("a handshake").1.len(), 2);
}

#[tokio::test]
async fn renaming_keeps_references_and_removing_leaves_none_or_the_id() {
    for (assumed, shown) in [("none", "none"), ("id", "*3")] {
        let rig = Rig::assuming(
            Model::V7_24,
            &[&format!("removed-bound-certificate={assumed}")],
        )
        .await;
        push(&rig, &Authority::new(), "old").await;
        rig.paste("/ip service set www-ssl certificate=old\n/certificate set old name=new")
            .await;
        let path = "/rest/ip/service/www-ssl";
        assert_eq!(rig.call("GET", path, "").await.1["certificate"], "new");
        rig.paste("/certificate remove new").await;
        assert_eq!(rig.call("GET", path, "").await.1["certificate"], shown);
        handshake(rig.rest).await.expect_err("no certificate");
    }
}

#[tokio::test]
async fn the_dropped_command_is_executed_and_not_answered() {
    let rig = Rig::start(Model::V7_24).await;
    let cut = json!({ "fault": "cut", "menu": "/ip/pool", "command": "add" });
    rig.router
        .plan(serde_json::from_value(cut).expect("a fault"));
    let stream = TcpStream::connect(rig.rest_http)
        .await
        .expect("a connection");
    let body = r#"{"name":"p","ranges":"10.0.0.1"}"#;
    request(stream, "admin:secret", "PUT", "/rest/ip/pool", body)
        .await
        .expect_err("cut before the answer");
    assert_eq!(rig.call("GET", "/rest/ip/pool/p", "").await.0, 200);
}
