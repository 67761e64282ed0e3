//! EAP-TLS: hostapd as the RADIUS server, and `eapol_test` as the device that logs in.

use std::{fs, path::Path, process::Command, time::Duration};

use ca_tests::{Run, free_port, run_within};
use ca_verify::target::{Role, Target::FreeRadius};

use super::pki::{Daemon, LEAF, P256, Pki, RSA_1024, Wish};

pub(super) const DIALLED: &str =
    "extendedKeyUsage = serverAuth\nsubjectAltName = DNS:radius.example.net\n";
pub(super) const DIALS: &str = "extendedKeyUsage = clientAuth\n";

#[test]
fn eap_peers_want_the_purpose_of_the_other_side() {
    let pki = ground();
    pki.leaf(
        "swapped",
        "ca",
        "/CN=radius.example.net",
        &format!("{LEAF}{DIALS}"),
    );
    pki.leaf("gateway", "ca", "/CN=anna", &format!("{LEAF}{DIALLED}"));
    let encipher = LEAF.replace("digitalSignature", "keyEncipherment") + DIALS;
    pki.leaf("mute", "ca", "/CN=anna", &encipher);

    let good = log_in(&pki, "radius", "anna").0;
    assert!(good.stdout.ends_with("SUCCESS\n"), "{good}");
    let swapped = log_in(&pki, "swapped", "anna").0;
    assert!(swapped.stdout.ends_with("FAILURE\n"), "{swapped}");
    assert!(
        swapped.stdout.contains("unsuitable certificate purpose"),
        "{swapped}"
    );
    let chain = ["radius.chain"];
    pki.judged(
        FreeRadius,
        Role::Server,
        "server-auth",
        &chain,
        &["swapped.chain"],
    );

    for (name, rule) in [("gateway", "client-auth"), ("mute", "usage-signature")] {
        let (refused, server) = log_in(&pki, "radius", name);
        assert!(refused.stdout.ends_with("FAILURE\n"), "{refused}");
        assert!(
            server.log().contains("certificate verify failed"),
            "{}",
            server.log()
        );
        let bad = format!("{name}.chain");
        pki.judged(FreeRadius, Role::Client, rule, &["anna.chain"], &[&bad]);
    }
}

#[test]
fn an_eap_server_takes_no_short_key_and_no_sha1() {
    let pki = ground();
    weak_servers(&pki);
    for (name, why, rule) in [
        ("short", "ee key too small", "rsa-2048"),
        ("old", "ca md too weak", "no-sha1"),
    ] {
        let mut server = serve(&pki, name, free_port());
        let log = server.until_logged(&["AP-ENABLED"]);
        assert!(log.contains(why), "{log}");
        assert!(!log.contains("AP-ENABLED"), "{log}");
        let bad = format!("{name}.chain");
        pki.judged(FreeRadius, Role::Server, rule, &["radius.chain"], &[&bad]);
    }
}

/// Makes the servers `short`, whose key is, and `old`, whose digest is.
pub(super) fn weak_servers(pki: &Pki) {
    for (name, key, digest) in [("short", RSA_1024, "-sha256"), ("old", P256, "-sha1")] {
        pki.make(Wish {
            name,
            issuer: Some("ca"),
            subject: "/CN=radius.example.net",
            key,
            digest,
            extensions: &format!("{LEAF}{DIALLED}"),
        });
    }
}

/// A server and a person whose certificates are right.
pub(super) fn pair() -> Pki {
    let pki = Pki::new();
    pki.leaf(
        "radius",
        "ca",
        "/CN=radius.example.net",
        &format!("{LEAF}{DIALLED}"),
    );
    pki.leaf("anna", "ca", "/CN=anna", &format!("{LEAF}{DIALS}"));
    pki
}

/// The same, with what hostapd reads of its users and clients.
fn ground() -> Pki {
    let pki = pair();
    pki.write("users", "* TLS\n");
    pki.write("clients", "127.0.0.1/32 shared\n");
    pki
}

fn serve(pki: &Pki, name: &str, port: u16) -> Daemon {
    let settings = format!(
        "driver=none\neap_server=1\neap_user_file=users\nca_cert=root.pem\nserver_cert={name}.chain\n\
         private_key={name}.key\nradius_server_clients=clients\nradius_server_auth_port={port}\n"
    );
    pki.write("hostapd.conf", &settings);
    let mut command = Command::new("/usr/sbin/hostapd");
    command.arg("hostapd.conf").current_dir(pki.folder());
    Daemon::start(&mut command, &pki.path("hostapd.log"))
}

#[track_caller]
fn log_in(pki: &Pki, server: &str, person: &str) -> (Run, Daemon) {
    let port = free_port();
    let mut server = serve(pki, server, port);
    let log = server.until_logged(&["AP-ENABLED"]);
    assert!(log.contains("AP-ENABLED"), "{log}");
    let files = [
        "root.pem".to_owned(),
        format!("{person}.chain"),
        format!("{person}.key"),
    ];
    (supplicant(pki.folder(), port, person, &files), server)
}

/// Logs in as a device does whose root, chain and key stand in `files`.
#[track_caller]
pub(super) fn supplicant(folder: &Path, port: u16, identity: &str, files: &[String; 3]) -> Run {
    let [root, chain, key] = files;
    let network = format!(
        "network={{\n ssid=\"x\"\n key_mgmt=WPA-EAP\n eap=TLS\n identity=\"{identity}\"\n ca_cert=\"{root}\"\n \
         client_cert=\"{chain}\"\n private_key=\"{key}\"\n eapol_flags=0\n}}\n"
    );
    fs::write(folder.join("eapol.conf"), network).expect("the test directory is writable");
    let mut command = Command::new("eapol_test");
    command
        .args(["-c", "eapol.conf", "-a", "127.0.0.1"])
        .args(["-p", &port.to_string(), "-s", "shared", "-t", "20"])
        .current_dir(folder);
    run_within(&mut command, Duration::from_secs(40))
}
