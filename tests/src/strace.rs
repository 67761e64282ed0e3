//! Calls of a program to the system that fail, or take long.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use crate::{Process, until};

/// A `strace` at a running program; the program goes on untouched when it is dropped.
#[derive(Debug)]
pub struct Strace {
    tracer: Child,
    record: PathBuf,
}

impl Strace {
    /// Takes hold of a program: its calls of these names that concern one of `paths` are recorded.
    ///
    /// `fdatasync` is recorded only, `fdatasync:error=EIO` fails, `pwrite64:delay_enter=1000` takes a millisecond more
    /// (strace(1), `inject`).
    ///
    /// # Panics
    /// When `strace` is missing, or may not.
    #[track_caller]
    pub fn attach(process: &Process, paths: &[&Path], calls: &[&str], record: &Path) -> Self {
        let mut command = Command::new("strace");
        command.args(["-f", "-qq", "-o"]).arg(record);
        command.args(["-p", &process.id().to_string()]);
        for path in paths {
            command.arg("-P").arg(path);
        }
        let names: Vec<&str> = calls
            .iter()
            .filter_map(|call| call.split(':').next())
            .collect();
        command.args(["-e", &format!("trace={}", names.join(","))]);
        for call in calls.iter().filter(|call| call.contains(':')) {
            command.args(["-e", &format!("inject={call}")]);
        }
        let mut tracer = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("strace is there");
        until(Duration::from_secs(60), "strace holds every thread", || {
            let ended = tracer.try_wait().expect("it is ours");
            assert_eq!(ended, None, "strace may not attach");
            is_held(process.id(), tracer.id()).then_some(())
        });
        Self {
            tracer,
            record: record.to_owned(),
        }
    }

    /// Returns how often this call was recorded.
    pub fn count(&self, name: &str) -> usize {
        let record = std::fs::read_to_string(&self.record).unwrap_or_default();
        let call = format!(" {name}(");
        record.lines().filter(|line| line.contains(&call)).count()
    }
}

impl Drop for Strace {
    fn drop(&mut self) {
        // Asked to end, it lets every thread go first.
        let pid = self.tracer.id().to_string();
        drop(
            Command::new("kill")
                .args(["-TERM", &pid])
                .stderr(Stdio::null())
                .status(),
        );
        drop(self.tracer.wait());
    }
}

/// Tells whether a tracer holds all threads of a process.
fn is_held(process: u32, tracer: u32) -> bool {
    let line = format!("TracerPid:\t{tracer}");
    let Ok(threads) = std::fs::read_dir(format!("/proc/{process}/task")) else {
        return false;
    };
    threads.flatten().all(|thread| {
        let status = std::fs::read_to_string(thread.path().join("status"));
        // One that has ended meanwhile needs no holding.
        status.map_or(true, |status| status.lines().any(|found| found == line))
    })
}
