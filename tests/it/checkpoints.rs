//! Checkpoints and the tree against a reader in another language.

use std::process::Command;

use ca_proto::v1::{
    GetConsistencyProofRequest, GetInclusionProofRequest, audit_client::AuditClient,
};
use ca_tests::{Algorithm, Api, InitOptions, Site, peers, repository, run};

#[test]
fn python_verifies_the_checkpoint_and_builds_the_same_tree() {
    let site = Site::init(InitOptions {
        algorithm: Algorithm::P256,
        publish_url: None,
        more: &[],
    });
    let server = site.serve();
    for number in 0..5 {
        site.issue("router", &format!("r{number}.example.net"), &[]);
    }
    let last = site.issue("router", "last.example.net", &[]);
    the_origin_is_in_the_leaf(&site, last["serial"].as_str().expect("a text"));
    let audited = site.client_json(&["audit", "verify"]);
    assert_eq!(audited["sound"], true, "{audited}");
    let (note, key) = (site.path("note"), site.path("key"));
    let published = site.get("/log/checkpoint");
    assert_eq!(published.header("cache-control"), "no-cache");
    std::fs::write(&note, published.body).expect("the test directory is writable");
    std::fs::write(&key, site.get("/log/key").body).expect("the test directory is writable");
    let size = audited["size"].as_u64().expect("a number");
    let proofs = site.path("proofs");
    std::fs::write(&proofs, all_proofs(&site, size)).expect("the test directory is writable");
    server.terminate();
    let python = |note: &std::path::Path| {
        let mut command = Command::new(peers("python"));
        command
            .arg(repository().join("tests/peers/checkpoints.py"))
            .arg(note)
            .arg(&key)
            .arg(site.data().join("admin/ca.pem"))
            .arg(site.data().join("log"))
            .arg(&proofs);
        run(&mut command)
    };
    let said = python(&note).ok().stdout;
    assert!(said.starts_with(&format!("{size} leaves")), "{said}");
    let count = size * (size + 1);
    assert!(
        said.trim_end().ends_with(&format!(" {count} proofs")),
        "{said}"
    );
    // And it does not take another.
    let text = std::fs::read_to_string(&note).expect("it was written");
    let other = site.path("other");
    let changed = text.replacen(&format!("\n{size}\n"), &format!("\n{}\n", size - 1), 1);
    std::fs::write(&other, changed).expect("the test directory is writable");
    assert_ne!(python(&other).code, Some(0));
}

/// Asks for every proof of every tree up to this size; a line each.
fn all_proofs(site: &Site, size: u64) -> String {
    let runtime = tokio::runtime::Runtime::new().expect("the machine has threads");
    runtime.block_on(async {
        let admin = site.data().join("admin");
        let api = Api::connect(&admin, site.ports().grpc).await;
        let mut audit = AuditClient::new(api.expect("the admin is let in").channel());
        let mut lines = String::new();
        let mut line = |kind: &str, from: u64, to: u64, hashes: Vec<Vec<u8>>| {
            lines += &format!("{kind} {from} {to}");
            for hash in hashes {
                lines.push(' ');
                lines.extend(hash.iter().map(|octet| format!("{octet:02x}")));
            }
            lines.push('\n');
        };
        for size in 1..=size {
            for leaf in 0..size {
                let proof = audit.get_inclusion_proof(GetInclusionProofRequest { leaf, size });
                let proof = proof.await.expect("the server answers").into_inner();
                line("inclusion", leaf, size, proof.hashes);
                let (first, second) = (leaf + 1, size);
                let proof =
                    audit.get_consistency_proof(GetConsistencyProofRequest { first, second });
                let proof = proof.await.expect("the server answers").into_inner();
                line("consistency", first, second, proof.hashes);
            }
        }
        lines
    })
}

/// What an admin did has the admin's key and address, and the id of its request.
fn the_origin_is_in_the_leaf(site: &Site, serial: &str) {
    let entries = site.client_json(&["audit", "show", "--serial", serial]);
    let admin = std::fs::read(site.data().join("admin/admin.pem")).expect("it is there");
    let admin = ca_verify::Certificate::all_from_pem_or_der(&admin).expect("a certificate");
    let entry = &entries[0];
    let key = admin[0].public_key().key_id();
    assert_eq!(entry["actor_key_id"], key.to_string(), "{entries}");
    let address = entry["address"].as_str().expect("a text");
    assert!(address.starts_with("127.0.0.1"), "{entries}");
    assert_eq!(
        entry["request_id"].as_str().map(str::len),
        Some(32),
        "{entries}"
    );
}
