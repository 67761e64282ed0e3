//! Tunnels that stand on the files of a bundle alone.

use std::{fs, net::Ipv4Addr, path::Path, time::Duration};

use ca_tests::{
    Algorithm, Charon, CharonFolder, Network, Openvpn, Router, RouterOptions, Site, copy, until,
};
use serde_json::{Value, json};

use super::{ANNA, HOSTILE, PASSPHRASE, add_vpn, bundle, passphrase_file, text};

const GATEWAY: &str = "vpn.example.net";
/// The network behind the gateway.
const OFFICE: Ipv4Addr = Ipv4Addr::new(10, 81, 0, 1);

#[test]
fn strongswan_dials_with_the_folder_and_trusts_no_client_as_a_gateway() {
    let (site, _server) = Site::running(Algorithm::Rsa2048);
    let network = network();
    add_gateway(
        &site,
        &network,
        "Office",
        "ikev2",
        "networks = [\"10.81.0.1/32\"]",
    );
    site.issue("vpn-server", GATEWAY, &[]);
    let gateway = start_gateway(&site, &network, "gateway", GATEWAY);
    let folder = bundle(&site, HOSTILE, "linux", "Office");
    let road = start_road(&site, &network, &folder, "office");
    road.initiate("office")
        .unwrap_or_else(|why| panic!("{why}"));
    let address = virtual_address(&road);
    network.host("road").ping(address, OFFICE).ok();
    assert_eq!(gateway.sas()[0].remote_id, HOSTILE);
    road.terminate("office");
    drop(gateway);

    // Its name is that of the gateway, and its root too; it is a client all the same.
    let pretended = site.path("pretended");
    site.client(&[
        "issue",
        "--profile",
        "vpn-client",
        "--name",
        GATEWAY,
        "--out",
        text(&pretended),
    ])
    .ok();
    let _gateway = start_gateway(&site, &network, "pretended", GATEWAY);
    road.initiate("office").expect_err("it came up");
    let log = road.log();
    assert!(
        log.contains("constraint check failed: peer not authenticated by CA"),
        "{log}"
    );
    until(Duration::from_secs(60), "the end of the attempt", || {
        road.sas().is_empty().then_some(())
    });
}

#[test]
fn openvpn_dials_with_the_file_and_trusts_no_client_as_a_gateway() {
    let (site, _server) = Site::running(Algorithm::P256);
    let network = network();
    let passphrase = passphrase_file(&site);
    let (askpass, once) = (
        text(&passphrase),
        ["--connect-retry-max", "1", "--hand-window", "20"],
    );
    let client = |folder: &Path, name: &str| {
        let file = folder.join(format!("{name}.ovpn"));
        let mut words = vec!["--askpass", askpass];
        words.extend(once);
        Openvpn::start(network.host("road"), &file, &words)
    };
    add_gateway(
        &site,
        &network,
        "Tunnel",
        "openvpn",
        "networks = [\"10.81.0.1/32\"]\nserver-id = \"vpn.example.net\"",
    );
    site.issue("vpn-server", GATEWAY, &[]);
    let folder = bundle(&site, HOSTILE, "openvpn", "Tunnel");
    let mut gateway = start_openvpn(&site, &network, GATEWAY);
    gateway.up().unwrap_or_else(|log| panic!("{log}"));
    let mut road = client(&folder, HOSTILE);
    road.up().unwrap_or_else(|log| panic!("{log}"));
    // The gateway sends no route; the one to the office is from the file.
    network
        .host("road")
        .ping(Ipv4Addr::new(10, 93, 0, 2), OFFICE)
        .ok();
    drop((road, gateway));

    let pretended = site.path("pretended");
    site.client(&[
        "issue",
        "--profile",
        "vpn-client",
        "--name",
        GATEWAY,
        "--out",
        text(&pretended),
    ])
    .ok();
    let mut gateway = start_openvpn(&site, &network, "pretended");
    gateway.up().unwrap_or_else(|log| panic!("{log}"));
    let mut road = client(&folder, HOSTILE);
    road.says("unsuitable certificate purpose")
        .unwrap_or_else(|log| panic!("{log}"));
}

