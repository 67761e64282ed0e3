//! A directory with one CA in it, and the commands on it.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use serde_json::Value;
use tempfile::TempDir;

use crate::{
    Algorithm, HttpResponse, Ports, Process, Run,
    fixture::{FIXTURE_PORTS, fixture},
    http, program,
    run::{run, run_within},
};

/// A CA made by `ca-server init`, with ports of its own.
#[derive(Debug)]
pub struct Site {
    home: TempDir,
    ports: Ports,
}

/// What `ca-server init` is asked for.
#[derive(Debug, Clone, Copy)]
pub struct InitOptions<'a> {
    /// The algorithm of all CAs.
    pub algorithm: Algorithm,
    /// The URL in certificates; none takes the publishing listener itself.
    pub publish_url: Option<&'a str>,
    /// Further arguments.
    pub more: &'a [&'a str],
}

impl Site {
    /// Copies a CA of this algorithm that was made once for all tests; its URLs are on `pki.example.net`.
    ///
    /// # Panics
    /// When there is no room for it.
    pub fn new(algorithm: Algorithm) -> Self {
        Self::on(&std::env::temp_dir(), algorithm)
    }

    /// The same in a folder below `folder`.
    ///
    /// # Panics
    /// When there is no room for it.
    pub fn on(folder: &Path, algorithm: Algorithm) -> Self {
        let site = Self::within(folder, Ports::free());
        copy(&fixture(algorithm), &site.data());
        let new = site.ports;
        let old = FIXTURE_PORTS;
        for file in ["ca-server.toml", "admin/client.toml"] {
            let path = site.data().join(file);
            let mut text = std::fs::read_to_string(&path).expect("init wrote it");
            for (from, to) in [
                (old.grpc, new.grpc),
                (old.http, new.http),
                (old.operations, new.operations),
            ] {
                text = text.replace(&format!(":{from}"), &format!(":{to}"));
            }
            std::fs::write(&path, text).expect("the test directory is writable");
        }
        site
    }

    /// Copies a CA of this algorithm and starts its server.
    pub fn running(algorithm: Algorithm) -> (Self, Process) {
        let site = Self::new(algorithm);
        let server = site.serve();
        (site, server)
    }

    /// Makes a CA in a fresh directory.
    ///
    /// # Panics
    /// When `init` refuses.
    pub fn init(options: InitOptions<'_>) -> Self {
        let site = Self::empty();
        site.run_init(options).ok();
        site
    }

    /// Returns a directory without a CA.
    ///
    /// # Panics
    /// When there is no room for it.
    pub fn empty() -> Self {
        Self::within(&std::env::temp_dir(), Ports::free())
    }

    /// Returns a directory in `folder` without a CA.
    pub(crate) fn within(folder: &Path, ports: Ports) -> Self {
        let home = tempfile::Builder::new()
            .prefix("fleet-ca-")
            .tempdir_in(folder)
            .expect("the directory for temporary files is writable");
        let site = Self { home, ports };
        std::fs::write(site.passphrase(), "correct horse battery staple\n")
            .expect("the test directory is writable");
        restrict(&site.passphrase());
        site
    }

    /// Runs `ca-server init` here.
    pub fn run_init(&self, options: InitOptions<'_>) -> Run {
        let own = format!("http://127.0.0.1:{}", self.ports.http);
        let mut command = self.init_command();
        command
            .args(["--organization", "Example Fleet"])
            .args(["--publish-url", options.publish_url.unwrap_or(&own)])
            .args(["--key-algorithm", options.algorithm.as_str()])
            .args(["--server-name", "127.0.0.1", "--server-name", "localhost"])
            .args(options.more);
        run_within(&mut command, Duration::from_secs(120))
    }

    /// Returns `ca-server init` with the directory, the passphrase and the listeners.
    pub fn init_command(&self) -> Command {
        let mut command = Command::new(program("ca-server"));
        command
            .arg("init")
            .arg("--data")
            .arg(self.data())
            .arg("--passphrase-file")
            .arg(self.passphrase())
            .args(["--listen", &format!("127.0.0.1:{}", self.ports.grpc)])
            .args(["--http-listen", &format!("127.0.0.1:{}", self.ports.http)])
            .args([
                "--operations-listen",
                &format!("127.0.0.1:{}", self.ports.operations),
            ]);
        command
    }

    /// Returns the data directory.
    pub fn data(&self) -> PathBuf {
        self.home.path().join("data")
    }

    /// Returns the file with the passphrase of the CA keys.
    pub fn passphrase(&self) -> PathBuf {
        self.home.path().join("passphrase")
    }

    /// Returns a path for files of the test.
    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Returns the ports.
    pub fn ports(&self) -> Ports {
        self.ports
    }

