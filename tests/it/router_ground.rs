//! A CA and a fleet file, and simulated routers that come into it as the manual says.

use std::{fs, path::PathBuf, process::Command, time::Duration};

use ca_tests::{Algorithm, InitOptions, Process, Router, RouterOptions, Run, Site, run_within};
use serde_json::Value;

/// A CA and its fleet file.
pub(crate) struct Ground {
    pub(crate) site: Site,
    _server: Process,
}

impl Ground {
    /// A CA whose CRLs the routers can fetch.
    pub(crate) fn new() -> Self {
        Self::on(Site::init(InitOptions {
            algorithm: Algorithm::Rsa2048,
            publish_url: None,
            more: &[],
        }))
    }

    /// The same faster, for routers that fetch no CRLs: the URLs are on `pki.example.net`.
    pub(crate) fn copied() -> Self {
        Self::on(Site::new(Algorithm::Rsa2048))
    }

    fn on(site: Site) -> Self {
        let server = site.serve();
        Self {
            site,
            _server: server,
        }
    }

    /// Starts a router without a certificate, and adopts it.
    pub(crate) fn bare(&self, model: &str, name: &str, assumptions: &[&str]) -> Router {
        let options = RouterOptions {
            identity: name.to_owned(),
            bare: true,
            assumptions: assumptions.iter().map(ToString::to_string).collect(),
        };
        let router = Router::start(model, &self.site.path("routers").join(name), options);
        self.adopt(&router, name, "");
        router
    }

    /// The same for a router that is reached over SSH.
    pub(crate) fn bare_over_ssh(&self, model: &str, name: &str, assumptions: &[&str]) -> Router {
        let options = RouterOptions {
            identity: name.to_owned(),
            bare: true,
            assumptions: assumptions.iter().map(ToString::to_string).collect(),
        };
        let router = Router::start(model, &self.site.path("routers").join(name), options);
        let script = self.bootstrap(name, "ssh", &format!("{name}.password"));
        router.console(&script.stdout);
        let address = router.ssh();
        let (host, port) = address.split_once(':').expect("host and port");
        let port = port.parse().expect("a port");
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let key = runtime.block_on(ca_routeros::host_key(host, port, Duration::from_secs(30)));
        let key = key.expect("a host key").key().to_string();
        self.add(name, "ssh", &address, &key).ok();
        router
    }

    /// Bootstraps a router as the manual says, and adds the wishes of its owner to its entry in the fleet file.
    pub(crate) fn adopt(&self, router: &Router, name: &str, wishes: &str) {
        let password = format!("{name}.password");
        let (door, address) = router.own_door();
        let script = self.bootstrap(name, door, &password);
        let printed = router.console(&script.stdout);
        let fingerprint = printed.trim().lines().last().expect("it prints one");
        self.add(name, door, &address, fingerprint).ok();
        let mut fleet = self.fleet();
        fleet.push_str(wishes);
        self.write_fleet(&fleet);
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

    /// Runs `router add` on a router that was bootstrapped.
    #[track_caller]
    pub(crate) fn add(&self, name: &str, door: &str, address: &str, fingerprint: &str) -> Run {
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
            &format!("{name}.password"),
            "--certificate-name",
            &format!("{name}.example.net"),
        ])
    }

    /// Runs `ca-client` as the admin, with time for many routers.
    #[track_caller]
    pub(crate) fn client(&self, words: &[&str]) -> Run {
        run_within(
            &mut self.site.client_command(words),
            Duration::from_secs(90),
        )
    }

    /// The same, for its JSON, whatever the exit code.
    #[track_caller]
    pub(crate) fn json(&self, words: &[&str]) -> (Run, Value) {
        let mut command: Command = self.site.client_command(words);
        let run = run_within(command.args(["--output", "json"]), Duration::from_secs(90));
        let document = run.json();
        (run, document)
    }

    pub(crate) fn fleet(&self) -> String {
        fs::read_to_string(self.fleet_file()).expect("`add` wrote it")
    }

    pub(crate) fn write_fleet(&self, text: &str) {
        fs::write(self.fleet_file(), text).expect("the test directory is writable");
    }

    fn fleet_file(&self) -> PathBuf {
        self.site.path("fleet.toml")
    }
}
