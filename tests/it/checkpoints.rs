//! Checkpoints and the tree against a reader in another language.

use std::process::Command;

use ca_tests::{Algorithm, InitOptions, Site, peers, repository, run};

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
    let audited = site.client_json(&["audit", "verify"]);
    assert_eq!(audited["sound"], true, "{audited}");
    let (note, key) = (site.path("note"), site.path("key"));
    let published = site.get("/log/checkpoint");
    assert_eq!(published.header("cache-control"), "no-cache");
    std::fs::write(&note, published.body).expect("the test directory is writable");
    std::fs::write(&key, site.get("/log/key").body).expect("the test directory is writable");
    server.terminate();
    let python = |note: &std::path::Path| {
        let mut command = Command::new(peers("python"));
        command
            .arg(repository().join("tests/peers/checkpoints.py"))
            .arg(note)
            .arg(&key)
            .arg(site.data().join("admin/ca.pem"))
            .arg(site.data().join("log"));
        run(&mut command)
    };
    let said = python(&note).ok().stdout;
    let size = audited["size"].as_u64().expect("a number");
    assert!(said.starts_with(&format!("{size} leaves")), "{said}");
    // And it does not take another.
    let text = std::fs::read_to_string(&note).expect("it was written");
    let other = site.path("other");
    let changed = text.replacen(&format!("\n{size}\n"), &format!("\n{}\n", size - 1), 1);
    std::fs::write(&other, changed).expect("the test directory is writable");
    assert_ne!(python(&other).code, Some(0));
}

#[test]
fn entries_are_filtered_by_actor_name_serial_and_time() {
    let (site, _server) = Site::running(Algorithm::P256);
    let row = site.issue("router", "one.example.net", &[]);
    site.issue("router", "two.example.net", &[]);
    site.client(&["revoke", "--name", "one.example.net"]).ok();
    let serial = row["serial"].as_str().expect("a text");
    let count = |words: &[&str]| {
        let entries = site.client_json(&[&["audit", "show"], words].concat());
        entries.as_array().expect("an array").len()
    };
    assert_eq!(count(&["--name", "one.*"]), 2);
    assert_eq!(count(&["--serial", serial]), 2);
    assert_eq!(count(&["--actor", "admin"]), 3);
    assert_eq!(count(&["--actor", "admin", "--name", "two.*"]), 1);
    assert_eq!(count(&["--name", "nobody.*"]), 0);
    assert_eq!(count(&["--until", "2020-01-01T00:00:00Z"]), 0);
    assert!(count(&["--since", "2020-01-01T00:00:00Z", "--limit", "1000"]) > 5);
    site.client(&["audit", "show", "--actor", "nobody"])
        .refused(1, &["nobody"]);
    site.client(&["audit", "show", "--serial", "xyz"])
        .refused(1, &["serial"]);
}
