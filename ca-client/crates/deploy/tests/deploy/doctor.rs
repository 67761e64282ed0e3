//! Broken routers, one fault each, and a healthy one.

use ca_deploy::{Binding, Diagnosis, Gravity, examine};
use ca_routeros::Door;
use ca_types::Clock as _;

use crate::fleet::{NAME, Story, tunnel};
use crate::router::State;

const LEAF: &str = "berlin.example.net-1a2b3c4d";

/// A router of the newest release with a chain, a certificate for `www-ssl` and a tunnel, and nothing else open.
fn healthy() -> Story {
    let mut story = Story::new(
        "7.24.4 (stable)",
        Door::Rest,
        vec![Binding::WwwSsl, tunnel()],
    );
    story.entry.crl_use = true;
    let mut state = story.router.state();
    let usage = "digital-signature,key-encipherment,tls-server,tls-client";
    let ca = "key-cert-sign,crl-sign";
    for (name, common_name, issuer, skid, akid, usage, key) in [
        ("root", "Root", "CN=Root", "AA", "AA", ca, "false"),
        ("ca", "Router CA", "CN=Root", "BB", "AA", ca, "false"),
        (LEAF, NAME, "CN=Router CA", "CC", "BB", usage, "true"),
    ] {
        state.add(
            "/certificate",
            &[
                ("name", name),
                ("common-name", common_name),
                ("issuer", issuer),
                ("skid", skid),
                ("akid", akid),
                ("key-usage", usage),
                ("private-key", key),
                ("trusted", "true"),
                ("invalid-before", "2026-05-01 00:00:00"),
                ("invalid-after", "2027-08-01 00:00:00"),
            ],
        );
    }
    state.change("/ip/service", "www-ssl", &[("certificate", LEAF)]);
    let identity = [
        ("peer", "hamburg"),
        ("auth-method", "digital-signature"),
        ("certificate", LEAF),
    ];
    state.add("/ip/ipsec/identity", &identity);
    state.change("/certificate/settings", "", &[("crl-use", "true")]);
    let crl = [
        ("url", "http://ca.example.net/crl/router-2026-1.crl"),
        ("num", "4"),
        ("next-update", "2027-08-01 00:00:00"),
    ];
    state.add("/certificate/crl", &crl);
    drop(state);
    story
}

async fn diagnose(story: &mut Story) -> Diagnosis {
    let now = story.clock.now();
    examine(&mut story.router, &story.entry, now).await.unwrap()
}

/// Breaks a healthy router, and expects exactly these complaints.
#[track_caller]
fn check(expect: &[(&str, &str)], broken: impl FnOnce(&mut State)) {
    check_of(healthy(), expect, broken);
}

#[track_caller]
fn check_of(mut story: Story, expect: &[(&str, &str)], broken: impl FnOnce(&mut State)) {
    broken(&mut story.router.state());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let diagnosis = runtime.unwrap().block_on(diagnose(&mut story));
    let found: Vec<(&str, &str)> = diagnosis
        .complaints
        .iter()
        .map(|complaint| {
            (
                complaint.what,
                complaint.mend.as_deref().unwrap_or_default(),
            )
        })
        .collect();
    assert_eq!(found, expect, "{diagnosis:#?}");
}

const PUSH: &str = "ca-client router push berlin";

fn leaf(state: &mut State, fields: &[(&str, &str)]) {
    state.change("/certificate", LEAF, fields);
}

fn service(state: &mut State, name: &str, fields: &[(&str, &str)]) {
    state.change("/ip/service", name, fields);
}

#[test]
fn a_healthy_router_has_nothing_to_complain_of() {
    check(&[], |_| {});
}

#[test]
fn certificates_that_cannot_work_are_named() {
    check(&[("expired", PUSH)], |state| {
        leaf(state, &[("invalid-after", "2026-05-20 00:00:00")]);
    });
    check(&[("not-yet-valid", PUSH)], |state| {
        leaf(state, &[("invalid-before", "2026-07-01 00:00:00")]);
    });
    check(&[("ending", PUSH)], |state| {
        leaf(state, &[("invalid-after", "2026-06-10 00:00:00")]);
    });
    check(&[("no-key", PUSH)], |state| {
        leaf(state, &[("private-key", "false")]);
    });
    check(&[("key-usage", PUSH)], |state| {
        leaf(state, &[("key-usage", "digital-signature,tls-client")]);
    });
    check(&[("chain", PUSH)], |state| leaf(state, &[("akid", "DD")]));
    check(
        &[("untrusted", "/certificate set ca trusted=yes")],
        |state| {
            state.change("/certificate", "ca", &[("trusted", "false")]);
        },
    );
    check(&[("twin-cas", "/certificate remove ca-2")], |state| {
        let twin = [
            ("name", "ca-2"),
            ("common-name", "Router CA"),
            ("issuer", "CN=Root"),
            ("skid", "EE"),
            ("akid", "AA"),
            ("key-usage", "key-cert-sign"),
            ("trusted", "true"),
        ];
        state.add("/certificate", &twin);
    });
    check(&[("gone", PUSH)], |state| {
        state.change("/ip/ipsec/identity", "", &[("certificate", "*7")]);
    });
}

