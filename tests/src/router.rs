//! A running `routeros-sim`: a router for everything that comes over the network.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use crate::{HttpResponse, Process, SecurityAssociation, free_port, http_with_body, program, run};

/// A simulated router; dropping it kills it.
#[derive(Debug)]
pub struct Router {
    process: Process,
    model: String,
    state: PathBuf,
    options: RouterOptions,
    doors: Doors,
}

/// What a router is started with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RouterOptions {
    /// Its name for itself; empty leaves the one of the factory.
    pub identity: String,
    /// Leaves out the certificate of the first bootstrap: no TLS door opens before one is made.
    pub bare: bool,
    /// Answers to questions that no public source settles: `KEY=VALUE`.
    pub assumptions: Vec<String>,
}

/// The ports of the doors, all on 127.0.0.1.
#[derive(Debug, Clone, Copy)]
struct Doors {
    rest: u16,
    rest_http: u16,
    api: u16,
    api_ssl: u16,
    ssh: u16,
    control: u16,
}

impl Router {
    /// The user that every router has, in the group `full`.
    pub const USER: &str = "admin";
    /// The password of that user.
    pub const PASSWORD: &str = "horse battery staple";

    /// Starts a router of a version, `6.49` or `7.24`, with all doors that the version has.
    ///
    /// # Panics
    /// When it does not get ready.
    #[track_caller]
    pub fn start(model: &str, state: &Path, options: RouterOptions) -> Self {
        let doors = Doors {
            rest: free_port(),
            rest_http: free_port(),
            api: free_port(),
            api_ssl: free_port(),
            ssh: free_port(),
            control: free_port(),
        };
        Self::start_on(doors, model, state, options)
    }

    /// Kills it and starts it again, with its state and behind the same doors.
    ///
    /// # Panics
    /// When it does not get ready.
    #[track_caller]
    #[must_use]
    pub fn restart(self) -> Self {
        self.process.kill();
        Self::start_on(self.doors, &self.model, &self.state, self.options)
    }

    /// Puts a file on it, as its owner uploads it: it restarts for it.
    ///
    /// # Panics
    /// When its state has another shape.
    #[track_caller]
    #[must_use]
    pub fn with_file(self, name: &str, octets: &[u8]) -> Self {
        self.process.kill();
        let path = self.state.join("state.json");
        let text = fs::read_to_string(&path).expect("a router that ran has a state");
        let mut state: Value = serde_json::from_str(&text).expect("the state is JSON");
        let files = state.get_mut("files").and_then(Value::as_array_mut);
        files.expect("a list of files").push(json!({
            "id": "*F0",
            "name": name,
            "directory": false,
            "contents": BASE64_STANDARD.encode(octets),
            "changed": 0,
        }));
        fs::write(&path, state.to_string()).expect("the test directory is writable");
        Self::start_on(self.doors, &self.model, &self.state, self.options)
    }

    /// Restarts it with other answers to open questions.
    ///
    /// # Panics
    /// When it does not get ready.
    #[track_caller]
    #[must_use]
    pub fn restart_assuming(mut self, assumptions: &[&str]) -> Self {
        self.options.assumptions = assumptions.iter().map(ToString::to_string).collect();
        self.restart()
    }

    #[track_caller]
    fn start_on(doors: Doors, model: &str, state: &Path, options: RouterOptions) -> Self {
        fs::create_dir_all(state).expect("the test directory is writable");
        // Beside the state: what lies in it is the router's own.
        let password = state.with_extension("password");
        fs::write(&password, format!("{}\n", Self::PASSWORD))
            .expect("the test directory is writable");
        fs::set_permissions(&password, Permissions::from_mode(0o600)).expect("the file is ours");
        let mut command = Command::new(program("routeros-sim"));
        command
            .args(["--model", model])
            .arg("--state")
            .arg(state)
            .args(["--user", Self::USER])
            .arg("--password-file")
            .arg(&password);
        let mut open = |door: &str, port: u16| {
            command.args([door, &format!("127.0.0.1:{port}")]);
        };
        open("--api", doors.api);
        open("--api-ssl", doors.api_ssl);
        open("--ssh", doors.ssh);
        open("--control", doors.control);
        if !model.starts_with("6.") {
            open("--rest", doors.rest);
            open("--rest-http", doors.rest_http);
        }
        if !options.identity.is_empty() {
            command.args(["--identity", &options.identity]);
        }
        if options.bare {
            command.arg("--no-factory-certificate");
        }
        for assumption in &options.assumptions {
            command.args(["--assume", assumption]);
        }
        let process = Process::start(command, &state.with_extension("log"))
            .unwrap_or_else(|log| panic!("the router ended: {log}"));
        Self {
            process,
            model: model.to_owned(),
            state: state.to_owned(),
            options,
            doors,
        }
    }

    /// Returns the address of REST over TLS.
    pub fn rest(&self) -> String {
        format!("127.0.0.1:{}", self.doors.rest)
    }

    /// Returns the address of REST without TLS.
    pub fn rest_http(&self) -> String {
        format!("127.0.0.1:{}", self.doors.rest_http)
    }

    /// Returns the address of the binary API without TLS.
    pub fn api(&self) -> String {
        format!("127.0.0.1:{}", self.doors.api)
    }

    /// Returns the address of the binary API over TLS.
    pub fn api_ssl(&self) -> String {
        format!("127.0.0.1:{}", self.doors.api_ssl)
    }

