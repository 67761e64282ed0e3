//! `router doctor` and `router clean` on simulated routers.

use serde_json::{Value, json};

use crate::router_ground::Ground;

/// The services that tell everything in the clear, and stay on after a bootstrap.
const PLAIN: [&str; 4] = ["telnet", "ftp", "www", "api"];

/// How the row of the CA that issued the router's certificate begins.
const ISSUING: &str = "fleet-ca-router-";

fn complaints(ground: &Ground, code: i32) -> Vec<String> {
    let (run, document) = ground.json(&["router", "doctor"]);
    assert_eq!(run.code, Some(code), "{run}");
    let words = document[0]["complaints"].as_array().expect("a list").iter();
    words
        .map(|complaint| complaint["what"].as_str().expect("a word").to_owned())
        .collect()
}

fn call(ground: &Ground, name: &str, words: &[&str]) -> Value {
    let (run, document) = ground.json(&[&["router", "call", name], words].concat());
    assert_eq!(run.code, Some(0), "{run}");
    document
}

fn check(model: &str, name: &str) {
    let ground = Ground::copied();
    let router = ground.bare(model, name, &[]);
    let before = complaints(&ground, 1);
    assert!(
        before.contains(&"wrong-certificate".to_owned()),
        "{before:?}"
    );
    ground.client(&["router", "push", "--yes"]).ok();
    let plain = complaints(&ground, 0);
    let plain = plain.iter().filter(|word| *word == "plain-service");
    assert_eq!(plain.count(), PLAIN.len());
    let set = |what: &str, item: &str, value: &str| {
        let item = format!("numbers={item}");
        call(&ground, name, &[what, &item, value]);
    };
    let other = if model == "7.24" {
        "api-ssl"
    } else {
        "www-ssl"
    };
    for service in PLAIN.into_iter().chain([other]) {
        set("/ip/service/set", service, "disabled=yes");
    }
    assert_eq!(complaints(&ground, 0), [""; 0]);
    let silent = ground.client(&["router", "doctor"]).ok();
    assert_eq!(silent.stdout, "", "a healthy router");

    set("/ip/service/set", other, "disabled=no");
    assert_eq!(complaints(&ground, 0), ["service-without-certificate"]);
    set("/ip/service/set", other, "disabled=yes");

    let root = &row(&ground, name, "fleet-ca-root-");
    set("/certificate/set", root, "trusted=no");
    let found = complaints(&ground, 1);
    assert_eq!(found, ["untrusted"], "{found:?}");
    set("/certificate/set", root, "trusted=yes");

    router.control("PUT", "/clock", &json!({"offset-seconds": 3_600}));
    assert_eq!(complaints(&ground, 1), ["clock"]);
    router.control("PUT", "/clock", &json!({"offset-seconds": 0}));
    what_keeps_others_out(&ground, model, name);
    if model == "7.24" {
        router.control("PUT", "/device-mode", &json!({"flagged": true}));
        assert_eq!(complaints(&ground, 1), ["device-mode"]);
        router.control("PUT", "/device-mode", &json!({"flagged": false}));
    }
    tunnels_and_lists(&ground, name);

    // The certificate of the bootstrap is nobody's now, and no wish of the fleet file: it stays.
    let (run, cleaned) = ground.json(&["router", "clean", "--yes"]);
    assert_eq!(
        (run.code, &cleaned[0]["removed"]),
        (Some(0), &json!([])),
        "{run}"
    );
    let refused = ground.client(&["router", "clean", "--yes", "--certificate", root]);
    refused.refused(1, &["no certificate that nothing refers to"]);

    let item = format!("numbers={}", row(&ground, name, ISSUING));
    call(&ground, name, &["/certificate/remove", &item]);
    assert_eq!(complaints(&ground, 1), ["chain"]);
}

/// A server of SSTP with a CA's certificate, an identity that has none or is switched off, CRLs that do not come.
fn tunnels_and_lists(ground: &Ground, name: &str) {
    let router = |words: &[&str]| call(ground, name, words);
    let issuing = format!("certificate={}", row(ground, name, ISSUING));
    router(&["/interface/sstp-server/server/set", &issuing, "enabled=yes"]);
    assert_eq!(complaints(ground, 1), ["key-usage"]);
    router(&[
        "/interface/sstp-server/server/set",
        "certificate=none",
        "enabled=no",
    ]);

    router(&[
        "/ip/ipsec/peer/add",
        "name=far",
        "address=192.0.2.1/32",
        "exchange-mode=ike2",
    ]);
    router(&[
        "/ip/ipsec/identity/add",
        "peer=far",
        "auth-method=digital-signature",
    ]);
    assert_eq!(complaints(ground, 1), ["ipsec-identity"]);
    let rows = router(&["/ip/ipsec/identity/print"]);
    let id = rows["rows"][0][".id"]
        .as_str()
        .expect("the identity has an id");
    let item = format!("numbers={id}");
    router(&["/ip/ipsec/identity/set", &item, "disabled=yes"]);
    assert_eq!(complaints(ground, 0), ["ipsec-identity"]);
    router(&["/ip/ipsec/identity/remove", &item]);

    // The lists of both CAs, whose URLs nobody serves here.
    router(&["/certificate/settings/set", "crl-use=yes"]);
    assert_eq!(complaints(ground, 1), ["crl"; 2]);
    router(&["/certificate/settings/set", "crl-use=no"]);
    assert_eq!(complaints(ground, 0), [""; 0]);
}

/// Returns the name of the first certificate on the router that begins so.
fn row(ground: &Ground, name: &str, beginning: &str) -> String {
    let rows = call(ground, name, &["/certificate/print"]);
    let rows = rows["rows"].as_array().expect("a list").iter();
    rows.filter_map(|row| row["name"].as_str())
        .find(|name| name.starts_with(beginning))
        .expect("the certificate")
        .to_owned()
}

/// An address list, and a rule of the firewall.
fn what_keeps_others_out(ground: &Ground, model: &str, name: &str) {
    let (own, port) = match model {
        "7.24" => ("www-ssl", 443),
        _ => ("api-ssl", 8729),
    };
    let own = format!("numbers={own}");
    call(
        ground,
        name,
        &["/ip/service/set", &own, "address=127.0.0.0/8,10.0.0.0/8"],
    );
    assert_eq!(complaints(ground, 0), ["address-list"]);
    call(ground, name, &["/ip/service/set", &own, "address="]);

    let rule = ["chain=input", "action=drop", "protocol=tcp", "comment=shut"];
    let port = format!("dst-port={port}");
    call(
        ground,
        name,
        &[&["/ip/firewall/filter/add", &port], &rule[..]].concat(),
    );
    assert_eq!(complaints(ground, 0), ["firewall"]);
    let rows = call(ground, name, &["/ip/firewall/filter/print"]);
    let id = rows["rows"][0][".id"].as_str().expect("the rule has an id");
    let id = format!("numbers={id}");
    call(ground, name, &["/ip/firewall/filter/remove", &id]);

    assert_eq!(complaints(ground, 0), [""; 0]);
}

#[test]
fn doctor_knows_a_healthy_router_of_seven_and_what_ails_it() {
    check("7.24", "berlin-01");
}

#[test]
fn doctor_knows_a_healthy_router_of_six_and_what_ails_it() {
    check("6.49", "munich-01");
}
