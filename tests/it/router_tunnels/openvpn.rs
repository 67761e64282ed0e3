//! The same two routers with OpenVPN: berlin dials, munich answers.

use std::{net::Ipv4Addr, path::PathBuf, time::Duration};

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
    (Munich, SECRET, "disabled=yes", "disabled=no", Berlin, "AUTH_FAILED"),
    (Munich, SECRET, "service=l2tp", "service=ovpn", Berlin, "AUTH_FAILED"),
    (Munich, SERVER, "enabled=no", "enabled=yes", Berlin, "Connection refused"),
    (Munich, "/certificate set [find]", "trusted=no", "trusted=yes",
        Munich, "Cannot load CA certificate file"),
    (Munich, "/certificate settings set", "crl-use=yes", "crl-use=no",
        Munich, "VERIFY SCRIPT ERROR"),
];

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

    /// Changes each field, and changes it back.
    #[track_caller]
    pub(super) fn each_field_takes_the_tunnel(&self) {
        self.stands();
        for &(at, command, wrong, right, logs, logged) in CHANGES {
            let router = self.router(at);
            router.console(&format!("{command} {wrong}\n"));
            self.breaks(logs, logged);
            let right = if right.is_empty() { &self.bind } else { right };
            router.console(&format!("{command} {right}\n"));
        }
        self.stands();
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
