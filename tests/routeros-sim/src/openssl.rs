//! TLS that rustls does not speak: static RSA, and Diffie-Hellman with or without a certificate.
//!
//! Each connection gets an `openssl s_server` of its own. It ends by itself when either side does.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, Join};
use tokio::net::UnixStream;
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::pem;

/// What one side of a handshake insists on.
#[derive(Debug)]
pub(crate) struct Terms {
    /// The suites, in OpenSSL's words, the best one first.
    pub(crate) suites: String,
    /// What it shows; without it only anonymous suites work.
    pub(crate) own: Option<Own>,
    /// Whom it lets in; without it nobody is asked for a certificate.
    pub(crate) clients: Option<Clients>,
}

/// A certificate with its chain and key.
#[derive(Debug)]
pub(crate) struct Own {
    /// In DER, the certificate first.
    pub(crate) chain: Vec<Vec<u8>>,
    /// In PKCS#8.
    pub(crate) key: Vec<u8>,
}

/// What a client certificate is judged by.
#[derive(Debug)]
pub(crate) struct Clients {
    /// The CAs that are trusted, in DER.
    pub(crate) authorities: Vec<Vec<u8>>,
    /// The lists to check every certificate of a chain by, in DER; without it none is checked.
    pub(crate) crls: Option<Vec<Vec<u8>>>,
    /// Seconds since 1970.
    pub(crate) now: i64,
}

/// What comes out of the handshake and goes into it, in the clear.
pub(crate) type Clear = Join<ChildStdout, ChildStdin>;

/// Lets OpenSSL shake hands on a connection; tells `complain` what it said about a failure.
///
/// The clear side ends at once when the handshake fails.
pub(crate) async fn accept(
    stream: impl AsyncRead + AsyncWrite + Send + 'static,
    terms: &Terms,
    complain: impl FnOnce(&str) + Send + 'static,
) -> io::Result<Clear> {
    let room = Room::new(terms)?;
    let mut child = room
        .command(terms)
        .spawn()
        .map_err(|error| io::Error::new(error.kind(), format!("{PROGRAM}: {error}")))?;
    let (Some(input), Some(output), Some(mut errors)) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(io::Error::other("a pipe to openssl is missing"));
    };
    let inside = match connect(&room.path(SOCKET), &mut child).await {
        Ok(inside) => inside,
        Err(error) => {
            let mut said = String::new();
            drop(child.start_kill());
            errors.read_to_string(&mut said).await?;
            return Err(io::Error::other(format!("{error}: {said}")));
        }
    };
    tokio::spawn(async move {
        let mut said = String::new();
        // A connection that is torn has no more to tell.
        let (_pumped, _read) = tokio::join!(pump(stream, inside), errors.read_to_string(&mut said));
        drop(child.wait().await);
        drop(room);
        if !said.is_empty() {
            complain(&said);
        }
    });
    Ok(tokio::io::join(output, input))
}

/// Carries octets until OpenSSL hangs up.
async fn pump(client: impl AsyncRead + AsyncWrite, inside: UnixStream) -> io::Result<()> {
    let (mut from_client, mut to_client) = tokio::io::split(client);
    let (mut from_inside, mut to_inside) = inside.into_split();
    let inwards = async {
        let copied = tokio::io::copy(&mut from_client, &mut to_inside).await;
        drop(to_inside.shutdown().await);
        match copied {
            Ok(_) => std::future::pending().await,
            Err(error) => Err(error),
        }
    };
    let outwards = async {
        tokio::io::copy(&mut from_inside, &mut to_client).await?;
        to_client.shutdown().await
    };
    tokio::select! {
        ended = inwards => ended,
        ended = outwards => ended,
    }
}

async fn connect(socket: &Path, child: &mut Child) -> io::Result<UnixStream> {
    let begun = tokio::time::Instant::now();
    loop {
        match UnixStream::connect(socket).await {
            Ok(stream) => return Ok(stream),
            Err(error) if begun.elapsed() > PATIENCE => return Err(error),
            Err(_) => {}
        }
        if let Some(status) = child.try_wait()? {
            return Err(io::Error::other(format!("openssl s_server: {status}")));
        }
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
}

/// A directory for one connection; removed when dropped.
struct Room(PathBuf);

impl Room {
    fn new(terms: &Terms) -> io::Result<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("routeros-sim-{}-{number}", std::process::id());
        let room = Self(std::env::temp_dir().join(name));
        DirBuilder::new().mode(0o700).create(&room.0)?;
        if let Some(own) = &terms.own {
            let (leaf, chain) = own.chain.split_at(own.chain.len().min(1));
            room.write("own", &written("CERTIFICATE", leaf))?;
            room.write("chain", &written("CERTIFICATE", chain))?;
            room.write("key", &pem::write("PRIVATE KEY", &own.key))?;
        }
        if let Some(clients) = &terms.clients {
            let authorities = written("CERTIFICATE", &clients.authorities);
            let crls = clients.crls.as_deref().unwrap_or_default();
            room.write("trusted", &(authorities + &written("X509 CRL", crls)))?;
        }
        Ok(room)
    }

    fn command(&self, terms: &Terms) -> Command {
        let mut command = Command::new(PROGRAM);
        command
            .args(["s_server", "-quiet", "-naccept", "1", "-tls1_2"])
            .args(["-cipher", &format!("{}:@SECLEVEL=0", terms.suites)])
            // OpenSSL takes no socket whose path is longer than 31 octets.
            .current_dir(&self.0)
            .args(["-unix", SOCKET]);
        match &terms.own {
            None => {
                command.arg("-nocert");
            }
            Some(own) => {
                command.args(["-cert", "own", "-key", "key"]);
                if own.chain.len() > 1 {
                    command.args(["-cert_chain", "chain"]);
                }
                // Of the chain it sends what it is told, and builds none.
                command.args(["-no-CAfile", "-no-CApath", "-no-CAstore"]);
            }
        }
        if let Some(clients) = &terms.clients {
            command.args(["-Verify", "8", "-verify_return_error", "-verify_quiet"]);
            command.args(["-verifyCAfile", "trusted"]);
            command.args(["-attime", &clients.now.to_string()]);
            if clients.crls.is_some() {
                command.arg("-crl_check_all");
            }
        }
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn write(&self, name: &str, text: &str) -> io::Result<()> {
        let mut options = OpenOptions::new();
        let path = self.path(name);
        let mut file = options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        file.write_all(text.as_bytes())
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            eprintln!("routeros-sim: {}: {error}", self.0.display());
        }
    }
}

fn written(label: &str, all: &[Vec<u8>]) -> String {
    all.iter().map(|der| pem::write(label, der)).collect()
}

const PROGRAM: &str = "openssl";
const SOCKET: &str = "socket";
const PATIENCE: Duration = Duration::from_secs(30);