#[test]
fn services_that_refuse_or_tell_everything_are_named() {
    check(&[("service-without-certificate", PUSH)], |state| {
        service(state, "www-ssl", &[("certificate", "none")]);
    });
    check(&[("service-off", "/ip service enable www-ssl")], |state| {
        service(state, "www-ssl", &[("disabled", "true")]);
    });
    let wrong = ("wrong-certificate", PUSH);
    // At www-ssl, and at the identity.
    check(&[wrong, wrong], |state| {
        leaf(state, &[("common-name", "munich.example.net")]);
    });
    check(
        &[("plain-service", "/ip service disable telnet")],
        |state| {
            let telnet = [("name", "telnet"), ("port", "23"), ("disabled", "false")];
            state.add("/ip/service", &telnet);
        },
    );
    let mend = "/ip service set www-ssl address=\"\"";
    check(&[("address-list", mend)], |state| {
        service(state, "www-ssl", &[("available-from", "192.0.2.0/24")]);
    });
    let rule = |state: &mut State, fields: &[(&str, &str)]| {
        let fields = [&[("chain", "input")], fields].concat();
        state.add("/ip/firewall/filter", &fields);
    };
    let mend = "/ip firewall filter disable *11";
    check(&[("firewall", mend)], |state| {
        rule(
            state,
            &[
                ("action", "accept"),
                ("connection-state", "established,related"),
            ],
        );
        rule(
            state,
            &[
                ("action", "drop"),
                ("protocol", "tcp"),
                ("dst-port", "80,443"),
            ],
        );
    });
    check(&[], |state| {
        rule(
            state,
            &[("action", "accept"), ("src-address", "192.0.2.0/24")],
        );
        rule(state, &[("action", "drop")]);
    });
    check(&[], |state| {
        rule(state, &[("action", "drop"), ("in-interface", "ether1")]);
    });
}

/// A router that shall show its certificate at both ends of SSTP; the client is off.
fn with_sstp() -> Story {
    let mut story = healthy();
    let bindings = &mut story.entry.certificates[0].bindings;
    bindings.push(Binding::SstpServer);
    bindings.push(Binding::SstpClient {
        interface: "to-hq".to_owned(),
    });
    story
}

#[test]
fn ends_of_sstp_without_their_certificate_are_named() {
    let server = "/interface/sstp-server/server";
    let client = "/interface/sstp-client";
    let enabled = [("enabled", "true"), ("disabled", "false")];
    check_of(with_sstp(), &[], |state| {
        state.change(server, "", &[("enabled", "false"), ("certificate", "none")]);
        state.change(client, "to-hq", &[("disabled", "true")]);
    });
    for menu in [server, client] {
        let row = if menu == client { "to-hq" } else { "" };
        for (certificate, expect) in [
            (LEAF, None),
            ("none", Some(("service-without-certificate", PUSH))),
            ("other", Some(("wrong-certificate", PUSH))),
        ] {
            let expect: Vec<(&str, &str)> = expect.into_iter().collect();
            check_of(with_sstp(), &expect, |state| {
                for (menu, row) in [(server, ""), (client, "to-hq")] {
                    state.change(menu, row, &enabled);
                    state.change(menu, row, &[("certificate", LEAF)]);
                }
                add_other(state, &[]);
                state.change(menu, row, &[("certificate", certificate)]);
            });
        }
    }
}

/// Adds a good certificate of another NAME under the same CA.
fn add_other(state: &mut State, fields: &[(&str, &str)]) {
    let row = [
        ("name", "other"),
        ("common-name", "other.example.net"),
        ("issuer", "CN=Router CA"),
        ("akid", "BB"),
        ("key-usage", "tls-server,tls-client"),
        ("private-key", "true"),
        ("invalid-before", "2026-05-01 00:00:00"),
        ("invalid-after", "2027-08-01 00:00:00"),
    ];
    state.add("/certificate", &row);
    state.change("/certificate", "other", fields);
}

