//! The place of the demonstration: a folder, a running server, and what is typed.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail, ensure};

use super::{shown, typed};
use crate::{process, workspace::Workspace};

/// A folder that goes away at the end, and the programs in it.
#[derive(Debug)]
pub(super) struct Stage {
    folder: PathBuf,
    programs: PathBuf,
    addresses: [String; 3],
    server: Option<Child>,
}

impl Stage {
    /// Makes the folder and finds three free ports on the loopback address.
    pub(super) fn open(workspace: &Workspace) -> anyhow::Result<Self> {
        let folder = workspace
            .target()
            .join(format!("demo-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        let listeners = [(); 3].map(|()| TcpListener::bind("127.0.0.1:0"));
        let mut addresses = [const { String::new() }; 3];
        for (listener, address) in listeners.iter().zip(&mut addresses) {
            let listener = listener
                .as_ref()
                .map_err(|error| anyhow::anyhow!("no free port: {error}"))?;
            *address = listener.local_addr()?.to_string();
        }
        let programs = workspace.target().join("debug");
        Ok(Self {
            folder,
            programs,
            addresses,
            server: None,
        })
    }

    /// Returns the folder.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns the addresses of the API, of publishing, and of operations.
    pub(super) fn addresses(&self) -> (String, String, String) {
        let [api, http, operations] = self.addresses.clone();
        (api, http, operations)
    }

    /// Says what comes, and why.
    pub(super) fn say(&self, what: &str, why: &str) {
        println!("\n## {what}\n   {why}");
    }

    /// Writes the passphrase file.
    pub(super) fn passphrase(&self, passphrase: &str) -> anyhow::Result<()> {
        use std::os::unix::fs::OpenOptionsExt as _;
        let path = self.folder.join("passphrase");
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        Ok(std::io::Write::write_all(&mut file, passphrase.as_bytes())?)
    }

    /// Types a command of the server.
    pub(super) fn server(&self, words: &[&str]) -> anyhow::Result<()> {
        println!("\n$ {}", typed("ca-server", words));
        let done = shown(self.program("ca-server").args(words))?;
        ensure!(done, "ca-server did not do it");
        Ok(())
    }

    /// Types a command of the client.
    pub(super) fn client(&self, words: &[&str]) -> anyhow::Result<()> {
        println!("\n$ {}", typed("ca-client", words));
        let done = shown(self.program("ca-client").args(words))?;
        ensure!(done, "ca-client did not do it");
        Ok(())
    }

    /// Starts the server and waits until it is ready.
    pub(super) fn serve(&mut self) -> anyhow::Result<()> {
        let words = ["serve", "--data", "ca", "--passphrase-file", "passphrase"];
        println!("\n$ {} &", typed("ca-server", &words));
        let log = fs::File::create(self.folder.join("server.log"))?;
        let mut child = self
            .program("ca-server")
            .args(words)
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()?;
        let output = child.stdout.take().context("no pipe")?;
        self.server = Some(child);
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        if line.trim() != "ready" {
            bail!(
                "the server did not start: {}",
                fs::read_to_string(self.folder.join("server.log"))?
            );
        }
        println!("ready");
        Ok(())
    }

    /// Fetches the CRLs of all CAs, as a VPN server would.
    pub(super) fn fetch_crls(&self) -> anyhow::Result<()> {
        self.client(&["crl", "fetch", "--out", "crls"])
    }

    /// Waits until OpenSSL refuses a certificate by the published CRLs, at most two seconds.
    pub(super) fn wait_until_refused(&self, folder: &str, certificate: &str) -> anyhow::Result<()> {
        let end = Instant::now() + Duration::from_secs(2);
        loop {
            let fetched = self
                .program("ca-client")
                .args(["crl", "fetch", "--out", "crls"])
                .output()?;
            ensure!(fetched.status.success(), "the CRLs were not fetched");
            if !self.openssl(folder, certificate).output()?.status.success() {
                break;
            }
            ensure!(
                Instant::now() < end,
                "the CRL did not have the revocation within two seconds"
            );
            thread::sleep(Duration::from_millis(50));
        }
        self.client(&["crl", "fetch", "--out", "crls"])?;
        let mut command = self.openssl(folder, certificate);
        println!("\n$ {}", process::line(&command));
        ensure!(
            !shown(&mut command)?,
            "OpenSSL accepts {certificate}, which is revoked"
        );
        Ok(())
    }

    /// Shows that OpenSSL accepts a certificate.
    pub(super) fn openssl_accepts(&self, folder: &str, certificate: &str) -> anyhow::Result<()> {
        let mut command = self.openssl(folder, certificate);
        println!("\n$ {}", process::line(&command));
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
        let mut command = Command::new(self.programs.join(name));
        command
            .current_dir(&self.folder)
            .env("CA_CLIENT_PROFILE", "ca/admin/client.toml");
        command
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some(mut server) = self.server.take() {
            let ended = Command::new("kill")
                .arg(server.id().to_string())
                .status()
                .and_then(|_sent| server.wait());
            if let Err(error) = ended {
                eprintln!("the server did not end: {error}");
            }
        }
        if let Err(error) = fs::remove_dir_all(&self.folder) {
            eprintln!("{} is still there: {error}", self.folder.display());
        }
    }
}