#[test]
fn a_router_dials_with_the_script() {
    let (site, _server) = Site::running(Algorithm::Rsa2048);
    let network = network();
    add_gateway(
        &site,
        &network,
        "Office",
        "ikev2",
        "networks = [\"10.81.0.1/32\"]",
    );
    site.issue("vpn-server", GATEWAY, &[]);
    let gateway = start_gateway(&site, &network, "gateway", GATEWAY);
    let folder = bundle(&site, ANNA, "routeros", "Office");
    let options = RouterOptions {
        identity: "branch".to_owned(),
        ..RouterOptions::default()
    };
    let p12 = fs::read(folder.join(format!("{ANNA}.p12"))).expect("it was made");
    let router = Router::start("7.24", &site.path("branch"), options)
        .with_file(&format!("{ANNA}.p12"), &p12);
    let script = fs::read_to_string(folder.join(format!("{ANNA}.rsc"))).expect("it was made");
    router.console(&script.replace("REPLACE-WITH-PASSPHRASE", PASSPHRASE));
    assert_eq!(
        router
            .console(":put [/certificate get office private-key]")
            .trim(),
        "true"
    );
    let state = router.control("GET", "/state", &Value::Null);
    let state: Value = serde_json::from_slice(&state.body).expect("JSON");
    assert_eq!(state["files"], json!([]), "no key is left behind");
    let exported = site.path("branch-charon");
    router.export_strongswan(&exported);
    let road = Charon::start(network.host("road"), &exported);
    // The policies of such a tunnel come from its template.
    road.initiate("office-0-generated")
        .unwrap_or_else(|why| panic!("{why}"));
    network
        .host("road")
        .ping(virtual_address(&road), OFFICE)
        .ok();
    assert_eq!(gateway.sas()[0].remote_id, ANNA);
}

fn network() -> Network {
    let network = Network::new(&["gateway", "road"]);
    network.host("gateway").add_address(OFFICE);
    network
}

/// A VPN whose gateway is a host of the network: it is dialled by address, and proved by name.
fn add_gateway(site: &Site, network: &Network, name: &str, protocol: &str, more: &str) {
    let address = network.host("gateway").address();
    let id = if protocol == "ikev2" {
        format!("server-id = \"{GATEWAY}\"\n")
    } else {
        String::new()
    };
    add_vpn(
        site,
        name,
        protocol,
        &format!("gateway = \"{address}\"\n{id}{more}"),
    );
}

/// Starts a gateway that shows the certificate in the folder `issued`.
#[track_caller]
fn start_gateway(site: &Site, network: &Network, name: &str, issued: &str) -> Charon {
    let folder = CharonFolder::new(&site.path(&format!("{name}-charon")));
    folder.put_issued(
        &site.path(if name == "pretended" {
            "pretended"
        } else {
            issued
        }),
        GATEWAY,
    );
    folder.configure(&format!(
        "connections {{ road {{ version = 2\n pools = road\n send_cert = always
            local {{ auth = pubkey\n certs = own.pem\n id = {GATEWAY} }}
            remote {{ auth = pubkey\n id = %any }}
            children {{ net {{ local_ts = {OFFICE}/32 }} }} }} }}
        pools {{ road {{ addrs = 10.83.0.0/24 }} }}\n"
    ));
    Charon::start(network.host("gateway"), folder.path())
}

/// Starts a daemon on what the bundle brought, with the passphrase where INSTALL.txt puts it.
#[track_caller]
fn start_road(site: &Site, network: &Network, bundle: &Path, slug: &str) -> Charon {
    let folder = CharonFolder::new(&site.path("road-charon"));
    copy(&bundle.join("swanctl"), folder.path());
    let secret = format!(
        "secrets {{ private-{slug} {{ file = {slug}.pem\nsecret = \"{PASSPHRASE}\" }} }}\n"
    );
    fs::write(
        folder.path().join(format!("conf.d/{slug}-secret.conf")),
        secret,
    )
    .expect("writable");
    // As the package of strongSwan has it.
    folder.configure("include conf.d/*.conf\n");
    Charon::start(network.host("road"), folder.path())
}

#[track_caller]
fn virtual_address(charon: &Charon) -> Ipv4Addr {
    charon
        .sas()
        .iter()
        .flat_map(|sa| &sa.virtual_addresses)
        .find_map(|address| address.parse().ok())
        .unwrap_or_else(|| panic!("no address came: {}", charon.log()))
}

/// Starts a gateway of OpenVPN with what `issue` wrote.
#[track_caller]
fn start_openvpn(site: &Site, network: &Network, issued: &str) -> Openvpn {
    let folder = site.path(issued);
    let address = network.host("gateway").address();
    let text = format!(
        "dev tun
topology subnet
proto udp
local {address}
port 1194
server 10.93.0.0 255.255.255.0
ca chain.pem
cert {GATEWAY}.pem
key {GATEWAY}.key
dh none
remote-cert-tls client
keepalive 2 10
verb 3
"
    );
    let file = folder.join("gateway.conf");
    fs::write(&file, text).expect("the test directory is writable");
    Openvpn::start(network.host("gateway"), &file, &[])
}
