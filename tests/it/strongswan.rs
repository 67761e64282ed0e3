//! Certificates of ours in tunnels between peers that are not ours.

use std::{fs, net::Ipv4Addr, time::Duration};

use ca_tests::{
    Algorithm, Charon, CharonFolder, Namespace, Network, RoadWarrior, RoadWarriorOptions, Site,
    until,
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
    has_none(&munich);
    for (name, class) in [(BERLIN, "router"), (ANNA, "vpn-client")] {
        let issuer = &site.issuers()[class];
        let before = site.crl(issuer);
        site.client(&["revoke", "--name", name]).ok();
        until(Duration::from_secs(60), "a new CRL", || {
            (site.crl(issuer) != before).then_some(())
        });
    }
    fetch_crls(&site, "munich");
    munich.reload();
    refused(&munich, "certificate was revoked", || {
        berlin.initiate("net")
    });
    refused(&munich, "certificate was revoked", || road.dial());
    has_none(&munich);
}

/// The peer is told of the end before what was is removed.
fn has_none(peer: &Charon) {
    until(Duration::from_secs(60), "the end of the tunnels", || {
        peer.sas().is_empty().then_some(())
    });
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
    CharonFolder::new(&foreign.path("stranger")).put_root(&site.path(MUNICH).join("chain.pem"));
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
    folder.configure(&text);
    Charon::start(network.host("munich"), folder.path())
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
    folder.configure(&text);
    Charon::start(network.host("berlin"), folder.path())
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
            root: &site.path(MUNICH).join("chain.pem"),
            id: ANNA,
            gateway: network.host("munich").address(),
            gateway_id: MUNICH,
            networks: &format!("{MUNICH_NET}/32"),
        },
    )
}

/// Makes the folder of a daemon that shows the certificate `certificate`.
fn folder(site: &Site, name: &str, certificate: &str) -> CharonFolder {
    let folder = CharonFolder::new(&site.path(name));
    folder.put_issued(&site.path(certificate), certificate);
    folder
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
