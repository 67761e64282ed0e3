//! One change to what a router holds takes its tunnel, and taking the change back brings it again.

mod fields;
mod openvpn;

use std::{fs, path::PathBuf, time::Duration};

use ca_tests::{
    Algorithm, BERLIN, BERLIN_NET, BERLIN_WISHES, Charon, MUNICH, MUNICH_NET, Network, Router,
    Site, Spine, until,
};

use self::openvpn::Ovpn;
use crate::router_ground::Ground;

/// Without the road: its peer for any address would take a caller in whom no other identity fits.
const MUNICH_WISHES: &str = r#"
[[router.certificate.ipsec]]
peer = "berlin"
remote-id = "fqdn:berlin-01.example.net"
"#;

/// A router with its daemon.
struct Side<'a> {
    router: &'a Router,
    charon: Charon,
    folder: PathBuf,
    /// The only identity of the router is for this peer.
    peer: &'static str,
}

impl<'a> Side<'a> {
    #[track_caller]
    fn start(router: &'a Router, network: &Network, folder: PathBuf, host: &str) -> Self {
        Self {
            router,
            charon: Spine::charon(router, network, host, &folder),
            folder,
            peer: if host == "berlin" { "munich" } else { "berlin" },
        }
    }

    /// Tells the daemon what the router holds now.
    #[track_caller]
    fn load(&self) {
        self.router.export_strongswan(&self.folder);
        self.charon.reload();
    }

    #[track_caller]
    fn asked(&self, what: &str) -> String {
        let printed = self.router.console(&format!(":put [{what}]\n"));
        printed.trim().to_owned()
    }

    /// Returns the names of the certificates that the identity lists.
    #[track_caller]
    fn bound(&self) -> Vec<String> {
        let peer = self.peer;
        let names = self.asked(&format!(
            "/ip ipsec identity get [find peer={peer}] certificate"
        ));
        names.split([',', ';']).map(str::to_owned).collect()
    }

    #[track_caller]
    fn set_identity(&self, words: &str) {
        let peer = self.peer;
        self.router.console(&format!(
            "/ip ipsec identity set [find peer={peer}] {words}\n"
        ));
    }

    #[track_caller]
    fn bind(&self, names: &[String]) {
        self.set_identity(&format!("certificate=\"{}\"", names.join(",")));
    }

    #[track_caller]
    fn use_crls(&self, answer: &str) {
        self.router
            .console(&format!("/certificate settings set crl-use={answer}\n"));
    }

    /// Fills a file; the old release lists a new one a little later.
    #[track_caller]
    fn write(&self, file: &str, text: &str) {
        until(Duration::from_secs(60), "the file is listed", || {
            let found = self.asked(&format!("/file find name={file}"));
            (!found.is_empty()).then_some(())
        });
        let text = text.replace('\r', "").replace('\n', "\\n");
        self.router.console(&format!(
            "/file set [find name={file}] contents=\"{text}\"\n"
        ));
    }

    /// Exports a certificate into files, and removes it; returns what it takes to have it again.
    #[track_caller]
    fn remove(&self, name: &str) -> Removed {
        let trusted = self.asked(&format!("/certificate get [find name=\"{name}\"] trusted"));
        self.router.console(&format!(
            "/certificate export-certificate [find name=\"{name}\"] export-passphrase={PASSPHRASE}
            /certificate remove [find name=\"{name}\"]\n"
        ));
        Removed {
            name: name.to_owned(),
            trusted,
        }
    }

    /// Imports the certificate of a removed row from its file, without a key.
    #[track_caller]
    fn import(&self, removed: &Removed) {
        let Removed { name, trusted } = removed;
        self.import_file(&format!("cert_export_{name}.crt"), 1, 0);
        // Both versions name it after its file.
        self.router.console(&format!(
            "/certificate set [find name=\"cert_export_{name}.crt_0\"] name=\"{name}\" trusted={trusted}\n"
        ));
    }

    #[track_caller]
    fn import_file(&self, file: &str, certificates: u32, keys: u32) {
        let counted = self.router.console(&format!(
            "/certificate import file-name=\"{file}\" passphrase={PASSPHRASE}\n"
        ));
        for part in [
            format!("certificates-imported={certificates} "),
            format!("private-keys-imported={keys}"),
        ] {
            assert!(counted.contains(&part), "no `{part}`: {counted}");
        }
    }
}

/// A certificate that lies in the files of its router only.
struct Removed {
    name: String,
    trusted: String,
}

const PASSPHRASE: &str = "four-words-are-enough";

/// From berlin, which calls, to munich.
struct Tunnel<'a> {
    berlin: Side<'a>,
    munich: Side<'a>,
    child: String,
}

