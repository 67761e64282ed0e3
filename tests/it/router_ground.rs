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
        self.add(name, "ssh", &router.ssh(), &host_key(&router))
            .ok();
        router
    }

    /// Adds a router once more, reached over SSH by the same user.
    pub(crate) fn add_over_ssh(&self, router: &Router, name: &str) {
        let policy = match router.model() {
            "6.49" => "ssh,api,read,write",
            _ => "ssh,api,rest-api,read,write",
        };
        router.console(&format!("/user group set fleet-ca policy={policy}"));
        let password = |name: &str| self.site.path(&format!("{name}.password"));
        let over_ssh = format!("{name}-ssh");
        fs::copy(password(name), password(&over_ssh)).expect("the test directory is writable");
        self.add(&over_ssh, "ssh", &router.ssh(), &host_key(router))
            .ok();
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

    pub(crate) fn bootstrap(&self, name: &str, door: &str, password: &str) -> Run {
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

    /// Runs `ca-client` in a terminal, where somebody types an answer.
    #[track_caller]
    pub(crate) fn attended(&self, words: &[&str], answer: &str) -> Run {
        let client = self.site.client_command(words);
        let words = [client.get_program()].into_iter().chain(client.get_args());
        let line: String = words
            .map(|word| format!("'{}' ", word.to_str().expect("UTF-8")))
            .collect();
        let typed = r#"echo "$1" | script --quiet --return --command "$2" /dev/null"#;
        let mut command = Command::new("sh");
        command
            .args(["-c", typed, "sh", answer, &line])
            .env_remove("CA_CLIENT_PROFILE")
            .current_dir(self.site.path("."));
        run_within(&mut command, Duration::from_secs(90))
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

    /// The same; empty before the first router.
    pub(crate) fn fleet_text(&self) -> String {
        fs::read_to_string(self.fleet_file()).unwrap_or_default()
    }

    pub(crate) fn write_fleet(&self, text: &str) {
        fs::write(self.fleet_file(), text).expect("the test directory is writable");
    }

    fn fleet_file(&self) -> PathBuf {
        self.site.path("fleet.toml")
    }
}

/// Returns the host key that a router shows.
fn host_key(router: &Router) -> String {
    let address = router.ssh();
    let (host, port) = address.split_once(':').expect("host and port");
    let port = port.parse().expect("a port");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let key = runtime.block_on(ca_routeros::host_key(host, port, Duration::from_secs(30)));
    key.expect("a host key").key().to_string()
}
