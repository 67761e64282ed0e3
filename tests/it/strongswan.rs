//! Certificates of ours between IKEv2 peers that are not ours.

use std::{
    fs,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    time::Duration,
};

use ca_tests::{
    Algorithm, Charon, Namespace, Network, RoadWarrior, RoadWarriorOptions, Site, until,
};

const MUNICH: &str = "munich-01.example.net";
const BERLIN: &str = "berlin-01.example.net";
const ANNA: &str = "anna@example.net";
const MUNICH_NET: Ipv4Addr = Ipv4Addr::new(10, 81, 0, 1);
const BERLIN_NET: Ipv4Addr = Ipv4Addr::new(10, 82, 0, 1);

#[test]
fn tunnels_stand_until_their_certificates_are_revoked() {
    let (site, _server) = Site::running(Algorithm::Rsa2048);
    for name in [MUNICH, BERLIN] {
        site.issue("router", name, &[]);
    }
    let network = network();
    let munich = start_munich(&site, &network);
    let berlin = start_berlin(&site, &network, "berlin");
    let road = start_anna(&site, &network);

    berlin.initiate("net").unwrap_or_else(|why| panic!("{why}"));
    let sas = berlin.sas();
    assert_eq!(sas.len(), 1, "{sas:?}");
    assert_eq!(sas[0].name, "munich");
    assert_eq!(sas[0].local_id, BERLIN);
    assert_eq!(sas[0].remote_id, MUNICH);
    assert_eq!(
        sas[0].remote_address,
        network.host("munich").address().to_string()
    );
    assert_eq!(sas[0].state, "ESTABLISHED");
    assert!(sas[0].initiator);
    assert_eq!(sas[0].tunnels, ["INSTALLED"]);
    network.host("berlin").ping(BERLIN_NET, MUNICH_NET).ok();

    road.dial().unwrap_or_else(|why| panic!("{why}"));
    network
        .host("road")
        .ping(road.virtual_address(), MUNICH_NET)
        .ok();
    let mut seen: Vec<String> = munich.sas().into_iter().map(|sa| sa.remote_id).collect();
    seen.sort_unstable();
    assert_eq!(seen, [ANNA, BERLIN]);

    berlin.terminate("munich");
    road.hang_up();
    assert_eq!(munich.sas(), []);
    for (name, class) in [(BERLIN, "router"), (ANNA, "vpn-client")] {
        let issuer = &site.issuers()[class];
        let before = site.crl(issuer);
        site.client(&["revoke", "--name", name]).ok();
        until(Duration::from_secs(2), "a new CRL", || {
            (site.crl(issuer) != before).then_some(())
        });
    }
    fetch_crls(&site, "munich");
    munich.reload();
    refused(&munich, "certificate was revoked", || {
        berlin.initiate("net")
    });
    refused(&munich, "certificate was revoked", || road.dial());
    assert_eq!(munich.sas(), []);
}

#[test]
fn a_certificate_of_another_ca_opens_no_tunnel() {
    let (site, _server) = Site::running(Algorithm::P256);
    // Copies of one fixture would be the same CA.
    let (foreign, _foreign_server) = Site::running(Algorithm::Rsa2048);
    site.issue("router", MUNICH, &[]);
    site.issue("router", BERLIN, &[]);
    foreign.issue("router", BERLIN, &[]);
    let network = network();
    let munich = start_munich(&site, &network);

    let stranger = start_berlin(&foreign, &network, "stranger");
    // Even one who trusts our root.
    fs::copy(
        root(&site, MUNICH),
        foreign.path("stranger/x509ca/root.pem"),
    )
    .expect("both are there");
    stranger.load();
    refused(&munich, "no trusted RSA public key", || {
        stranger.initiate("net")
    });
    drop(stranger);

    let berlin = start_berlin(&site, &network, "berlin");
    berlin.initiate("net").unwrap_or_else(|why| panic!("{why}"));
}

/// Two routers with a network behind each, and somebody on the road.
fn network() -> Network {
    let network = Network::new(&["munich", "berlin", "road"]);
    network.host("munich").add_address(MUNICH_NET);
    network.host("berlin").add_address(BERLIN_NET);
    network
}

