//! The place of the demonstration: a folder, a running server, and what is typed.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use anyhow::{bail, ensure};
use ca_tests::{Ports, Process, program, target};

/// A folder that goes away at the end, and the programs in it.
#[derive(Debug)]
pub(crate) struct Stage {
    folder: PathBuf,
    ports: Ports,
    server: Option<Process>,
}

impl Stage {
    /// Makes the folder and finds free ports on the loopback address.
    pub(crate) fn open() -> anyhow::Result<Self> {
        let folder = target().join(format!("demo-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        Ok(Self {
            folder,
            ports: Ports::free(),
            server: None,
        })
    }

    /// Returns the folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns the addresses of the API, of publishing, and of operations.
    pub(crate) fn addresses(&self) -> (String, String, String) {
        let Ports {
            grpc,
            http,
            operations,
        } = self.ports;
        let address = |port: u16| format!("127.0.0.1:{port}");
        (address(grpc), address(http), address(operations))
    }

    /// Says what comes, and why.
    pub(crate) fn say(&self, what: &str, why: &str) {
        println!("\n## {what}\n   {why}");
    }

    /// Writes a file that only its owner reads.
    pub(crate) fn secret(&self, name: &str, secret: &str) -> anyhow::Result<()> {
        use std::os::unix::fs::OpenOptionsExt as _;
        let path = self.folder.join(name);
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        Ok(std::io::Write::write_all(&mut file, secret.as_bytes())?)
    }

    /// Shows a command that is about to run.
    pub(crate) fn typed(&self, line: &str) {
        println!("\n$ {line}");
    }

    /// Types a command of the server.
    pub(crate) fn server(&self, words: &[&str]) -> anyhow::Result<()> {
        self.typed(&typed("ca-server", words));
        let done = shown(self.program("ca-server").args(words))?;
        ensure!(done, "ca-server did not do it");
        Ok(())
    }

    /// Types a command of the client.
    pub(crate) fn client(&self, words: &[&str]) -> anyhow::Result<()> {
        self.typed(&typed("ca-client", words));
        let done = shown(self.program("ca-client").args(words))?;
        ensure!(done, "ca-client did not do it");
        Ok(())
    }

    /// Types a command of the client, shows what it prints, and returns it.
    pub(crate) fn read_client(&self, words: &[&str]) -> anyhow::Result<String> {
        self.typed(&typed("ca-client", words));
        let output = self.program("ca-client").args(words).output()?;
        let text = String::from_utf8(output.stdout)?;
        print!("{text}");
        ensure!(output.status.success(), "ca-client did not do it");
        Ok(text)
    }

    /// Runs a command of the client behind the scene.
    pub(crate) fn quietly(&self, words: &[&str]) -> anyhow::Result<()> {
        let done = self.program("ca-client").args(words).output()?;
        ensure!(
            done.status.success(),
            "{}: {}",
            typed("ca-client", words),
            String::from_utf8_lossy(&done.stderr)
        );
        Ok(())
    }

    /// Starts the server and waits until it is ready.
    pub(crate) fn serve(&mut self) -> anyhow::Result<()> {
        let words = ["serve", "--data", "ca", "--passphrase-file", "passphrase"];
        self.typed(&format!("{} &", typed("ca-server", &words)));
        let mut command = self.program("ca-server");
        command.args(words);
        match Process::start(command, &self.folder.join("server.log")) {
            Ok(server) => self.server = Some(server),
            Err(log) => bail!("the server did not start: {log}"),
        }
        println!("ready");
        Ok(())
    }

    /// Fetches the CRLs of all CAs, as a VPN server would.
    pub(crate) fn fetch_crls(&self) -> anyhow::Result<()> {
        self.client(&["crl", "fetch", "--out", "crls"])
    }

    /// Waits until OpenSSL refuses a certificate by the published CRLs: two seconds, on a machine that is not busy.
    pub(crate) fn wait_until_refused(&self, folder: &str, certificate: &str) -> anyhow::Result<()> {
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            self.quietly(&["crl", "fetch", "--out", "crls"])?;
            if !self.openssl(folder, certificate).output()?.status.success() {
                break;
            }
            ensure!(Instant::now() < end, "the CRL does not get the revocation");
            thread::sleep(Duration::from_millis(50));
        }
        self.client(&["crl", "fetch", "--out", "crls"])?;
        let mut command = self.openssl(folder, certificate);
        self.typed(&line(&command));
        ensure!(
            !shown(&mut command)?,
            "OpenSSL accepts {certificate}, which is revoked"
        );
        Ok(())
    }

    /// Shows that OpenSSL accepts a certificate.
    pub(crate) fn openssl_accepts(&self, folder: &str, certificate: &str) -> anyhow::Result<()> {
        let mut command = self.openssl(folder, certificate);
        self.typed(&line(&command));
        ensure!(shown(&mut command)?, "OpenSSL refuses {certificate}");
        Ok(())
    }

    fn openssl(&self, folder: &str, certificate: &str) -> Command {
        let mut command = Command::new("openssl");
        command
            .args([
                "verify",
                "-x509_strict",
                "-crl_check_all",
                "-CRLfile",
                "crls/crls.pem",
            ])
            .arg("-CAfile")
            .arg(format!("{folder}/chain.pem"))
            .arg(format!("{folder}/{certificate}"))
            .current_dir(&self.folder);
        command
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(program(name));
        command
            .current_dir(&self.folder)
            .env("CA_CLIENT_PROFILE", "ca/admin/client.toml");
        command
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // It writes into the folder.
        drop(self.server.take());
        if let Err(error) = fs::remove_dir_all(&self.folder) {
            eprintln!("{} is still there: {error}", self.folder.display());
        }
    }
}

/// Returns a command as one would type it.
fn typed(program: &str, words: &[&str]) -> String {
    let words: Vec<String> = words
        .iter()
        .map(|word| {
            if word.contains(' ') {
                format!("'{word}'")
            } else {
                (*word).to_owned()
            }
        })
        .collect();
    format!("{program} {}", words.join(" "))
}

/// Returns a command of another program as one would type it.
fn line(command: &Command) -> String {
    let words: Vec<_> = command
        .get_args()
        .map(|word| word.to_string_lossy())
        .collect();
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    typed(&command.get_program().to_string_lossy(), &words)
}

/// Tells whether a command ends well, with its output on the terminal.
fn shown(command: &mut Command) -> anyhow::Result<bool> {
    Ok(command.status()?.success())
}
