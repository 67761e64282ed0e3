//! `router record` on simulated routers, and `routeros-sim --replay-check` of what it kept.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ca_tests::{Router, Run, program, run};
use serde_json::{Value, json};

use crate::router_ground::Ground;

/// What nobody may read in a record; each is in a value of the router.
const PLANTED: [&str; 8] = [
    "quagmire-identity",
    "quagmire-comment",
    "quagmire-peer",
    "quagmire-secret",
    "quagmire-group",
    "quagmire-file",
    "198.51.100.77",
    "quagmire-ca",
];

/// Puts something of its owner wherever the questions look.
fn plant(router: &Router) {
    for line in [
        "/system identity set name=quagmire-identity",
        "/ip service set telnet address=198.51.100.77/32",
        "/ip ipsec peer add name=quagmire-peer address=198.51.100.77/32 comment=quagmire-comment exchange-mode=ike2",
        "/ip ipsec identity add peer=quagmire-peer secret=quagmire-secret comment=\"quagmire-comment disabled=no\"",
        "/user group add name=quagmire-group policy=read comment=quagmire-comment",
        "/certificate add name=quagmire-ca common-name=quagmire-ca key-usage=key-cert-sign,crl-sign",
    ] {
        router.console(&format!("{line}\n"));
    }
}

fn check_nothing_is_told(router: &Router, ground: &Ground, file: &Path) {
    let text = fs::read_to_string(file).expect("the record");
    let lower = text.to_lowercase();
    let fleet = ground.fleet();
    let password = fs::read_to_string(router.password_file()).expect("the password");
    let own = fleet
        .split('"')
        .filter(|value| value.len() > 20)
        .chain([password.trim()]);
    for secret in PLANTED.into_iter().chain(own) {
        let hex: String = secret.bytes().map(|octet| format!("{octet:02x}")).collect();
        let coded = STANDARD.encode(secret).to_lowercase();
        for form in [secret.to_lowercase(), hex, coded] {
            assert!(
                !lower.contains(form.trim_end_matches('=')),
                "{secret}:\n{text}"
            );
        }
    }
    assert!(!lower.contains("quagmire"), "{text}");
}

fn record(ground: &Ground, name: &str, out: &Path) -> (Run, Value) {
    let out = out.to_str().expect("UTF-8");
    ground.json(&["router", "record", name, "--out", out, "--yes"])
}

fn state(router: &Router) -> Value {
    let answer = router.control("GET", "/state", &json!(null));
    serde_json::from_slice(&answer.body).expect("JSON")
}

fn replay(file: &Path, assume: &[&str]) -> Run {
    let mut command = Command::new(program("routeros-sim"));
    command.arg("--replay-check").arg(file);
    for word in assume {
        command.args(["--assume", word]);
    }
    run(&mut command)
}

#[test]
fn a_recorded_router_is_the_simulator_that_it_is_and_says_nothing_of_its_owner() {
    let ground = Ground::copied();
    for (model, name) in [("6.49", "six"), ("7.24", "seven")] {
        let router = ground.bare(model, name, &[]);
        plant(&router);
        let before = state(&router);
        let file: PathBuf = ground.site.path(&format!("{name}.json"));
        let (recorded, document) = record(&ground, name, &file);
        assert_eq!(recorded.code, Some(0), "{recorded}");
        assert_eq!(document["router"], name);
        assert!(
            document["told"].as_array().expect("a list").len() > 15,
            "{document}"
        );
        assert_eq!(state(&router), before, "nothing was changed");
        check_nothing_is_told(&router, &ground, &file);
        let same = replay(&file, &[]);
        assert_eq!(same.code, Some(0), "{same}");
        assert!(same.stdout.contains(", 0 differences"), "{same}");
        let (again, document) = record(&ground, name, &file);
        assert_eq!(again.code, Some(2), "{again}");
        let hint = document["error"]["hint"].as_str().expect("a hint");
        assert!(hint.contains("--force"), "{again}");
    }
}

/// Rows with what is kept of their values, without the numbers that stand for values, in no order.
///
/// The connections that a router shows among its services are those of whoever asks.
fn rows(outcome: &Value) -> BTreeSet<String> {
    let rows = outcome["answered"]["rows"].as_array();
    let is_open = |row: &&Value| !matches!(row["connection"].as_str(), Some("true" | "yes"));
    let unnumbered = |row: &Value| {
        let text = row.to_string();
        let mut parts = text.split('#');
        let first = parts.next().unwrap_or_default().to_owned();
        let digit = |c: char| c.is_ascii_digit();
        parts.fold(first, |text, part| text + part.trim_start_matches(digit))
    };
    let rows = rows.into_iter().flatten();
    rows.filter(is_open).map(unnumbered).collect()
}

