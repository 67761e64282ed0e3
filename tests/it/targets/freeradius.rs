//! EAP-TLS with FreeRADIUS, and `eapol_test` as the device that logs in.

use std::{fs, path::Path, process::Command, time::Duration};

use ca_tests::{Algorithm, Run, Site, free_port, openssl, run, until};
use ca_verify::target::{
    Role::{Client, Server},
    Target::FreeRadius,
};

use super::eap::{DIALLED, DIALS, pair, supplicant, weak_servers};
use super::pki::{Daemon, LEAF, Pki};

const REFUSED: &str = "FAILURE\n";
const LET_IN: &str = "SUCCESS\n";

/// The certificate and the key of a server, and what it verifies its clients by.
struct Station<'a> {
    name: &'a str,
    chain: &'a str,
    key: &'a str,
    anchors: &'a str,
    /// `yes` when it asks for the CRLs that stand among the anchors.
    check_crl: &'a str,
    port: u16,
}

#[test]
fn freeradius_takes_our_pair_and_minds_our_crls() {
    let (site, _server) = Site::running(Algorithm::P256);
    let radius = "radius.example.net";
    site.issue("radius-server", radius, &["--target", "freeradius"]);
    for name in ["anna@example.net", "lost@example.net"] {
        site.issue("wifi-client", name, &["--target", "freeradius"]);
    }
    let serial = site.client_json(&["show", "lost@example.net/lost@example.net.pem"])["serial"]
        .as_str()
        .expect("a certificate has a serial number")
        .to_owned();
    site.client(&["revoke", "--serial", &serial]).ok();
    let folder = site.path("");
    let read = |name: &str| fs::read_to_string(folder.join(name)).expect("it was written");
    let write = |name: &str, text: &str| {
        fs::write(folder.join(name), text).expect("the test directory is writable");
    };
    let issuer = site.issuers()["vpn-client"].clone();
    until(Duration::from_secs(60), "the CRL with the lost one", || {
        fs::write(folder.join("clients.crl"), site.crl(&issuer))
            .expect("the test directory is writable");
        let shown = openssl(&folder, &["crl", "-in", "clients.crl", "-text"]).ok();
        let is_there = shown.stdout.to_lowercase().contains(&serial);
        is_there.then(|| write("clients.crl", &shown.stdout))
    });
    let whole = |name: &str| [".pem", ".key"].map(|end| format!("{name}/{name}{end}"));
    let [certificate, key] = whole(radius);
    let cas = format!("{radius}/chain.pem");
    write("radius.chain", &(read(&certificate) + &read(&cas)));
    // Clients are proved by the CAs of clients alone, down from the root.
    let anchors = read("anna@example.net/chain.pem") + &read("clients.crl");
    write("anchors.pem", &anchors);
    let port = free_port();
    let station = Station {
        name: "ours",
        chain: "radius.chain",
        key: &key,
        anchors: "anchors.pem",
        check_crl: "yes",
        port,
    };
    let mut server = serve(&folder, &[station]);
    for (name, end, why) in [
        ("anna@example.net", LET_IN, ""),
        ("lost@example.net", REFUSED, "certificate revoked"),
    ] {
        let [certificate, key] = whole(name);
        let chain = format!("{name}.chain");
        write(
            &chain,
            &(read(&certificate) + &read(&format!("{name}/chain.pem"))),
        );
        let ran = supplicant(&folder, port, name, &[cas.clone(), chain, key]);
        assert!(ran.stdout.ends_with(end), "{ran}");
        let log = server.until_logged(&[why]);
        assert!(log.contains(why), "{log}");
    }
}

#[test]
fn freeradius_refuses_clients_that_break_its_rules() {
    let pki = pair();
    pki.odd_cas();
    let client = format!("{LEAF}{DIALS}");
    let enciphers = client.replace("digitalSignature", "keyEncipherment");
    let unknown = format!("{client}1.2.3.4 = critical,DER:0500\n");
    let dialled = format!("{LEAF}{DIALLED}");
    let purpose = "unsuitable certificate purpose";
    let port = free_port();
    let mut server = serve(pki.folder(), &[station("radius", port)]);
    let anna = log_in(&pki, port, "anna");
    assert!(anna.stdout.ends_with(LET_IN), "{anna}");
    let cases: [(&str, &str, &str, &[&str], &str); 7] = [
        ("client-auth", &dialled, "ca", &["ca"], purpose),
        ("usage-signature", &enciphers, "ca", &["ca"], purpose),
        (
            "critical-extensions",
            &unknown,
            "ca",
            &["ca"],
            "unhandled critical extension",
        ),
        (
            "ca-constraints",
            &client,
            "plain",
            &["plain"],
            "invalid CA certificate",
        ),
        (
            "ca-signs-certificates",
            &client,
            "mute",
            &["mute"],
            "invalid CA certificate",
        ),
        (
            "path-length",
            &client,
            "second",
            &["second", "short"],
            "path length constraint exceeded",
        ),
        (
            "chain-in-order",
            &client,
            "ca",
            &["twin"],
            "unable to get local issuer certificate",
        ),
    ];
    for (rule, extensions, issuer, cas, why) in cases {
        pki.leaf(rule, issuer, &format!("/CN={rule}"), extensions);
        let mut files = vec![format!("{rule}.pem")];
        files.extend(cas.iter().map(|ca| format!("{ca}.pem")));
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        let chain = format!("{rule}.chain");
        pki.join(&files, &chain);
        let before = server.log().len();
        let refused = log_in(&pki, port, rule);
        assert!(refused.stdout.ends_with(REFUSED), "{rule}: {refused}");
        let log = server.until_logged(&[why]);
        assert!(log[before..].contains(why), "{rule}: {log}");
        pki.judged(
            FreeRadius,
            Client,
            rule,
            &["anna.chain", "root.pem"],
            &[&chain, "root.pem"],
        );
    }
}

