//! The same two routers with OpenVPN: berlin dials, munich answers.

use std::{
    collections::BTreeMap,
    fs,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    time::Duration,
};

use ca_tests::{Network, Openvpn, Router, until};

use super::{
    At::{self, Berlin, Munich},
    Tunnel,
};

/// Where, which command, the wrong words and the right ones; who logs what.
type Change = (
    At,
    &'static str,
    &'static str,
    &'static str,
    At,
    &'static str,
);

const CLIENT: &str = "/interface ovpn-client set munich";
const SERVER: &str = "/interface ovpn-server server set";
const SECRET: &str = "/ppp secret set berlin";

#[rustfmt::skip]
const CHANGES: &[Change] = &[
    // The certificate has no address in it.
    (Berlin, CLIENT, "verify-server-certificate=yes", "verify-server-certificate=no",
        Berlin, "VERIFY X509NAME ERROR"),
    (Berlin, CLIENT, "cipher=aes128", "cipher=aes256", Berlin, "AUTH_FAILED"),
    (Berlin, CLIENT, "password=guessed", "password=\"two words\"", Berlin, "AUTH_FAILED"),
    (Berlin, CLIENT, "port=1195", "port=1194", Berlin, "Connection refused"),
    (Berlin, CLIENT, "certificate=none", "", Munich, "peer did not return a certificate"),
    // Another CA gives its certificate the same names.
    (Berlin, CLIENT, "certificate=foreign.pem_0", "",
        Munich, "VERIFY ERROR: depth=1, error=unable to get local issuer certificate"),
    (Munich, SECRET, "disabled=yes", "disabled=no", Berlin, "AUTH_FAILED"),
    (Munich, SECRET, "service=l2tp", "service=ovpn", Berlin, "AUTH_FAILED"),
    (Munich, SERVER, "enabled=no", "enabled=yes", Berlin, "Connection refused"),
    (Munich, "/certificate set [find]", "trusted=no", "trusted=yes",
        Munich, "Cannot load CA certificate file"),
    (Munich, "/certificate settings set", "crl-use=yes", "crl-use=no",
        Munich, "VERIFY SCRIPT ERROR"),
];

/// Servers of a release that has a list of them: name, port, and what both ends are told.
const INSTANCES: [(&str, u16, &str); 2] = [
    (
        "datagrams",
        1195,
        "protocol=udp cipher=aes256-gcm auth=sha256",
    ),
    ("stream", 1196, "protocol=tcp cipher=aes128-gcm auth=sha1"),
];

const INSTANCE_END: Ipv4Addr = Ipv4Addr::new(10, 86, 0, 1);
const CALLER_END: Ipv4Addr = Ipv4Addr::new(10, 86, 0, 2);

const MUNICH_END: Ipv4Addr = Ipv4Addr::new(10, 85, 0, 1);
const BERLIN_END: Ipv4Addr = Ipv4Addr::new(10, 85, 0, 2);

/// Both ends, from what the routers hold.
pub(super) struct Ovpn<'a> {
    tunnel: &'a Tunnel<'a>,
    network: &'a Network,
    folder: PathBuf,
    /// What binds the certificate of berlin.
    bind: String,
}

impl<'a> Ovpn<'a> {
    #[track_caller]
    pub(super) fn new(tunnel: &'a Tunnel<'a>, network: &'a Network, folder: PathBuf) -> Self {
        let bind = format!("certificate=\"{}\"", tunnel.berlin.bound()[0]);
        let munich = &tunnel.munich.bound()[0];
        tunnel.munich.router.console(&format!(
            "/ppp secret add name=berlin password=\"two words\" service=ovpn local-address={MUNICH_END} remote-address={BERLIN_END}
            {SERVER} enabled=yes certificate=\"{munich}\" require-client-certificate=yes cipher=aes256 auth=sha1\n"
        ));
        tunnel.berlin.router.console(&format!(
            "/interface/ovpn-client add name=munich connect-to=10.66.0.1 user=berlin password=\"two words\" cipher=aes256-cbc auth=sha1 disabled=no {bind}\n"
        ));
        Self {
            tunnel,
            network,
            folder,
            bind,
        }
    }

    /// Changes each field, and changes it back: the daemons are told again what they were told when the tunnel stood.
    #[track_caller]
    pub(super) fn each_field_takes_the_tunnel(&self) {
        self.stands();
        let standing = self.told();
        for &(at, command, wrong, right, logs, logged) in CHANGES {
            let router = self.router(at);
            router.console(&format!("{command} {wrong}\n"));
            self.breaks(logs, logged);
            let right = if right.is_empty() { &self.bind } else { right };
            router.console(&format!("{command} {right}\n"));
            assert!(self.told() == standing, "{command} {right}");
        }
        self.the_key_is_missing();
        self.the_middle_of_the_chain_is_missing();
        self.stands();
        self.each_instance_stands();
    }

    /// Berlin gets its certificate again from a file, and the key later.
    #[track_caller]
    fn the_key_is_missing(&self) {
        let berlin = &self.tunnel.berlin;
        let own = berlin.bound();
        let lost = berlin.remove(&own[0]);
        berlin.import(&lost);
        berlin.bind(&own);
        berlin.router.console(&format!("{CLIENT} {}\n", self.bind));
        self.breaks(Munich, "peer did not return a certificate");
        berlin.import_file(&format!("cert_export_{}.key", lost.name), 0, 1);
    }