/// What the console refuses it refuses in its own words; what it shows is read as well as through the other doors.
#[test]
fn a_router_says_over_ssh_what_it_says_elsewhere() {
    let ground = Ground::copied();
    let mut differ = Vec::new();
    for (model, name) in [("6.49", "six"), ("7.24", "seven")] {
        let router = ground.bare(model, name, &[]);
        plant(&router);
        ground.add_over_ssh(&router, name);
        let told = |name: &str| {
            let file = ground.site.path(&format!("{name}.json"));
            record(&ground, name, &file).0.ok();
            check_nothing_is_told(&router, &ground, &file);
            let same = replay(&file, &[]).ok();
            assert!(same.stdout.contains(", 0 differences"), "{same}");
            let text = fs::read_to_string(&file).expect("the record");
            let document: Value = serde_json::from_str(&text).expect("JSON");
            document["exchanges"].as_array().expect("a list").clone()
        };
        for (here, there) in told(&format!("{name}-ssh")).into_iter().zip(told(name)) {
            let (id, here, there) = (&here["id"], &here["outcome"], &there["outcome"]);
            let kind = |outcome: &Value| {
                outcome
                    .as_object()
                    .expect("an outcome")
                    .keys()
                    .next()
                    .cloned()
            };
            if (kind(here), rows(here)) != (kind(there), rows(there)) {
                eprintln!("{model} {id}\n    {here}\n    {there}");
                differ.push((model, id.as_str().expect("a word").to_owned()));
            }
        }
    }
    // It is not asked over SSH, and the record says why.
    let expect = ["6.49", "7.24"].map(|model| (model, "export".to_owned()));
    assert_eq!(differ, expect);
}

#[test]
fn a_router_that_settles_a_question_otherwise_is_told_with_the_answer() {
    let ground = Ground::copied();
    let _router = ground.bare("6.49", "six", &["v6-booleans=true-false"]);
    let file = ground.site.path("six.json");
    let (recorded, _) = record(&ground, "six", &file);
    assert_eq!(recorded.code, Some(0), "{recorded}");
    let other = replay(&file, &[]);
    assert_eq!(other.code, Some(1), "{other}");
    assert!(
        other
            .stdout
            .contains("--assume v6-booleans=true-false agrees"),
        "{other}"
    );
    assert!(
        other.stdout.contains("settled by it: ") && other.stdout.contains("v6-booleans=true-false"),
        "{other}"
    );
    replay(&file, &["v6-booleans=true-false"]).ok();
    fs::write(&file, "{}").expect("the test directory is writable");
    let refused = replay(&file, &[]);
    assert_eq!(refused.code, Some(2), "{refused}");
    assert!(
        refused.stderr.contains("it is no record of a router"),
        "{refused}"
    );
}

/// What will be asked and what will be kept is shown, and both want a yes.
#[test]
fn nothing_is_asked_and_nothing_is_kept_without_consent() {
    let ground = Ground::copied();
    let router = ground.bare("7.24", "seven", &[]);
    let file = ground.site.path("seven.json");
    let words = [
        "router",
        "record",
        "seven",
        "--out",
        file.to_str().expect("UTF-8"),
    ];
    let logins = || {
        let requests = router.control("GET", "/requests", &json!(null));
        let requests: Value = serde_json::from_slice(&requests.body).expect("JSON");
        requests["logins"].as_u64().expect("a number")
    };
    let before = logins();
    let alone = ground.client(&words);
    assert_ne!(alone.code, Some(0), "{alone}");
    assert!(alone.stderr.contains("--yes"), "{alone}");
    let no = ground.attended(&words, "n");
    assert!(
        no.stdout
            .contains("/ip/service set *FFFFFFE disabled=perhaps"),
        "{no}"
    );
    assert_eq!(logins(), before, "nothing was asked");
    let half = ground.attended(&words, "y\nn");
    assert!(half.stdout.contains("\"id\": \"services\""), "{half}");
    assert!(logins() > before, "{half}");
    assert!(!file.exists());
    ground.attended(&words, "y\ny");
    replay(&file, &[]).ok();
}