    /// Starts the server.
    ///
    /// # Panics
    /// When it does not get ready.
    #[track_caller]
    pub fn serve(&self) -> Process {
        self.try_serve()
            .unwrap_or_else(|log| panic!("the server ended: {log}"))
    }

    /// Starts the server.
    ///
    /// # Errors
    /// Returns what it wrote when it ends before it is ready.
    pub fn try_serve(&self) -> Result<Process, String> {
        Process::start(self.serve_command(), &self.path("server.log"))
    }

    /// Returns the command that starts the server.
    pub fn serve_command(&self) -> Command {
        let mut command = Command::new(program("ca-server"));
        command
            .arg("serve")
            .arg("--data")
            .arg(self.data())
            .arg("--passphrase-file")
            .arg(self.passphrase());
        command
    }

    /// Runs `ca-server` with the data directory behind the words.
    #[track_caller]
    pub fn server_command(&self, words: &[&str]) -> Run {
        let mut command = Command::new(program("ca-server"));
        command.args(words).arg("--data").arg(self.data());
        run(&mut command)
    }

    /// Runs `ca-client` as the admin.
    #[track_caller]
    pub fn client(&self, words: &[&str]) -> Run {
        run(&mut self.client_command(words))
    }

    /// Runs `ca-client` as the admin and returns its JSON.
    #[track_caller]
    pub fn client_json(&self, words: &[&str]) -> Value {
        let mut command = self.client_command(words);
        run(command.args(["--output", "json"])).ok().json()
    }

    /// Returns `ca-client` as the admin.
    pub fn client_command(&self, words: &[&str]) -> Command {
        self.client_command_as(&self.data().join("admin/client.toml"), words)
    }

    /// Returns `ca-client` with another profile file.
    pub fn client_command_as(&self, profile: &Path, words: &[&str]) -> Command {
        let mut command = Command::new(program("ca-client"));
        command
            .env_remove("CA_CLIENT_PROFILE")
            .current_dir(self.home.path())
            .arg("--profile-file")
            .arg(profile)
            .args(words);
        command
    }

    /// Writes a profile file of the admin that goes through another port.
    ///
    /// # Panics
    /// When there is no room for it.
    pub fn profile_through(&self, port: u16) -> PathBuf {
        let folder = self.path(&format!("admin-through-{port}"));
        copy(&self.data().join("admin"), &folder);
        let file = folder.join("client.toml");
        let text = std::fs::read_to_string(&file).expect("init wrote it");
        let text = text.replace(&format!(":{}", self.ports.grpc), &format!(":{port}"));
        std::fs::write(&file, text).expect("the test directory is writable");
        file
    }

    /// Issues a certificate into a folder of its NAME and returns its JSON row.
    #[track_caller]
    pub fn issue(&self, profile: &str, name: &str, more: &[&str]) -> Value {
        let mut words = vec!["issue", "--profile", profile, "--name", name, "--out", name];
        words.extend(more);
        self.client_json(&words)
    }

    /// Returns the ids of the CAs by their class.
    ///
    /// # Panics
    /// When `issuer list` has another shape.
    #[track_caller]
    pub fn issuers(&self) -> BTreeMap<String, String> {
        self.client_json(&["issuer", "list"])
            .as_array()
            .expect("a list")
            .iter()
            .map(|row| (word(row, "class"), word(row, "issuer_id")))
            .collect()
    }

    /// Asks the publishing listener.
    #[track_caller]
    pub fn get(&self, path: &str) -> HttpResponse {
        http(self.ports.http, "GET", path, &[])
    }

    /// Fetches a CRL in DER.
    ///
    /// # Panics
    /// When it is not there.
    #[track_caller]
    pub fn crl(&self, issuer: &str) -> Vec<u8> {
        let response = self.get(&format!("/crl/{issuer}.crl"));
        assert_eq!(response.status, 200, "CRL of {issuer}");
        response.body
    }
}

/// Returns a text of a JSON row.
///
/// # Panics
/// When it is not there.
#[track_caller]
fn word(row: &Value, key: &str) -> String {
    row.get(key)
        .and_then(Value::as_str)
        .unwrap_or_else(|| panic!("no `{key}` in {row}"))
        .to_owned()
}

/// Copies a directory with the modes of its files.
///
/// # Panics
/// When a file is not readable, or there is no room.
pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("the test directory is writable");
    let mode = std::fs::metadata(from).expect("it is there").permissions();
    std::fs::set_permissions(to, mode).expect("the directory is ours");
    for entry in std::fs::read_dir(from).expect("it is a directory") {
        let entry = entry.expect("it is readable");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("it has a type").is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("the test directory is writable");
        }
    }
}

fn restrict(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))
        .expect("the file is ours");
}