#[test]
fn freeradius_serves_with_what_keeps_the_rules_only() {
    let pki = pair();
    let name = "/CN=radius.example.net";
    pki.leaf("swapped", "ca", name, &format!("{LEAF}{DIALS}"));
    let agrees = LEAF.replace("digitalSignature", "keyAgreement") + DIALLED;
    pki.leaf("agrees", "ca", name, &agrees);
    let ports = [free_port(), free_port(), free_port()];
    let [good, swapped, mute] = ports;
    let stations = [("radius", good), ("swapped", swapped), ("agrees", mute)];
    let mut server = serve(
        pki.folder(),
        &stations.map(|(name, port)| station(name, port)),
    );
    let ran = log_in(&pki, good, "anna");
    assert!(ran.stdout.ends_with(LET_IN), "{ran}");

    // The device refuses the server of another purpose.
    let ran = log_in(&pki, swapped, "anna");
    assert!(ran.stdout.ends_with(REFUSED), "{ran}");
    assert!(
        ran.stdout.contains("unsuitable certificate purpose"),
        "{ran}"
    );
    let good = ["radius.chain"];
    pki.judged(FreeRadius, Server, "server-auth", &good, &["swapped.chain"]);

    // The server has no cipher for a key that may not sign.
    let ran = log_in(&pki, mute, "anna");
    assert!(ran.stdout.ends_with(REFUSED), "{ran}");
    let log = server.until_logged(&["no shared cipher"]);
    assert!(log.contains("no shared cipher"), "{log}");
    let rule = "usage-signature-server";
    pki.judged(FreeRadius, Server, rule, &good, &["agrees.chain"]);
}

#[test]
fn freeradius_starts_with_a_strong_key_and_digest_only() {
    let pki = pair();
    let check = |name: &str| {
        configure(pki.folder(), &[station(name, free_port())]);
        run(program(pki.folder()).arg("-C"))
    };
    check("radius").ok();
    weak_servers(&pki);
    for (name, why, rule) in [
        ("short", "ee key too small", "rsa-2048"),
        ("old", "ca md too weak", "no-sha1"),
    ] {
        let refused = check(name);
        assert_ne!(refused.code, Some(0), "{refused}");
        assert!(refused.stdout.contains(why), "{refused}");
        let bad = format!("{name}.chain");
        pki.judged(FreeRadius, Server, rule, &["radius.chain"], &[&bad]);
    }
}

/// A station whose files are called as `Pki` calls them.
fn station(name: &str, port: u16) -> Station<'_> {
    Station {
        name,
        chain: "",
        key: "",
        anchors: "root.pem",
        check_crl: "no",
        port,
    }
}

fn log_in(pki: &Pki, port: u16, person: &str) -> Run {
    let files = [
        "root.pem".to_owned(),
        format!("{person}.chain"),
        format!("{person}.key"),
    ];
    supplicant(pki.folder(), port, person, &files)
}

#[track_caller]
fn serve(folder: &Path, stations: &[Station<'_>]) -> Daemon {
    configure(folder, stations);
    let mut server = Daemon::start(&mut program(folder), &folder.join("radiusd.log"));
    let log = server.until_logged(&["Ready to process requests"]);
    assert!(log.contains("Ready to process requests"), "{log}");
    server
}

/// Returns the program, in the foreground, telling all that it does.
fn program(folder: &Path) -> Command {
    let mut command = Command::new("/usr/sbin/freeradius");
    command.args(["-d", ".", "-X"]).current_dir(folder);
    command
}

/// Writes the settings of one server that has a port and a certificate for every station.
fn configure(folder: &Path, stations: &[Station<'_>]) {
    let (mut modules, mut servers) = (String::new(), String::new());
    for station in stations {
        let Station { name, port, .. } = station;
        let file = |given: &str, end: &str| {
            if given.is_empty() {
                format!("{name}.{end}")
            } else {
                given.to_owned()
            }
        };
        let (chain, key) = (file(station.chain, "chain"), file(station.key, "key"));
        let (anchors, check_crl) = (station.anchors, station.check_crl);
        modules += &format!(
            " eap eap_{name} {{\n  default_eap_type = tls\n  tls-config files {{\n   certificate_file = {chain}\n   \
             private_key_file = {key}\n   ca_file = {anchors}\n   check_crl = {check_crl}\n   \
             tls_max_version = \"1.2\"\n   ecdh_curve = \"\"\n  }}\n  tls {{\n   tls = files\n  }}\n }}\n"
        );
        servers += &format!(
            "server {name} {{\n listen {{\n  type = auth\n  ipaddr = 127.0.0.1\n  port = {port}\n }}\n authorize {{\n  \
             eap_{name}\n }}\n authenticate {{\n  eap_{name}\n }}\n}}\n"
        );
    }
    let settings = format!(
        "prefix = /usr\nlibdir = /usr/lib/freeradius\nlogdir = .\nrun_dir = .\nsecurity {{\n reject_delay = 0\n}}\n\
         modules {{\n{modules}}}\nclient local {{\n ipaddr = 127.0.0.1\n secret = shared\n}}\n{servers}"
    );
    fs::write(folder.join("radiusd.conf"), settings).expect("the test directory is writable");
}
