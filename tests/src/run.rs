//! Running a program to its end.

use std::{
    fmt,
    io::Read,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

/// What a program left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The exit code; none after a signal.
    pub code: Option<i32>,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

impl Run {
    /// Fails the test unless the exit code was 0.
    ///
    /// # Panics
    /// When it was another one.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "{self}");
        self
    }

    /// Fails the test unless the exit code was `code`, and a message and a hint came.
    ///
    /// # Panics
    /// When it was another one, or a part of the message is missing.
    #[track_caller]
    pub fn refused(self, code: i32, parts: &[&str]) -> Self {
        assert_eq!(self.code, Some(code), "{self}");
        assert!(self.stderr.contains("error: "), "no error: {self}");
        assert!(self.stderr.contains("hint: "), "no hint: {self}");
        assert!(!self.stderr.contains("panicked"), "a panic: {self}");
        for part in parts {
            assert!(self.stderr.contains(part), "no `{part}`: {self}");
        }
        self
    }

    /// Returns the one JSON document on standard output.
    ///
    /// # Panics
    /// When there is none.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self}"))
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "exit code {:?}", self.code)?;
        writeln!(
            f,
            "--- stdout\n{}--- stderr\n{}---",
            self.stdout, self.stderr
        )
    }
}

/// Runs a program that ends within a minute.
#[track_caller]
pub fn run(command: &mut Command) -> Run {
    run_within(command, Duration::from_secs(60))
}

/// Runs a program that ends within `deadline`.
///
/// # Panics
/// When it does not start, or does not end.
#[track_caller]
pub fn run_within(command: &mut Command, deadline: Duration) -> Run {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let stdout = collect(child.stdout.take());
    let stderr = collect(child.stderr.take());
    let code = end(&mut child, deadline);
    let run = Run {
        code: code.flatten(),
        stdout: stdout.join().expect("the reader ends"),
        stderr: stderr.join().expect("the reader ends"),
    };
    assert!(
        code.is_some(),
        "{command:?} did not end in {deadline:?}: {run}"
    );
    run
}

fn collect(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    let mut pipe = pipe.expect("a pipe was asked for");
    thread::spawn(move || {
        let mut octets = Vec::new();
        pipe.read_to_end(&mut octets).expect("a pipe is readable");
        String::from_utf8_lossy(&octets).into_owned()
    })
}

/// Waits for the end; none when it was killed at the deadline, else the exit code.
fn end(child: &mut Child, deadline: Duration) -> Option<Option<i32>> {
    let end = Instant::now() + deadline;
    loop {
        if let Some(status) = child.try_wait().expect("the child is ours") {
            return Some(status.code());
        }
        if Instant::now() > end {
            child.kill().expect("the child is ours");
            child.wait().expect("the child is ours");
            return None;
        }
        thread::sleep(Duration::from_millis(5));
    }
}
