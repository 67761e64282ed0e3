//! OpenVPN, on both sides of a tunnel to nowhere.

use std::process::Command;

use ca_tests::free_port;
use ca_verify::target::{Role, Target::OpenVpn};

use super::pki::{Daemon, LEAF, P256, Pki, Wish};

const DIALLED: &str = "extendedKeyUsage = serverAuth\nsubjectAltName = DNS:gw.example.net\n";
const DIALS: &str = "extendedKeyUsage = clientAuth\n";
const UP: &str = "Initialization Sequence Completed";

#[test]
fn openvpn_refuses_what_breaks_its_rules() {
    let pki = Pki::new();
    let gateway = format!("{LEAF}{DIALLED}");
    let name = "/CN=gw.example.net";
    pki.leaf("gw", "ca", name, &gateway);
    pki.leaf("anna", "ca", "/CN=anna", &format!("{LEAF}{DIALS}"));
    pki.leaf("swapped", "ca", name, &format!("{LEAF}{DIALS}"));
    pki.leaf(
        "unused",
        "ca",
        name,
        &gateway.replace("keyUsage = critical,digitalSignature\n", ""),
    );
    pki.leaf("nameless", "ca", "/O=Example", &gateway);
    pki.make(Wish {
        name: "old",
        issuer: Some("ca"),
        subject: name,
        key: P256,
        digest: "-sha1",
        extensions: &gateway,
    });

    let (_server, mut client) = dial(&pki, "gw", "anna");
    let log = client.until_logged(&[UP]);
    assert!(log.contains(UP), "{log}");
    for (gateway, why, rule) in [
        ("swapped", "unsuitable certificate purpose", "server-auth"),
        (
            "unused",
            "Certificate does not have key usage extension",
            "usage-present",
        ),
        (
            "nameless",
            "could not extract CN from X509 subject",
            "common-name",
        ),
    ] {
        let (_server, mut client) = dial(&pki, gateway, "anna");
        let log = client.until_logged(&[why, UP]);
        assert!(log.contains(why) && !log.contains(UP), "{log}");
        let bad = format!("{gateway}.chain");
        pki.judged(OpenVpn, Role::Server, rule, &["gw.chain"], &[&bad]);
    }

    let (mut server, _client) = dial(&pki, "old", "anna");
    let log = server.until_logged(&["Exiting due to fatal error"]);
    assert!(log.contains("ca md too weak"), "{log}");
    pki.judged(
        OpenVpn,
        Role::Server,
        "no-sha1",
        &["gw.chain"],
        &["old.chain"],
    );

    // The gateway's certificate in the hands of a person.
    let (mut server, _client) = dial(&pki, "gw", "gw");
    let log = server.until_logged(&["unsuitable certificate purpose", UP]);
    assert!(log.contains("unsuitable certificate purpose"), "{log}");
    pki.judged(
        OpenVpn,
        Role::Client,
        "client-auth",
        &["anna.chain"],
        &["gw.chain"],
    );
}

fn dial(pki: &Pki, server: &str, client: &str) -> (Daemon, Daemon) {
    let port = free_port().to_string();
    let side = |name: &str, log: &str, words: &[&str]| {
        let mut command = Command::new("/usr/sbin/openvpn");
        command
            .args([
                "--dev", "null", "--proto", "udp", "--verb", "3", "--dh", "none",
            ])
            .args([
                "--cipher",
                "AES-256-GCM",
                "--data-ciphers",
                "AES-256-GCM",
                "--ca",
                "root.pem",
            ])
            .args([
                "--cert",
                &format!("{name}.chain"),
                "--key",
                &format!("{name}.key"),
            ])
            .args(words)
            .current_dir(pki.folder());
        Daemon::start(&mut command, &pki.path(log))
    };
    let listens = [
        "--tls-server",
        "--local",
        "127.0.0.1",
        "--port",
        &port,
        "--remote-cert-tls",
        "client",
    ];
    let dials = [
        "--tls-client",
        "--remote",
        "127.0.0.1",
        &port,
        "--nobind",
        "--remote-cert-tls",
        "server",
    ];
    let server = side(server, "openvpn-server.log", &listens);
    (server, side(client, "openvpn-client.log", &dials))
}
