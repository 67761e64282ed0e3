//! Two routers and the road between them: what their owner typed before any certificate came.

use std::{fs, net::Ipv4Addr, path::Path};

use crate::{Charon, Network, RoadWarrior, RoadWarriorOptions, Router, RouterOptions};

/// A router of the newest release, which dials.
pub const BERLIN: &str = "berlin-01";
/// A router of the old release, which answers.
pub const MUNICH: &str = "munich-01";
/// A person on the road.
pub const ANNA: &str = "anna@example.net";
/// The network behind berlin.
pub const BERLIN_NET: Ipv4Addr = Ipv4Addr::new(10, 82, 0, 1);
/// The network behind munich.
pub const MUNICH_NET: Ipv4Addr = Ipv4Addr::new(10, 81, 0, 1);

/// The two routers as their owner has them.
#[derive(Debug)]
pub struct Spine {
    /// RouterOS 7.24, reached over REST.
    pub berlin: Router,
    /// RouterOS 6.49, reached over the binary API.
    pub munich: Router,
}

impl Spine {
    /// Starts both without a certificate, in folders below `folder`, and types the settings of their tunnels.
    ///
    /// # Panics
    /// When one does not start.
    #[track_caller]
    pub fn start(folder: &Path) -> Self {
        let start = |model, name: &str| {
            let options = RouterOptions {
                identity: name.to_owned(),
                bare: true,
                ..RouterOptions::default()
            };
            Router::start(model, &folder.join(name), options)
        };
        let spine = Self {
            berlin: start("7.24", BERLIN),
            munich: start("6.49", MUNICH),
        };
        spine.berlin.console(BERLIN_TUNNEL);
        spine.munich.console(MUNICH_TUNNEL);
        spine
    }

    /// Returns the hosts `munich`, `berlin` and `road`, with a network behind each router.
    ///
    /// # Panics
    /// When this machine gives no namespaces.
    #[track_caller]
    pub fn network() -> Network {
        let network = Network::new(&["munich", "berlin", "road"]);
        network.host("munich").add_address(MUNICH_NET);
        network.host("berlin").add_address(BERLIN_NET);
        network
    }

    /// Starts the daemon of a router from what the router holds.
    ///
    /// # Panics
    /// When it does not start.
    #[track_caller]
    pub fn charon(router: &Router, network: &Network, host: &str, folder: &Path) -> Charon {
        router.export_strongswan(folder);
        Charon::start(network.host(host), folder)
    }

    /// Finds the tunnel of a peer in the exported folder of a router.
    ///
    /// # Panics
    /// When there is none.
    #[track_caller]
    pub fn tunnel_of(folder: &Path, peer: &str) -> String {
        let text = fs::read_to_string(folder.join("swanctl.conf")).expect("it was exported");
        let start = format!("{peer}-");
        text.split_whitespace()
            .find(|word| word.starts_with(&start) && word.contains("policy"))
            .unwrap_or_else(|| panic!("no tunnel of {peer}:\n{text}"))
            .to_owned()
    }

    /// Puts Anna on the road, with the files that `issue --p12` wrote.
    ///
    /// # Panics
    /// When a file is missing.
    #[track_caller]
    pub fn anna(network: &Network, folder: &Path, issued: &Path, passphrase: &str) -> RoadWarrior {
        let chain = fs::read_to_string(issued.join("chain.pem")).expect("`issue` wrote it");
        let root = chain.rfind("-----BEGIN").expect("the root is the last");
        let root_file = issued.join("root.pem");
        fs::write(&root_file, &chain[root..]).expect("the test directory is writable");
        RoadWarrior::start(
            network.host("road"),
            folder,
            RoadWarriorOptions {
                p12: &issued.join(format!("{ANNA}.p12")),
                passphrase,
                root: &root_file,
                id: ANNA,
                gateway: network.host("munich").address(),
                gateway_id: "munich-01.example.net",
                networks: &format!("{MUNICH_NET}/32"),
            },
        )
    }
}

/// What its owner adds to the entry of berlin in the fleet file.
pub const BERLIN_WISHES: &str = r#"
[[router.certificate.ipsec]]
peer = "munich"
remote-id = "fqdn:munich-01.example.net"
"#;

/// What its owner adds to the entry of munich in the fleet file.
pub const MUNICH_WISHES: &str = r#"
[[router.certificate.ipsec]]
peer = "berlin"
remote-id = "fqdn:berlin-01.example.net"

[[router.certificate.ipsec]]
peer = "road"
remote-id = "user-fqdn:anna@example.net"
generate-policy = "port-strict"
mode-config = "road"
policy-template-group = "road"
"#;

const BERLIN_TUNNEL: &str = "\
/ip/ipsec/profile add name=fleet dh-group=modp2048 enc-algorithm=aes-256 hash-algorithm=sha256
/ip/ipsec/proposal add name=fleet auth-algorithms=sha256 enc-algorithms=aes-256-cbc pfs-group=modp2048
/ip/ipsec/peer add name=munich address=10.66.0.1/32 exchange-mode=ike2 profile=fleet
/ip/ipsec/policy add peer=munich tunnel=yes src-address=10.82.0.1/32 dst-address=10.81.0.1/32 proposal=fleet
";

const MUNICH_TUNNEL: &str = "\
/ip ipsec profile add name=fleet dh-group=modp2048 enc-algorithm=aes-256 hash-algorithm=sha256
/ip ipsec proposal add name=fleet auth-algorithms=sha256 enc-algorithms=aes-256-cbc pfs-group=modp2048
/ip ipsec peer add name=berlin address=10.66.0.2/32 exchange-mode=ike2 profile=fleet passive=yes
/ip ipsec policy add peer=berlin tunnel=yes src-address=10.81.0.1/32 dst-address=10.82.0.1/32 proposal=fleet
/ip pool add name=road ranges=10.83.0.10-10.83.0.20
/ip ipsec policy group add name=road
/ip ipsec policy add group=road template=yes src-address=10.81.0.1/32 dst-address=10.83.0.0/24 proposal=fleet
/ip ipsec mode-config add name=road address-pool=road address-prefix-length=32 split-include=10.81.0.1/32
/ip ipsec peer add name=road address=0.0.0.0/0 exchange-mode=ike2 profile=fleet passive=yes
";
