//! Certificates into routers: from an empty router to a tunnel, and out again.

use std::{fs, path::PathBuf, process::Command, time::Duration};

use ca_tests::{
    ANNA, Algorithm, BERLIN, BERLIN_NET, BERLIN_WISHES, Charon, InitOptions, MUNICH, MUNICH_NET,
    MUNICH_WISHES, Network, Process, RoadWarrior, Router, Run, Site, Spine, run_within, until,
};
use serde_json::Value;

/// A CA whose CRLs the routers can fetch, and two routers that are in its fleet file.
struct Ground {
    site: Site,
    _server: Process,
    spine: Spine,
}

impl Ground {
    /// Bootstraps both routers as the manual says, and adds the wishes of their owners to the fleet file.
    fn with(berlin_wishes: &str, munich_wishes: &str) -> Self {
        let site = Site::init(InitOptions {
            algorithm: Algorithm::Rsa2048,
            publish_url: None,
            more: &[],
        });
        let server = site.serve();
        let spine = Spine::start(&site.path("routers"));
        let ground = Self {
            site,
            _server: server,
            spine,
        };
        let rest = ground.spine.berlin.rest();
        let api = ground.spine.munich.api_ssl();
        ground.adopt(&ground.spine.berlin, BERLIN, "rest", &rest, berlin_wishes);
        ground.adopt(&ground.spine.munich, MUNICH, "api-ssl", &api, munich_wishes);
        ground
    }

    fn adopt(&self, router: &Router, name: &str, door: &str, address: &str, wishes: &str) {
        let password = format!("{name}.password");
        let script = self.bootstrap(name, door, &password);
        let printed = router.console(&script.stdout);
        let fingerprint = printed.trim().lines().last().expect("it prints one");
        let (host, port) = address.split_once(':').expect("host and port");
        self.client(&[
            "router",
            "add",
            name,
            "--address",
            host,
            "--port",
            port,
            "--door",
            door,
            "--fingerprint",
            fingerprint,
            "--password-file",
            &password,
            "--certificate-name",
            &format!("{name}.example.net"),
        ])
        .ok();
        let mut fleet = fs::read_to_string(self.fleet()).expect("`add` wrote it");
        fleet.push_str(wishes);
        fs::write(self.fleet(), fleet).expect("the test directory is writable");
    }

    fn bootstrap(&self, name: &str, door: &str, password: &str) -> Run {
        self.client(&[
            "router",
            "bootstrap",
            "--print",
            name,
            "--address",
            "127.0.0.1",
            "--door",
            door,
            "--password-file",
            password,
        ])
        .ok()
    }

    #[track_caller]
    fn client(&self, words: &[&str]) -> Run {
        run_within(
            &mut self.site.client_command(words),
            Duration::from_secs(90),
        )
    }

    #[track_caller]
    fn json(&self, words: &[&str]) -> Value {
        let mut command: Command = self.site.client_command(words);
        run_within(command.args(["--output", "json"]), Duration::from_secs(90)).json()
    }

    fn fleet(&self) -> PathBuf {
        self.site.path("fleet.toml")
    }

    /// Anna gets a `.p12` file, and goes on the road with it.
    fn anna(&self, network: &Network) -> RoadWarrior {
        let passphrase = self.site.path("anna-passphrase");
        fs::write(&passphrase, "four words are enough\n").expect("the test directory is writable");
        let passphrase = passphrase.to_str().expect("UTF-8");
        self.site.issue(
            "vpn-client",
            ANNA,
            &["--p12", "--key-passphrase-file", passphrase],
        );
        let (folder, issued) = (self.site.path("road"), self.site.path(ANNA));
        Spine::anna(network, &folder, &issued, "four words are enough")
    }

    /// Revokes a certificate and lets munich fetch the CRL that has it.
    fn revoke(&self, name: &str, class: &str, munich: &Charon) {
        let issuer = &self.site.issuers()[class];
        let before = self.site.crl(issuer);
        self.site
            .client(&["revoke", "--name", name, "--reason", "key-compromise"])
            .ok();
        until(Duration::from_secs(2), "a new CRL", || {
            (self.site.crl(issuer) != before).then_some(())
        });
        self.spine.munich.console("/certificate crl download\n");
        self.spine
            .munich
            .export_strongswan(&self.site.path("munich-charon"));
        munich.reload();
    }
}

#[test]
fn two_routers_get_a_tunnel_and_lose_it_by_revocation() {
    let ground = Ground::with(BERLIN_WISHES, MUNICH_WISHES);
    let fleet = fs::read_to_string(ground.fleet()).expect("it is there");
    fs::write(
        ground.fleet(),
        fleet.replace("# crl-use = true", "crl-use = true"),
    )
    .expect("the test directory is writable");

    let plan = ground.client(&["router", "plan"]).ok();
    for part in [
        "/certificate/crl",
        "www-ssl",
        "api-ssl",
        "munich",
        "fqdn:berlin-01.example.net",
    ] {
        assert!(
            plan.stdout.contains(part),
            "no `{part}` in the plan:\n{}",
            plan.stdout
        );
    }
    let unproved = ground.client(&["router", "push", "--yes"]);
    assert_eq!(
        unproved.code,
        Some(1),
        "a tunnel that nobody dialled: {unproved}"
    );
    assert!(unproved.stdout.contains("unproved"), "{unproved}");

    let network = Spine::network();
    let (berlin_router, munich_router) = (&ground.spine.berlin, &ground.spine.munich);
    let folder = |host: &str| ground.site.path(&format!("{host}-charon"));
    let munich = Spine::charon(munich_router, &network, "munich", &folder("munich"));
    let berlin = Spine::charon(berlin_router, &network, "berlin", &folder("berlin"));
    let child = Spine::tunnel_of(&folder("berlin"), "munich");
    berlin
        .initiate(&child)
        .unwrap_or_else(|why| panic!("{why}"));
    network.host("berlin").ping(BERLIN_NET, MUNICH_NET).ok();
    let road = ground.anna(&network);
    road.dial().unwrap_or_else(|why| panic!("{why}"));
    network
        .host("road")
        .ping(road.virtual_address(), MUNICH_NET)
        .ok();
    berlin_router.feed_back(&berlin.sas());
    munich_router.feed_back(&munich.sas());
    let verified = ground.client(&["router", "verify"]);
    assert_eq!(verified.code, Some(0), "{verified}");
    let again = ground.client(&["router", "push", "--yes"]);
    assert_eq!(again.code, Some(0), "{again}");
    assert!(
        again.stdout.contains("nothing to do") || !again.stdout.contains("unproved"),
        "{again}"
    );

    road.hang_up();
    for connection in berlin.sas() {
        berlin.terminate(&connection.name);
    }
    ground.revoke(ANNA, "vpn-client", &munich);
    assert!(road.dial().is_err(), "a revoked person dials in");
    ground.revoke("berlin-01.example.net", "router", &munich);
    assert!(
        berlin.initiate(&child).is_err(),
        "a revoked router dials in"
    );
    assert!(
        munich.log().contains("certificate was revoked"),
        "{}",
        munich.log()
    );
}