/// One of its ends.
#[derive(Debug, Clone, Copy)]
enum At {
    Berlin,
    Munich,
}

impl<'a> Tunnel<'a> {
    fn side(&self, at: At) -> &Side<'a> {
        match at {
            At::Berlin => &self.berlin,
            At::Munich => &self.munich,
        }
    }

    #[track_caller]
    fn stands(&self, network: &Network) {
        self.load();
        self.call().unwrap_or_else(|why| panic!("{why}"));
        network.host("berlin").ping(BERLIN_NET, MUNICH_NET).ok();
        self.hang_up();
        // A caller that failed before it said its name leaves a beginning behind.
        let mut left = self.munich.charon.sas();
        left.retain(|connection| connection.state != "CONNECTING");
        assert_eq!(left, []);
    }

    /// Fails the test unless berlin is told `said`, and munich has `logged` it.
    #[track_caller]
    fn breaks(&self, said: &str, logged: &str) {
        self.load();
        let before = self.munich.charon.log().len();
        let told = self.call().expect_err("it came up");
        assert!(told.contains(said), "no `{said}`: {told}");
        let log = self.munich.charon.log();
        assert!(
            log[before..].contains(logged),
            "no `{logged}`:\n{}",
            &log[before..]
        );
        // Where the peers know each other, and only the tunnel failed.
        self.hang_up();
    }

    #[track_caller]
    fn load(&self) {
        self.munich.load();
        self.berlin.load();
    }

    #[track_caller]
    fn hang_up(&self) {
        for connection in self.berlin.charon.sas() {
            self.berlin.charon.terminate(&connection.name);
        }
    }

    fn call(&self) -> Result<(), String> {
        self.berlin.charon.initiate(&self.child)
    }
}

const REFUSED: &str = "AUTH_FAILED";

#[test]
fn one_wrong_thing_takes_the_tunnel() {
    let ground = Ground::new();
    let spine = Spine::start(&ground.site.path("routers"));
    ground.adopt(&spine.berlin, BERLIN, BERLIN_WISHES);
    ground.adopt(&spine.munich, MUNICH, MUNICH_WISHES);
    let pushed = ground.client(&["router", "push", "--yes"]);
    assert_eq!(
        pushed.code,
        Some(1),
        "a tunnel that nobody dialled: {pushed}"
    );

    let network = Spine::network();
    let folder = |host: &str| ground.site.path(&format!("{host}-charon"));
    let munich = Side::start(&spine.munich, &network, folder("munich"), "munich");
    let berlin = Side::start(&spine.berlin, &network, folder("berlin"), "berlin");
    let child = Spine::tunnel_of(&folder("berlin"), "munich");
    let tunnel = Tunnel {
        berlin,
        munich,
        child,
    };
    tunnel.stands(&network);

    a_foreign_certificate(&tunnel, &network);
    a_chain_without_its_middle(&tunnel, &network);
    a_certificate_without_its_key(&tunnel, &network);
    fields::each_takes_the_tunnel(&tunnel, &network);
    let ovpn = Ovpn::new(&tunnel, &network, ground.site.path("ovpn"));
    ovpn.each_field_takes_the_tunnel();
    a_revoked_peer(&tunnel, &network, &ground.site, &ovpn);
}

