//! strongSwan: the peer that is not ours.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use crate::{Namespace, Run, SecurityAssociation, run_within, until};

/// A running daemon of strongSwan in a host of its own; dropping it kills it.
#[derive(Debug)]
pub struct Charon {
    child: Child,
    folder: PathBuf,
}

impl Charon {
    /// Starts it with `strongswan.conf` from `folder`, waits for its socket, and loads what else lies there.
    ///
    /// # Panics
    /// When it ends at once, opens no socket within ten seconds, or refuses what it is to load.
    #[track_caller]
    pub fn start(host: &Namespace, folder: &Path) -> Self {
        let folder = folder
            .canonicalize()
            .unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let output = File::create(folder.join("charon.out")).expect("the directory is writable");
        let errors = output.try_clone().expect("a file can be shared");
        let child = host
            .command("/usr/sbin/charon-systemd")
            .env("STRONGSWAN_CONF", folder.join("strongswan.conf"))
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .spawn()
            .unwrap_or_else(|error| panic!("charon-systemd: {error}"));
        let mut charon = Self { child, folder };
        until(Duration::from_secs(60), "the socket of charon", || {
            let ended = charon.child.try_wait().expect("the child is ours");
            assert!(ended.is_none(), "charon {ended:?}: {}", charon.log());
            // The file is there a moment before the daemon listens.
            std::os::unix::net::UnixStream::connect(charon.folder.join("vici")).ok()
        });
        charon.load();
        charon
    }

    /// Loads credentials and connections, and forgets the ones of before.
    ///
    /// # Panics
    /// When it refuses something.
    #[track_caller]
    pub fn load(&self) {
        self.swanctl(&["--load-all", "--clear"]).ok();
    }

    /// Loads what has changed in the folder, settings too; revocation lists of before are forgotten.
    ///
    /// # Panics
    /// When it refuses something.
    #[track_caller]
    pub fn reload(&self) {
        self.swanctl(&["--reload-settings"]).ok();
        self.load();
        // What came from a peer or was seen once stays in a cache until its end.
        self.swanctl(&["--flush-certs"]).ok();
    }

    /// Brings a tunnel up.
    ///
    /// # Errors
    /// Returns what the daemon says when it does not come up.
    pub fn initiate(&self, child: &str) -> Result<(), String> {
        let run = self.swanctl(&["--initiate", "--child", child, "--timeout", "15"]);
        match run.code {
            Some(0) => Ok(()),
            _ => Err(format!("{}{}", run.stdout, run.stderr)),
        }
    }

    /// Takes an SA with its tunnels down; the peer is told.
    ///
    /// # Panics
    /// When there is none.
    #[track_caller]
    pub fn terminate(&self, ike: &str) {
        self.swanctl(&["--terminate", "--ike", ike, "--timeout", "10"])
            .ok();
    }

    /// Returns the SAs that there are.
    ///
    /// # Panics
    /// When the daemon does not answer.
    #[track_caller]
    pub fn sas(&self) -> Vec<SecurityAssociation> {
        SecurityAssociation::read_all(&self.swanctl(&["--list-sas", "--pretty"]).ok().stdout)
    }

    /// Asks for something else.
    #[track_caller]
    pub fn swanctl(&self, words: &[&str]) -> Run {
        let mut command = Command::new("/usr/sbin/swanctl");
        command
            .args(words)
            .arg("--uri")
            .arg(format!("unix://{}", self.folder.join("vici").display()))
            .env("SWANCTL_DIR", &self.folder)
            .env("STRONGSWAN_CONF", self.folder.join("strongswan.conf"));
        run_within(&mut command, Duration::from_secs(30))
    }

    /// Returns what it logged so far.
    pub fn log(&self) -> String {
        ["charon.out", "charon.log"]
            .map(|name| std::fs::read_to_string(self.folder.join(name)).unwrap_or_default())
            .concat()
    }
}

impl Drop for Charon {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            drop(self.child.kill());
            drop(self.child.wait());
        }
        if thread::panicking() {
            eprintln!("--- charon in {}\n{}---", self.folder.display(), self.log());
        }
    }
}
