//! OpenVPN: gateway and client of the story about `.ovpn` files.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::{Child, Stdio},
    thread,
    time::Duration,
};

use crate::{Namespace, until};

/// A running OpenVPN in a host of its own; dropping it kills it.
#[derive(Debug)]
pub struct Openvpn {
    child: Child,
    log: PathBuf,
}

impl Openvpn {
    /// Starts it with a configuration file in the folder of the file, and further words.
    ///
    /// # Panics
    /// When it is not installed.
    #[track_caller]
    pub fn start(host: &Namespace, file: &Path, words: &[&str]) -> Self {
        let program = "/usr/sbin/openvpn";
        assert!(
            Path::new(program).exists(),
            "{program} is missing: `apt-get install -y --no-install-recommends openvpn`, or `cargo xtask packages`"
        );
        let log = file.with_extension("log");
        let output = File::create(&log).expect("the directory is writable");
        let errors = output.try_clone().expect("a file can be shared");
        let child = host
            .command(program)
            .current_dir(file.parent().expect("a file lies in a folder"))
            .arg("--config")
            .arg(file)
            .args(words)
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .spawn()
            .unwrap_or_else(|error| panic!("{program}: {error}"));
        Self { child, log }
    }

    /// Waits until its tunnel is up.
    ///
    /// # Errors
    /// Returns what it logged when it ends before.
    pub fn up(&mut self) -> Result<(), String> {
        self.says("Initialization Sequence Completed")
    }

    /// Waits until it logs `words`.
    ///
    /// # Errors
    /// Returns what it logged when it ends before.
    pub fn says(&mut self, words: &str) -> Result<(), String> {
        until(Duration::from_secs(60), words, || {
            let ended = self.child.try_wait().expect("the child is ours").is_some();
            let log = self.log();
            if log.contains(words) {
                Some(Ok(()))
            } else {
                ended.then_some(Err(log))
            }
        })
    }

    /// Returns what it logged so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Openvpn {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            drop(self.child.kill());
            drop(self.child.wait());
        }
        if thread::panicking() {
            eprintln!("--- openvpn\n{}---", self.log());
        }
    }
}