/// Another CA gives its certificate the same names.
#[track_caller]
fn a_foreign_certificate(tunnel: &Tunnel<'_>, network: &Network) {
    let foreign = Site::new(Algorithm::Rsa2048);
    let server = foreign.serve();
    let name = "berlin-01.example.net";
    foreign.issue("router", name, &[]);
    drop(server);
    let berlin = &tunnel.berlin;
    for (file, issued) in [
        ("foreign.pem", format!("{name}.pem")),
        ("foreign-chain.pem", "chain.pem".to_owned()),
        ("foreign-key.pem", format!("{name}.key")),
    ] {
        let text = fs::read_to_string(foreign.path(name).join(issued)).expect("`issue` wrote it");
        let text = text.replace('\n', "\\n");
        berlin
            .router
            .console(&format!("/file add name={file} contents=\"{text}\"\n"));
    }
    berlin.import_file("foreign.pem", 1, 0);
    berlin.import_file("foreign-chain.pem", 2, 0);
    berlin.import_file("foreign-key.pem", 0, 1);
    let own = berlin.bound();
    berlin.bind(&["foreign.pem_0", "foreign-chain.pem_0"].map(str::to_owned));
    tunnel.breaks(
        REFUSED,
        "no trusted RSA public key found for 'berlin-01.example.net'",
    );
    berlin.bind(&own);
    tunnel.stands(network);
}

/// The issuing CA is in neither store, and berlin does not send it.
#[track_caller]
fn a_chain_without_its_middle(tunnel: &Tunnel<'_>, network: &Network) {
    let Tunnel { berlin, munich, .. } = tunnel;
    let (berlin_own, munich_own) = (berlin.bound(), munich.bound());
    let [_, issuing] = berlin_own.as_slice() else {
        panic!("a certificate and its issuer, and {berlin_own:?}");
    };
    berlin.bind(&berlin_own[..1]);
    let berlin_lost = berlin.remove(issuing);
    // Munich has it for its own chain.
    tunnel.stands(network);
    munich.bind(&munich_own[..1]);
    let munich_lost = munich.remove(&munich_own[1]);
    tunnel.breaks(REFUSED, "no issuer certificate found for");
    munich.import(&munich_lost);
    munich.bind(&munich_own);
    tunnel.stands(network);
    berlin.import(&berlin_lost);
    berlin.bind(&berlin_own);
    tunnel.stands(network);
}

/// Berlin gets its certificate again from a file, and the key later.
#[track_caller]
fn a_certificate_without_its_key(tunnel: &Tunnel<'_>, network: &Network) {
    let berlin = &tunnel.berlin;
    let own = berlin.bound();
    let lost = berlin.remove(&own[0]);
    berlin.import(&lost);
    berlin.bind(&own);
    tunnel.breaks("no private key found for 'berlin-01.example.net'", "");
    berlin.import_file(&format!("cert_export_{}.key", lost.name), 0, 1);
    tunnel.stands(network);
}

/// A list counts where the router is told to use it.
#[track_caller]
fn a_revoked_peer(tunnel: &Tunnel<'_>, network: &Network, site: &Site, ovpn: &Ovpn<'_>) {
    let munich = &tunnel.munich;
    let download = || munich.router.console("/certificate crl download\n");
    munich.use_crls("yes");
    download();
    tunnel.stands(network);
    ovpn.stands();
    let issuer = &site.issuers()["router"];
    let before = site.crl(issuer);
    site.client(&["revoke", "--name", "berlin-01.example.net"])
        .ok();
    until(Duration::from_secs(60), "a new CRL", || {
        (site.crl(issuer) != before).then_some(())
    });
    download();
    tunnel.breaks(REFUSED, "certificate was revoked");
    ovpn.refuses("error=certificate revoked");
    munich.use_crls("no");
    tunnel.stands(network);
    ovpn.stands();
    munich.use_crls("yes");
    download();
    tunnel.breaks(REFUSED, "certificate was revoked");
}
