//! Importing over REST, as a client that pushes does it.

use routeros_sim::model::Model;
use serde_json::{Value, json};

use crate::rig::{Authority, Rig, key};

async fn certificates(rig: &Rig) -> Vec<Value> {
    let (status, rows) = rig.call("GET", "/rest/certificate", "").await;
    assert_eq!(status, 200);
    rows.as_array().cloned().expect("a list")
}

#[tokio::test]
async fn facts_5_2_names_come_from_the_file_or_from_the_argument() {
    let rig = Rig::start(Model::V7_24).await;
    let authority = Authority::new();
    rig.upload(
        "chain.crt",
        &format!("{}{}", authority.intermediate, authority.root),
    )
    .await;
    let body = r#"{"file-name":"chain.crt","passphrase":""}"#;
    let (_, counted) = rig.call("POST", "/rest/certificate/import", body).await;
    assert_eq!(
        counted,
        json!([{
            "certificates-imported": "2", "private-keys-imported": "0", "files-imported": "1",
            "decryption-failures": "0", "keys-with-no-certificate": "0", "keys-decrypted": "0",
        }])
    );
    let key = key();
    let leaf = authority.leaf("vpn.example", &key);
    rig.upload("leaf.pem", &format!("{leaf}{}", key.serialize_pem()))
        .await;
    assert_eq!(
        rig.import("leaf.pem", "vpn").await["private-keys-imported"],
        "1"
    );
    let rows = certificates(&rig).await;
    let names: Vec<&str> = rows.iter().filter_map(|row| row["name"].as_str()).collect();
    assert_eq!(names, ["chain.crt_0", "chain.crt_1", "vpn"]);
    assert_eq!(rows[2]["private-key"], "true");
    assert_eq!(rows[2]["issuer"], "CN=Issuing");
    assert_eq!(rows[2]["trusted"], "true");
    for absent in ["authority", "issued", "ca", "expired"] {
        assert_eq!(rows[2].get(absent), None, "{absent}");
    }
    assert_eq!(
        rig.call("GET", "/rest/file", "").await.1,
        json!([]),
        "files are deleted"
    );
}

#[tokio::test]
async fn facts_5_8_a_renewal_of_the_key_stays_in_its_row() {
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