fn start_munich(site: &Site, network: &Network) -> Charon {
    let folder = folder(site, "munich", MUNICH);
    fetch_crls(site, "munich");
    let connection = |name: &str, remote: &str, more: &str, local_net: &str, remote_net: &str| {
        format!(
            "{name} {{ version = 2\n {more}\n local {{ auth = pubkey\n certs = own.pem\n id = {MUNICH} }}
            remote {{ auth = pubkey\n id = {remote}\n revocation = strict }}
            children {{ net {{ local_ts = {local_net}\n {remote_net} }} }} }}\n"
        )
    };
    let berlin = format!("remote_ts = {BERLIN_NET}/32");
    let text = format!(
        "connections {{ {} {} }}\npools {{ road {{ addrs = 10.83.0.0/24 }} }}\n",
        connection("berlin", BERLIN, "", &format!("{MUNICH_NET}/32"), &berlin),
        connection(
            "road",
            "*@example.net",
            "pools = road",
            &format!("{MUNICH_NET}/32"),
            ""
        ),
    );
    fs::write(folder.join("swanctl.conf"), text).expect("the test directory is writable");
    Charon::start(network.host("munich"), &folder)
}

fn start_berlin(site: &Site, network: &Network, name: &str) -> Charon {
    let folder = folder(site, name, BERLIN);
    let munich = network.host("munich").address();
    let text = format!(
        "connections {{ munich {{ version = 2\n remote_addrs = {munich}
        local {{ auth = pubkey\n certs = own.pem\n id = {BERLIN} }}
        remote {{ auth = pubkey\n id = {MUNICH} }}
        children {{ net {{ local_ts = {BERLIN_NET}/32\n remote_ts = {MUNICH_NET}/32 }} }} }} }}\n"
    );
    fs::write(folder.join("swanctl.conf"), text).expect("the test directory is writable");
    Charon::start(network.host("berlin"), &folder)
}

/// Anna gets a `.p12` file, and dials in with it.
fn start_anna(site: &Site, network: &Network) -> RoadWarrior {
    let passphrase = site.path("anna-passphrase");
    fs::write(&passphrase, "four words are enough\n").expect("the test directory is writable");
    let passphrase = passphrase.to_str().expect("UTF-8");
    site.issue(
        "vpn-client",
        ANNA,
        &["--p12", "--key-passphrase-file", passphrase],
    );
    let host: &Namespace = network.host("road");
    RoadWarrior::start(
        host,
        &site.path("road"),
        RoadWarriorOptions {
            p12: &site.path(ANNA).join(format!("{ANNA}.p12")),
            passphrase: "four words are enough",
            root: &root(site, MUNICH),
            id: ANNA,
            gateway: network.host("munich").address(),
            gateway_id: MUNICH,
            networks: &format!("{MUNICH_NET}/32"),
        },
    )
}

/// Makes the folder of a daemon with certificate, key and chain of `certificate`.
fn folder(site: &Site, name: &str, certificate: &str) -> PathBuf {
    let folder = site.path(name);
    for part in ["x509", "x509ca", "x509crl", "private"] {
        fs::create_dir_all(folder.join(part)).expect("the test directory is writable");
    }
    let issued = site.path(certificate);
    let issuing = chain(&issued)[0].clone();
    let copy = |from: &str, to: &str| {
        fs::copy(issued.join(from), folder.join(to)).expect("`issue` wrote it");
    };
    copy(&format!("{certificate}.pem"), "x509/own.pem");
    copy(&format!("{certificate}.key"), "private/own.pem");
    fs::write(folder.join("x509ca/issuing.pem"), issuing).expect("the test directory is writable");
    fs::copy(root(site, certificate), folder.join("x509ca/root.pem")).expect("it was just made");
    fs::write(folder.join("strongswan.conf"), Charon::settings(&folder))
        .expect("the test directory is writable");
    folder
}

/// Writes the root alone beside a certificate.
fn root(site: &Site, certificate: &str) -> PathBuf {
    let issued = site.path(certificate);
    let root = issued.join("root.pem");
    fs::write(&root, &chain(&issued)[1]).expect("the test directory is writable");
    root
}

/// The certificates of `chain.pem`: the issuing CA, then the root.
fn chain(issued: &Path) -> Vec<String> {
    let end = "-----END CERTIFICATE-----\n";
    let text = fs::read_to_string(issued.join("chain.pem")).expect("`issue` wrote it");
    let chain: Vec<String> = text.split_inclusive(end).map(str::to_owned).collect();
    assert_eq!(chain.len(), 2, "{text}");
    chain
}

/// Fetches the CRLs of all CAs for a daemon.
fn fetch_crls(site: &Site, name: &str) {
    let folder = site.path(name).join("x509crl");
    for issuer in site.issuers().values() {
        fs::write(folder.join(format!("{issuer}.crl")), site.crl(issuer))
            .expect("the test directory is writable");
    }
}

/// Fails the test unless the gateway refuses a call, and logs why.
#[track_caller]
fn refused(gateway: &Charon, why: &str, call: impl FnOnce() -> Result<(), String>) {
    let before = gateway.log().len();
    let said = call().expect_err("it came up");
    assert!(said.contains("AUTH_FAILED"), "{said}");
    let log = gateway.log();
    assert!(log[before..].contains(why), "no `{why}` when it refused");
}
