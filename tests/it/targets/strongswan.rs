//! strongSwan: `pki --verify` for paths, two daemons for names.

use std::{fmt::Write as _, fs, path::Path, process::Command};

use ca_tests::{Charon, CharonFolder, Network, Run, run};
use ca_verify::target::{Role::Server, Target::StrongSwan};

use super::pki::{LEAF, Pki};

const ANNA: &str = "anna@example.net";

#[test]
fn strongswan_builds_paths_over_real_cas_only() {
    let pki = Pki::new();
    let gateway = format!("{LEAF}subjectAltName = DNS:gw.example.net\n");
    pki.leaf("good", "ca", "/CN=gw.example.net", &gateway);
    let good = ["good.pem", "ca.pem", "root.pem"];
    verify(&pki, &good).ok();

    pki.plain_ca();
    pki.leaf("below", "plain", "/CN=gw.example.net", &gateway);
    let bad = ["below.pem", "plain.pem", "root.pem"];
    untrusted(&verify(&pki, &bad), "no issuer certificate found");
    pki.judged(StrongSwan, Server, "ca-constraints", &good, &bad);

    pki.twin_ca();
    let bad = ["good.pem", "twin.pem", "root.pem"];
    untrusted(&verify(&pki, &bad), "no issuer certificate found");
    pki.judged(StrongSwan, Server, "chain-in-order", &good, &bad);

    let unknown = format!("{gateway}1.2.3.4 = critical,DER:0500\n");
    pki.leaf("unknown", "ca", "/CN=gw.example.net", &unknown);
    let bad = ["unknown.pem", "ca.pem", "root.pem"];
    untrusted(&verify(&pki, &bad), "parsing certificate failed");
    pki.judged(StrongSwan, Server, "critical-extensions", &good, &bad);
}

/// A gateway that has several names to be found by.
struct Gateway {
    name: &'static str,
    subject: &'static str,
    names: &'static str,
    id: &'static str,
}

const GOOD: [Gateway; 2] = [
    Gateway {
        name: "good",
        subject: "/CN=gw.example.net",
        names: "subjectAltName = DNS:gw.example.net\n",
        id: "gw.example.net",
    },
    Gateway {
        name: "address",
        subject: "/CN=10.66.0.1",
        names: "subjectAltName = DNS:10.66.0.1,IP:10.66.0.1\n",
        id: "10.66.0.1",
    },
];

const BAD: [(&str, Gateway); 4] = [
    (
        "server-name",
        Gateway {
            name: "bare",
            subject: "/CN=bare.example.net",
            names: "",
            id: "bare.example.net",
        },
    ),
    (
        "common-name-among-names",
        Gateway {
            name: "other",
            subject: "/CN=lost.example.net",
            names: "subjectAltName = DNS:other.example.net\n",
            id: "lost.example.net",
        },
    ),
    (
        "dns-name-as-address",
        Gateway {
            name: "text",
            subject: "/CN=10.66.0.9",
            names: "subjectAltName = DNS:10.66.0.9\n",
            id: "10.66.0.9",
        },
    ),
    (
        "no-wildcard",
        Gateway {
            name: "wild",
            subject: "/CN=wild.example.net",
            names: "subjectAltName = DNS:*.example.net\n",
            id: "wild.example.net",
        },
    ),
];

#[test]
fn strongswan_finds_only_what_stands_among_the_names() {
    let pki = Pki::new();
    let gateways = || GOOD.iter().chain(BAD.iter().map(|(_, gateway)| gateway));
    for gateway in gateways() {
        pki.leaf(
            gateway.name,
            "ca",
            gateway.subject,
            &format!("{LEAF}{}", gateway.names),
        );
    }
    pki.leaf(
        "anna",
        "ca",
        "/CN=anna",
        &format!("{LEAF}subjectAltName = email:{ANNA}\n"),
    );
    let network = Network::new(&["office", "road"]);
    let office = folder(&pki, "office", gateways().map(|gateway| gateway.name));
    let road = folder(&pki, "road", ["anna"]);
    let address = network.host("office").address();
    let (mut serves, mut dials) = (String::new(), String::new());
    for Gateway { name, id, .. } in gateways() {
        write!(
            serves,
            "{name} {{ version = 2\n childless = force\n local {{ auth = pubkey\n certs = {name}.pem\n id = {id} }}
            remote {{ auth = pubkey\n id = {ANNA} }} }}\n"
        )
        .expect("a text grows");
        write!(
            dials,
            "{name} {{ version = 2\n childless = force\n remote_addrs = {address}
            local {{ auth = pubkey\n certs = anna.pem\n id = {ANNA} }} remote {{ auth = pubkey\n id = {id} }} }}\n"
        )
        .expect("a text grows");
    }
    office.configure(&format!("connections {{ {serves} }}\n"));
    road.configure(&format!("connections {{ {dials} }}\n"));
    let _office = Charon::start(network.host("office"), office.path());
    let road = Charon::start(network.host("road"), road.path());
    let dial = |name: &str| road.swanctl(&["--initiate", "--ike", name, "--timeout", "15"]);
    for gateway in &GOOD {
        dial(gateway.name).ok();
    }
    for (rule, gateway) in &BAD {
        let refused = dial(gateway.name);
        assert_ne!(refused.code, Some(0), "{refused}");
        assert!(refused.stdout.contains("AUTH_FAILED"), "{refused}");
        let bad = format!("{}.chain", gateway.name);
        for good in &GOOD {
            pki.judged(
                StrongSwan,
                Server,
                rule,
                &[&format!("{}.chain", good.name)],
                &[&bad],
            );
        }
    }
}

fn folder<'a>(pki: &Pki, name: &str, own: impl IntoIterator<Item = &'a str>) -> CharonFolder {
    let folder = CharonFolder::new(&pki.path(name));
    let copy = |from: &str, to: &Path| {
        fs::copy(pki.path(from), folder.path().join(to)).expect("the test directory is writable");
    };
    for ca in ["root", "ca"] {
        copy(
            &format!("{ca}.pem"),
            &Path::new("x509ca").join(format!("{ca}.pem")),
        );
    }
    for name in own {
        copy(
            &format!("{name}.pem"),
            &Path::new("x509").join(format!("{name}.pem")),
        );
        copy(
            &format!("{name}.key"),
            &Path::new("private").join(format!("{name}.pem")),
        );
    }
    folder
}

/// Verifies the first of the files by the others.
fn verify(pki: &Pki, files: &[&str; 3]) -> Run {
    let [leaf, ca, root] = files;
    let mut command = Command::new("pki");
    command
        .args(["--verify", "--in", leaf, "--cacert", ca, "--cacert", root])
        .current_dir(pki.folder());
    run(&mut command)
}

#[track_caller]
fn untrusted(run: &Run, why: &str) {
    assert_ne!(run.code, Some(0), "{run}");
    assert!(format!("{run}").contains(why), "{run}");
}
