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
use crate::workspace::Workspace;

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
        let done = shown(
            self.program("ca-client")
                .env("CA_CLIENT_PROFILE", "ca/admin/client.toml")
                .args(words),
        )?;
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

    /// Fetches the CRLs of all CAs of devices into one file, as a VPN server would.
    pub(super) fn fetch_crls(&self) -> anyhow::Result<()> {
        self.client(&["crl", "fetch", "--out", "crls"])
    }

    /// Waits until the published CRL of a class is not empty.
    pub(super) fn wait_until_revoked(&self, class: &str) -> anyhow::Result<()> {
        let end = Instant::now() + Duration::from_secs(2);
        while Instant::now() < end {
            let fetched = self
                .program("ca-client")
                .env("CA_CLIENT_PROFILE", "ca/admin/client.toml")
                .args(["crl", "fetch", "--out", "crls", "--force"])
                .output()?;
            ensure!(fetched.status.success(), "the CRLs were not fetched");
            for entry in fs::read_dir(self.folder.join("crls"))? {
                let path = entry?.path();
                let of_class = path
                    .file_name()
                    .is_some_and(|name| name.to_string_lossy().starts_with(class));
                if of_class
                    && path.extension().is_some_and(|end| end == "pem")
                    && self.has_entries(&path)?
                {
                    return Ok(());
                }
            }
            thread::sleep(Duration::from_millis(50));
        }
        bail!("the CRL did not have the revocation within two seconds")
    }

    fn has_entries(&self, crl: &Path) -> anyhow::Result<bool> {
        let text = Command::new("openssl")
            .args(["crl", "-noout", "-text", "-in"])
            .arg(crl)
            .output()?;
        Ok(String::from_utf8_lossy(&text.stdout).contains("Revoked Certificates:"))
    }

    /// Shows that OpenSSL accepts a certificate.
    pub(super) fn openssl_verifies(&self, folder: &str, certificate: &str) -> anyhow::Result<()> {
        ensure!(
            self.openssl(folder, certificate)?,
            "OpenSSL refuses {certificate}"
        );
        Ok(())
    }

    /// Shows that OpenSSL refuses a certificate.
    pub(super) fn openssl_refuses(&self, folder: &str, certificate: &str) -> anyhow::Result<()> {
        ensure!(
            !self.openssl(folder, certificate)?,
            "OpenSSL accepts {certificate}, which is revoked"
        );
        Ok(())
    }

    fn openssl(&self, folder: &str, certificate: &str) -> anyhow::Result<bool> {
        let mut crls = Vec::new();
        for entry in fs::read_dir(self.folder.join("crls"))? {
            let path = entry?.path();
            if path.extension().is_some_and(|end| end == "pem") {
                crls.extend(fs::read(path)?);
            }
        }
        fs::write(self.folder.join("crls.pem"), crls)?;
        let (chain, certificate) = (
            format!("{folder}/chain.pem"),
            format!("{folder}/{certificate}"),
        );
        let words = [
            "verify",
            "-x509_strict",
            "-crl_check_all",
            "-CRLfile",
            "crls.pem",
            "-CAfile",
            &chain,
            &certificate,
        ];
        println!("\n$ {}", typed("openssl", &words));
        shown(
            Command::new("openssl")
                .args(words)
                .current_dir(&self.folder),
        )
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.programs.join(name));
        command.current_dir(&self.folder);
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
