//! TLS as SSTP and EAP speak it: OpenSSL, GnuTLS and NSS.

use std::{net::TcpStream, process::Command, time::Duration};

use ca_tests::{Run, free_port, openssl, run, until};
use ca_verify::target::{
    Role::Server,
    Target::{OpenVpn, RouterOsSstp},
};

use super::pki::{Daemon, LEAF, P256, Pki, RSA_2048, Wish};

/// The two suites that SSTP on RouterOS has without `pfs`.
const ROUTEROS_SUITES: &str = "AES256-SHA:AES256-GCM-SHA384";
const DIALLED: &str = "extendedKeyUsage = serverAuth\nsubjectAltName = DNS:gw.example.net\n";

#[test]
fn sstp_on_routeros_needs_an_rsa_key_that_may_encipher() {
    let pki = Pki::new();
    let both = LEAF.replace("digitalSignature", "digitalSignature,keyEncipherment");
    gateway(&pki, "good", RSA_2048, &both);
    gateway(&pki, "signs", RSA_2048, LEAF);
    gateway(&pki, "ec", P256, LEAF);

    let (good, _server) = dial_with_gnutls(&pki, "good", "+RSA");
    assert!(good.stdout.contains("Handshake was completed"), "{good}");
    let (signs, _server) = dial_with_gnutls(&pki, "signs", "+RSA");
    assert!(signs.stderr.contains("Key usage violation"), "{signs}");
    pki.judged(
        RouterOsSstp,
        Server,
        "usage-encipherment",
        &["good.chain"],
        &["signs.chain"],
    );

    let (ec, mut server) = dial_with_gnutls(&pki, "ec", "+RSA");
    assert_ne!(ec.code, Some(0), "{ec}");
    let log = server.until_logged(&["no shared cipher"]);
    assert!(log.contains("no shared cipher"), "{log}");
    pki.judged(
        RouterOsSstp,
        Server,
        "sstp-key-rsa",
        &["good.chain"],
        &["ec.chain"],
    );
}

#[test]
fn a_server_whose_key_may_not_sign_finds_no_cipher() {
    let pki = Pki::new();
    gateway(&pki, "good", P256, LEAF);
    let agrees = LEAF.replace("digitalSignature", "keyAgreement");
    gateway(&pki, "bad", P256, &agrees);
    let dial = |name: &str| {
        let (server, port) = serve(&pki, name, &[]);
        let address = format!("127.0.0.1:{port}");
        let words = [
            "s_client", "-tls1_2", "-connect", &address, "-CAfile", "root.pem",
        ];
        (openssl(pki.folder(), &words), server)
    };
    let (good, _server) = dial("good");
    assert!(good.stdout.contains("Verification: OK"), "{good}");
    let (bad, mut server) = dial("bad");
    assert_ne!(bad.code, Some(0), "{bad}");
    let log = server.until_logged(&["no shared cipher"]);
    assert!(log.contains("no shared cipher"), "{log}");
    pki.judged(
        OpenVpn,
        Server,
        "usage-signature-server",
        &["good.chain"],
        &["bad.chain"],
    );
}

/// Whoever speaks TLS 1.2 with a library that judges the key usage by the key exchange.
#[test]
fn nss_wants_key_encipherment_of_rsa_servers() {
    let pki = Pki::new();
    let both = LEAF.replace("digitalSignature", "digitalSignature,keyEncipherment");
    gateway(&pki, "good", RSA_2048, &both);
    gateway(&pki, "bad", RSA_2048, LEAF);
    let certutil = |words: &[&str]| {
        let mut command = Command::new("certutil");
        run(command
            .args(words)
            .args(["-d", "sql:."])
            .current_dir(pki.folder()))
    };
    certutil(&["-N", "--empty-password"]).ok();
    for (name, trust) in [("root", "C,,"), ("ca", ",,"), ("good", ",,"), ("bad", ",,")] {
        let file = format!("{name}.pem");
        certutil(&["-A", "-n", name, "-t", trust, "-a", "-i", &file]).ok();
    }
    certutil(&["-V", "-u", "V", "-n", "good"]).ok();
    let bad = certutil(&["-V", "-u", "V", "-n", "bad"]);
    assert_ne!(bad.code, Some(0), "{bad}");
    assert!(format!("{bad}").contains("key usage inadequate"), "{bad}");
    pki.judged(
        RouterOsSstp,
        Server,
        "usage-encipherment",
        &["good.chain"],
        &["bad.chain"],
    );
}

fn gateway(pki: &Pki, name: &str, key: &[&str], extensions: &str) {
    pki.make(Wish {
        name,
        issuer: Some("ca"),
        subject: "/CN=gw.example.net",
        key,
        digest: "-sha256",
        extensions: &format!("{extensions}{DIALLED}"),
    });
}

/// Serves TLS with a certificate, and waits until somebody listens.
#[track_caller]
fn serve(pki: &Pki, name: &str, more: &[&str]) -> (Daemon, u16) {
    let port = free_port();
    let mut command = Command::new("openssl");
    command
        .args([
            "s_server",
            "-accept",
            &format!("127.0.0.1:{port}"),
            "-tls1_2",
            // It would end with its standard input.
            "-www",
        ])
        .args([
            "-cert",
            &format!("{name}.pem"),
            "-key",
            &format!("{name}.key"),
        ])
        .args(["-cert_chain", "ca.pem"])
        .args(more)
        .current_dir(pki.folder());
    let server = Daemon::start(&mut command, &pki.path("s_server.log"));
    until(Duration::from_secs(60), "a listener", || {
        TcpStream::connect(("127.0.0.1", port)).ok()
    });
    (server, port)
}

/// Dials a server that has the suites of RouterOS with a client that has one way to exchange keys.
#[track_caller]
fn dial_with_gnutls(pki: &Pki, name: &str, exchange: &str) -> (Run, Daemon) {
    let (server, port) = serve(pki, name, &["-cipher", ROUTEROS_SUITES]);
    let priority = format!("NORMAL:-KX-ALL:{exchange}:-VERS-ALL:+VERS-TLS1.2");
    let mut command = Command::new("gnutls-cli");
    command
        .args([
            "--x509cafile",
            "root.pem",
            "--verify-hostname",
            "gw.example.net",
        ])
        .args([
            "--priority",
            &priority,
            "-p",
            &port.to_string(),
            "127.0.0.1",
        ])
        .current_dir(pki.folder());
    (run(&mut command), server)
}
