//! Importing over REST, as a client that pushes does it.

use routeros_sim::model::Model;
use serde_json::{Value, json};

use crate::facts::with_rest;
use crate::rig::{Authority, Rig, key};

async fn certificates(rig: &Rig) -> Vec<Value> {
    let (status, rows) = rig.call("GET", "/rest/certificate", "").await;
    assert_eq!(status, 200);
    rows.as_array().cloned().expect("a list")
}

/// Fails when: the second is `N_2`.
#[tokio::test]
async fn facts_5_2_a_name_is_numbered_from_the_second_certificate_on() {
    let authority = Authority::new();
    let chain = format!("{}{}", authority.intermediate, authority.root);
    for model in with_rest() {
        let rig = Rig::start(model).await;
        rig.upload("chain.crt", &chain).await;
        let counted = rig.import("chain.crt", "vpn").await;
        let mut expected = json!({
            "certificates-imported": "2", "private-keys-imported": "0", "files-imported": "1",
            "decryption-failures": "0", "keys-with-no-certificate": "0",
        });
        if model == Model::V7_24 {
            expected["keys-decrypted"] = json!("0");
        }
        assert_eq!(counted, expected, "{}", model.name());
        let rows = certificates(&rig).await;
        let names: Vec<&str> = rows.iter().filter_map(|row| row["name"].as_str()).collect();
        assert_eq!(names, ["vpn", "vpn_1"], "{}", model.name());
        assert_eq!(rows[0]["common-name"], "Issuing");
    }
}

#[tokio::test]
async fn a_renewal_over_rest_stays_in_its_row() {
    let rig = Rig::start(Model::V7_24).await;
    let authority = Authority::new();
    let key = key();
    rig.upload("key.pem", &key.serialize_pem()).await;
    assert_eq!(
        rig.import("key.pem", "n").await["keys-with-no-certificate"],
        "1"
    );
    let first = authority.leaf("vpn.example", &key);
    for (contents, expected) in [
        (&first, "1"),
        (&first, "0"),
        (&authority.leaf("vpn.example", &key), "1"),
    ] {
        rig.upload("leaf.pem", contents).await;
        assert_eq!(
            rig.import("leaf.pem", "vpn").await["certificates-imported"],
            expected
        );
        assert_eq!(certificates(&rig).await.len(), 1);
    }
    let other = authority.leaf("vpn.example", &crate::rig::key());
    rig.upload("leaf.pem", &other).await;
    rig.import("leaf.pem", "vpn").await;
    let rows = certificates(&rig).await;
    assert_eq!(rows.len(), 2, "a new key is a new row");
    assert_eq!(rows[1]["name"], "vpn_1");
}

#[tokio::test]
async fn a_key_attaches_at_the_second_import_when_that_is_assumed() {
    let rig = Rig::assuming(Model::V7_24, &["import-key-attach=second"]).await;
    let (authority, key) = (Authority::new(), key());
    rig.upload("leaf.pem", &authority.leaf("vpn.example", &key))
        .await;
    rig.import("leaf.pem", "vpn").await;
    for (expected, shown) in [("0", Value::Null), ("1", json!("true"))] {
        rig.upload("key.pem", &key.serialize_pem()).await;
        assert_eq!(
            rig.import("key.pem", "vpn").await["private-keys-imported"],
            expected
        );
        assert_eq!(certificates(&rig).await[0]["private-key"], shown);
    }
}

#[tokio::test]
async fn what_is_exported_can_be_imported_by_another_router() {
    let rig = Rig::start(Model::V7_24).await;
    rig.paste(
        "/certificate add name=own common-name=r key-usage=tls-server\n/certificate sign own\n\
         /certificate export-certificate own file-name=out export-passphrase=pass\n\
         /certificate export-certificate own file-name=out type=pkcs12 export-passphrase=pass",
    )
    .await;
    let other = Rig::start(Model::V7_24).await;
    for name in ["out.crt", "out.key"] {
        let path = format!("/rest/file/{name}");
        let (_, row) = rig.call("GET", &path, "").await;
        other
            .upload(name, row["contents"].as_str().expect("text"))
            .await;
        let body = json!({ "file-name": name, "passphrase": "pass" }).to_string();
        let (status, value) = other.call("POST", "/rest/certificate/import", &body).await;
        assert_eq!(status, 200, "{value}");
    }
    let rows = certificates(&other).await;
    assert_eq!(rows[0]["private-key"], "true");
    assert_eq!(
        rows[0]["fingerprint"],
        certificates(&rig).await[0]["fingerprint"]
    );
    rig.paste("/certificate remove own").await;
    let body = r#"{"file-name":"out.p12","passphrase":"wrong","name":"p"}"#;
    assert_eq!(
        rig.call("POST", "/rest/certificate/import", body).await.0,
        400
    );
    let body = r#"{"file-name":"out.p12","passphrase":"pass","name":"p"}"#;
    let (_, counted) = rig.call("POST", "/rest/certificate/import", body).await;
    assert_eq!(counted[0]["private-keys-imported"], "1", "{counted}");
    assert_eq!(certificates(&rig).await[0]["name"], "p");
}