/// The key of a peer is with the peer, and so is its next certificate.
#[test]
fn the_certificate_of_a_peer_needs_no_key_and_no_chain() {
    let pinned = |state: &mut State, fields: &[(&str, &str)]| {
        add_other(state, &[("private-key", "false"), ("akid", "DD")]);
        state.change("/certificate", "other", fields);
        state.change("/ip/ipsec/identity", "", &[("remote-certificate", "other")]);
    };
    check(&[], |state| pinned(state, &[]));
    check(&[("expired", "")], |state| {
        pinned(state, &[("invalid-after", "2026-05-20 00:00:00")]);
    });
    check(&[("gone", "")], |state| {
        state.change("/ip/ipsec/identity", "", &[("remote-certificate", "*7")]);
    });
    // An identity of somebody else beside the one of the fleet file is his matter.
    check(&[], |state| {
        add_other(state, &[]);
        let identity = [
            ("peer", "hamburg"),
            ("auth-method", "digital-signature"),
            ("certificate", "other"),
        ];
        state.add("/ip/ipsec/identity", &identity);
    });
}

#[test]
fn clock_release_mode_tunnels_and_crls_are_named() {
    let ntp = "/system/ntp/client/set enabled=yes servers=pool.ntp.org";
    check(&[("clock", ntp)], |state| state.seconds_slow = 3600);
    let update = "/system package update install";
    check(&[("outdated", update)], |state| {
        state.set_version("7.24.1 (stable)");
    });
    check(
        &[("device-mode", "/system device-mode update flagged=no")],
        |state| {
            state.add(
                "/system/device-mode",
                &[("mode", "home"), ("flagged", "true")],
            );
        },
    );
    check(
        &[("ipsec-identity", "/ip ipsec identity enable *E")],
        |state| state.change("/ip/ipsec/identity", "", &[("disabled", "true")]),
    );
    check(&[("ipsec-identity", PUSH)], |state| {
        state.change("/ip/ipsec/identity", "", &[("certificate", "none")]);
    });
    check(&[("crl", PUSH)], |state| {
        state.change("/certificate/settings", "", &[("crl-use", "false")]);
    });
    check(&[("crl", "/certificate crl download")], |state| {
        state.change("/certificate/crl", "", &[("invalid", "true")]);
    });
}

#[tokio::test]
async fn lines_of_the_log_stand_beside_what_they_explain() {
    let mut story = healthy();
    service(
        &mut story.router.state(),
        "www-ssl",
        &[("certificate", "none")],
    );
    for (topics, message) in [
        ("ssld,error", "ssl: no common ciphers"),
        ("ssld,info", "all is well"),
        ("dhcp,error", "no lease"),
    ] {
        let line = [
            ("time", "2026-10-06 11:24:18"),
            ("topics", topics),
            ("message", message),
        ];
        story.router.state().add("/log", &line);
    }
    let diagnosis = diagnose(&mut story).await;
    let [complaint] = diagnosis.complaints.as_slice() else {
        panic!("{diagnosis:?}");
    };
    let line = "ssld,error: 2026-10-06 11:24:18 ssl: no common ciphers";
    assert_eq!(
        (complaint.gravity, complaint.evidence.as_slice()),
        (Gravity::Error, [line.to_owned()].as_slice())
    );
}

#[tokio::test]
async fn what_nothing_refers_to_is_listed_with_its_owner() {
    let mut story = healthy();
    for (name, common_name, before, after) in [
        (
            "berlin.example.net-00000001",
            NAME,
            "2026-01-01",
            "2027-01-01",
        ),
        ("somebody", "other.example.net", "2025-01-01", "2026-01-01"),
        ("kept", "other.example.net", "2026-01-01", "2027-01-01"),
        (
            "fleet-ca-router-2025-1-12345678",
            "Old CA",
            "2015-01-01",
            "2026-01-01",
        ),
    ] {
        let (before, after) = (format!("{before} 00:00:00"), format!("{after} 00:00:00"));
        let row = [
            ("name", name),
            ("common-name", common_name),
            ("invalid-before", before.as_str()),
            ("invalid-after", after.as_str()),
        ];
        story.router.state().add("/certificate", &row);
    }
    let diagnosis = diagnose(&mut story).await;
    let found: Vec<(&str, bool, &str)> = diagnosis
        .unused
        .iter()
        .map(|unused| (unused.name.as_str(), unused.ours, unused.why))
        .collect();
    let expect = [
        ("berlin.example.net-00000001", true, "superseded"),
        ("somebody", false, "expired"),
        ("fleet-ca-router-2025-1-12345678", true, "expired"),
    ];
    assert_eq!(found, expect);
}