    /// The issuing CA is in neither store: no one sends it, and the caller is the first to miss it.
    #[track_caller]
    fn the_middle_of_the_chain_is_missing(&self) {
        let Tunnel { berlin, munich, .. } = self.tunnel;
        let (berlin_own, munich_own) = (berlin.bound(), munich.bound());
        berlin.bind(&berlin_own[..1]);
        let berlin_lost = berlin.remove(&berlin_own[1]);
        munich.bind(&munich_own[..1]);
        let munich_lost = munich.remove(&munich_own[1]);
        self.breaks(
            Berlin,
            "VERIFY ERROR: depth=0, error=unable to get local issuer certificate",
        );
        munich.import(&munich_lost);
        munich.bind(&munich_own);
        self.stands();
        berlin.import(&berlin_lost);
        berlin.bind(&berlin_own);
    }

    /// The files that both daemons are told by now.
    #[track_caller]
    fn told(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        for (at, host) in [(Munich, "munich"), (Berlin, "berlin")] {
            let folder = self.folder.join("told").join(host);
            self.router(at).export_openvpn(&folder);
            read_below(&folder, &mut files);
        }
        files
    }

    /// Berlin has a list of servers: each is one of its own, over UDP or TCP, with ciphers that the older ones lack.
    #[track_caller]
    fn each_instance_stands(&self) {
        let router = self.router(Berlin);
        let (bind, secret) = (&self.bind, "password=\"two words\"");
        // OpenVPN tells callers the names of its CAs, and wants no two alike.
        router.console("/certificate remove foreign-chain.pem_0,foreign-chain.pem_1\n");
        router.console(&format!(
            "/ppp secret add name=caller {secret} service=ovpn local-address={INSTANCE_END} remote-address={CALLER_END}\n"
        ));
        for (name, port, words) in INSTANCES {
            router.console(&format!(
                "/interface/ovpn-server/server add name={name} port={port} {words} {bind} require-client-certificate=yes disabled=no
                /interface/ovpn-client add name=to-{name} connect-to=10.66.0.2 port={port} {words} {bind} user=caller {secret} disabled=no\n"
            ));
        }
        let folder = self.folder.join("instances");
        router.export_openvpn(&folder);
        for (name, _, words) in INSTANCES {
            let start = |host: &str, file: String| {
                Openvpn::start(self.network.host(host), &folder.join(file), &[])
            };
            let mut server = start("berlin", format!("{name}.conf"));
            server.up().unwrap_or_else(|why| panic!("{words}: {why}"));
            let mut caller = start("munich", format!("to-{name}.conf"));
            caller.up().unwrap_or_else(|why| panic!("{words}: {why}"));
            let munich = self.network.host("munich");
            munich.ping(CALLER_END, INSTANCE_END).ok();
        }
        for (name, _, _) in INSTANCES {
            router.console(&format!("/interface/ovpn-client remove to-{name}\n"));
        }
    }

    /// Packets go through, and munich shows who has dialled in.
    #[track_caller]
    pub(super) fn stands(&self) {
        let (_munich, berlin) = self.start();
        let mut berlin = berlin.expect("the client of berlin is on");
        berlin.up().unwrap_or_else(|why| panic!("{why}"));
        let host = self.network.host("berlin");
        host.ping(BERLIN_END, MUNICH_END).ok();
        let router = self.router(Munich);
        let status = self.folder.join("munich/status");
        until(Duration::from_secs(60), "a session", || {
            router.feed_back_openvpn(&status);
            let shown = router.console("/ppp active print\n");
            [
                "name=berlin",
                "service=ovpn",
                "caller-id=10.66.0.2",
                "address=10.85.0.2",
            ]
            .iter()
            .all(|part| shown.contains(part))
            .then_some(())
        });
    }

    /// Fails the test unless a side logs why there is no tunnel.
    #[track_caller]
    pub(super) fn refuses(&self, logged: &str) {
        self.breaks(Munich, logged);
    }

    #[track_caller]
    fn breaks(&self, logs: At, logged: &str) {
        let (munich, berlin) = self.start();
        let mut berlin = berlin.expect("the client of berlin is on");
        let said = match (logs, munich) {
            (Munich, Some(mut munich)) => munich.says(logged),
            (Munich, None) => panic!("the server is off"),
            (Berlin, _munich) => berlin.says(logged),
        };
        said.unwrap_or_else(|log| panic!("no `{logged}`: {log}"));
        let log = berlin.log();
        assert!(!log.contains("Initialization Sequence Completed"), "{log}");
    }

    /// Starts what the routers are to run now: the server of munich, the client of berlin.
    #[track_caller]
    fn start(&self) -> (Option<Openvpn>, Option<Openvpn>) {
        let start = |at, host: &str, file: &str| {
            let folder = self.folder.join(host);
            self.router(at).export_openvpn(&folder);
            let file = folder.join(file);
            file.exists()
                .then(|| Openvpn::start(self.network.host(host), &file, &[]))
        };
        let mut munich = start(Munich, "munich", "server.conf");
        if let Some(munich) = &mut munich {
            // It listens, or says why it does not.
            drop(munich.says("Initialization Sequence Completed"));
        }
        (munich, start(Berlin, "berlin", "munich.conf"))
    }

    fn router(&self, at: At) -> &Router {
        self.tunnel.side(at).router
    }
}

/// Reads every file below a folder.
fn read_below(folder: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(folder).expect("it was written") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            read_below(&path, files);
        } else {
            let octets = fs::read(&path).expect("a file");
            files.insert(path, octets);
        }
    }
}
