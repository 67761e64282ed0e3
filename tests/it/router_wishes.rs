//! What is changed in the fleet file after a push.

use std::fs;

use ca_tests::{Router, openssl};

use crate::router_ground::Ground;
use crate::router_push::{nothing_is_to_do, shown};

/// What OpenSSL says of the certificate that a router shows.
#[track_caller]
fn text(ground: &Ground, router: &Router, name: &str) -> String {
    let (run, blocks) = shown(ground, router, name);
    assert_eq!(run.code, Some(0), "{run}");
    let pem = format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        blocks[0]
    );
    fs::write(ground.site.path("shown.pem"), pem).expect("the test directory is writable");
    let words = ["x509", "-in", "shown.pem", "-noout", "-text"];
    openssl(&ground.site.path("."), &words).ok().stdout
}

/// How many certificates of a router the CA has in a state.
fn count(ground: &Ground, name: &str, state: &str) -> usize {
    let name = format!("{name}.example.net");
    let words = ["list", "--name", &name, "--state", state];
    let rows = ground.site.client_json(&words);
    rows.as_array().expect("a list").len()
}

#[test]
fn another_name_and_another_kind_of_key_are_noticed_and_pushed() {
    let ground = Ground::copied();
    let (seven, six) = (
        ground.bare("7.24", "seven", &[]),
        ground.bare("6.49", "six", &[]),
    );
    ground.client(&["router", "push", "--yes"]).ok();
    for (router, name) in [(&seven, "seven"), (&six, "six")] {
        let before = text(&ground, router, name);
        assert!(before.contains("Public-Key: (2048 bit)"), "{before}");
        assert!(!before.contains("alias"), "{before}");
    }
    let mut fleet = ground.fleet();
    for (name, wish) in [
        ("seven", "san = [\"dns:alias.example.net\"]"),
        ("six", "key-algorithm = \"rsa3072\""),
    ] {
        let entry = format!("name = \"{name}.example.net\"\n");
        fleet = fleet.replace(&entry, &format!("{entry}{wish}\n"));
    }
    ground.write_fleet(&fleet);
    let plan = ground.client(&["router", "plan"]).ok();
    for note in [
        "has other names, and is revoked in the same step",
        "has another kind of key",
    ] {
        assert!(plan.stdout.contains(note), "{plan}");
    }
    ground.client(&["router", "push", "--yes"]).ok();
    let after = text(&ground, &seven, "seven");
    assert!(after.contains("DNS:alias.example.net"), "{after}");
    let after = text(&ground, &six, "six");
    assert!(after.contains("Public-Key: (3072 bit)"), "{after}");
    for (name, valid, revoked) in [("seven", 1, 1), ("six", 2, 0)] {
        assert_eq!(count(&ground, name, "valid"), valid, "{name}");
        assert_eq!(count(&ground, name, "revoked"), revoked, "{name}");
    }
    nothing_is_to_do(&ground, &[&seven, &six]);
    // A name less is another set of names too.
    let less = ground.fleet();
    ground.write_fleet(&less.replace("san = [\"dns:alias.example.net\"]\n", ""));
    let plan = ground.client(&["router", "plan", "seven"]).ok();
    assert!(plan.stdout.contains("has other names"), "{plan}");
}