    /// Returns the address of SSH.
    pub fn ssh(&self) -> String {
        format!("127.0.0.1:{}", self.doors.ssh)
    }

    /// Returns the address of the control port.
    pub fn control_port(&self) -> String {
        format!("127.0.0.1:{}", self.doors.control)
    }

    /// Returns the best door of its version, as a fleet file calls it, and the address of that door.
    pub fn own_door(&self) -> (&'static str, String) {
        if self.model.starts_with("6.") {
            ("api-ssl", self.api_ssl())
        } else {
            ("rest", self.rest())
        }
    }

    /// Returns the address of a door by the word of a fleet file: `rest`, `api-ssl` or `ssh`.
    ///
    /// # Panics
    /// For another word.
    pub fn door(&self, word: &str) -> String {
        match word {
            "rest" => self.rest(),
            "api-ssl" => self.api_ssl(),
            "ssh" => self.ssh(),
            other => panic!("no door {other}"),
        }
    }

    /// Returns the version.
    pub fn model(&self) -> &str {
        &self.model
    }

    /// Returns the folder of its state.
    pub fn state(&self) -> &Path {
        &self.state
    }

    /// Returns the file with the password of its user.
    pub fn password_file(&self) -> PathBuf {
        self.state.with_extension("password")
    }

    /// Returns the process.
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// Asks the control port, which no real router has.
    #[track_caller]
    pub fn control(&self, method: &str, path: &str, body: &Value) -> HttpResponse {
        let body = if body.is_null() {
            Vec::new()
        } else {
            body.to_string().into_bytes()
        };
        http_with_body(self.doors.control, method, path, "application/json", &body)
    }

    /// Types a script at the console, as the owner of the router would, and returns what it answers.
    ///
    /// # Panics
    /// When a command of it fails.
    #[track_caller]
    pub fn console(&self, script: &str) -> String {
        let answer = http_with_body(
            self.doors.control,
            "POST",
            "/console",
            "text/plain",
            script.as_bytes(),
        );
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        assert_eq!(answer.status, 200, "{text}");
        text
    }

    /// Writes a folder for a daemon of strongSwan out of what the router holds.
    ///
    /// # Panics
    /// When the router holds nothing for it.
    #[track_caller]
    pub fn export_strongswan(&self, out: &Path) {
        self.export("export-strongswan", out);
    }

    /// Writes a folder for OpenVPN out of what the router holds.
    ///
    /// # Panics
    /// When the router was never on.
    #[track_caller]
    pub fn export_openvpn(&self, out: &Path) {
        self.export("export-openvpn", out);
    }

    #[track_caller]
    fn export(&self, command: &str, out: &Path) {
        run(Command::new(program("routeros-sim"))
            .arg(command)
            .arg("--state")
            .arg(&self.state)
            .arg("--out")
            .arg(out))
        .ok();
    }

    /// Shows the callers in the status file of its OpenVPN in `/ppp/active`, in place of the ones of before.
    ///
    /// # Panics
    /// When it does not take them.
    #[track_caller]
    pub fn feed_back_openvpn(&self, status: &Path) {
        let text = fs::read_to_string(status).unwrap_or_default();
        let rows = text.lines().filter_map(ppp_session).collect();
        self.show("/ppp/active", rows);
    }

    /// Shows the SAs of its daemon in `/ip/ipsec/active-peers`, in place of the ones of before.
    ///
    /// # Panics
    /// When it does not take them.
    #[track_caller]
    pub fn feed_back(&self, sas: &[SecurityAssociation]) {
        self.show("/ipsec/active-peers", sas.iter().map(active_peer).collect());
    }

    #[track_caller]
    fn show(&self, path: &str, rows: Vec<Value>) {
        let answer = self.control("PUT", path, &Value::Array(rows));
        assert!(
            (200..300).contains(&answer.status),
            "{}",
            String::from_utf8_lossy(&answer.body)
        );
    }
}

/// Returns an SA as a row of `/ip/ipsec/active-peers`.
fn active_peer(sa: &SecurityAssociation) -> Value {
    json!({
        "id": sa.remote_id,
        "remote-address": sa.remote_address,
        "local-address": sa.local_address,
        "state": sa.state.to_lowercase(),
        "uptime": span(sa.established_seconds),
        "side": if sa.initiator { "initiator" } else { "responder" },
    })
}

/// Returns a caller in a status file of OpenVPN as a row of `/ppp/active`.
fn ppp_session(line: &str) -> Option<Value> {
    let mut fields = line.strip_prefix("CLIENT_LIST,")?.split(',');
    let (name, caller, address) = (fields.next()?, fields.next()?, fields.next()?);
    Some(json!({
        "name": name,
        "service": "ovpn",
        "caller-id": caller.rsplit_once(':').map_or(caller, |(caller, _)| caller),
        "address": address,
    }))
}

/// Writes a span as RouterOS does: `1h2m3s`, without parts that are zero.
fn span(seconds: u64) -> String {
    let parts = [
        (seconds / 3600, "h"),
        (seconds / 60 % 60, "m"),
        (seconds % 60, "s"),
    ];
    let text: String = parts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, unit)| format!("{number}{unit}"))
        .collect();
    if text.is_empty() {
        "0s".to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_written_without_zeros() {
        for (seconds, expect) in [(0, "0s"), (62, "1m2s"), (3600, "1h"), (3_661, "1h1m1s")] {
            assert_eq!(span(seconds), expect);
        }
    }
}
