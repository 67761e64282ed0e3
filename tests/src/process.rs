//! A program that runs beside the test.

use std::{
    fs::File,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::{Duration, Instant},
};

/// A program that said `ready`; dropping it kills it.
#[derive(Debug)]
pub struct Process {
    child: Child,
    stdout: Receiver<String>,
    stderr: PathBuf,
}

impl Process {
    /// Starts `command` and waits for the line `ready`.
    ///
    /// # Errors
    /// Returns what the program wrote when it ends before.
    ///
    /// # Panics
    /// When it neither gets ready nor ends within a minute.
    pub fn start(mut command: Command, stderr: &Path) -> Result<Self, String> {
        let log = File::create(stderr).expect("the test directory is writable");
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let output = child.stdout.take().expect("a pipe was asked for");
        let (sender, stdout) = channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let mut process = Self {
            child,
            stdout,
            stderr: stderr.to_owned(),
        };
        match process.stdout.recv_timeout(Duration::from_secs(60)) {
            Ok(line) => {
                assert_eq!(line, "ready", "{}", process.log());
                Ok(process)
            }
            Err(_) if process.ended() => Err(process.log()),
            Err(_) => panic!("not ready within a minute: {}", process.log()),
        }
    }

    /// Returns its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Returns what it wrote to standard error so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.stderr).unwrap_or_default()
    }

    /// Returns what it wrote to standard output after `ready`.
    pub fn further_output(&self) -> Vec<String> {
        self.stdout.try_iter().collect()
    }

    /// Tells whether it has ended; waits a little for one that is about to.
    fn ended(&mut self) -> bool {
        let end = Instant::now() + Duration::from_secs(5);
        while Instant::now() < end {
            if !self.is_running() {
                return true;
            }
            thread::sleep(Duration::from_millis(10));
        }
        false
    }

    /// Tells whether the process is there.
    ///
    /// # Panics
    /// When the process is not ours.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("the child is ours").is_none()
    }

    /// Kills it as a power cut would, as far as a process can tell.
    ///
    /// # Panics
    /// When the process is not ours.
    pub fn kill(mut self) {
        self.child.kill().expect("the child is ours");
        self.child.wait().expect("the child is ours");
    }

    /// Asks it to end, and returns how and how fast it did.
    ///
    /// # Panics
    /// When it does not end within a minute.
    pub fn terminate(mut self) -> (ExitStatus, Duration) {
        let begun = Instant::now();
        let sent = Command::new("kill")
            .args(["-TERM", &self.id().to_string()])
            .status()
            .expect("kill is there");
        assert!(sent.success());
        while begun.elapsed() < Duration::from_secs(60) {
            if let Some(status) = self.child.try_wait().expect("the child is ours") {
                return (status, begun.elapsed());
            }
            thread::sleep(Duration::from_millis(5));
        }
        panic!("still there a minute after SIGTERM: {}", self.log());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            drop(self.child.kill());
            drop(self.child.wait());
        }
        if thread::panicking() {
            eprintln!("--- {}\n{}---", self.stderr.display(), self.log());
        }
    }
}
