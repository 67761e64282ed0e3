//! What the machine says of a process, and how it forgets what it read.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};

/// The resident memory of a process in megabytes: now, and at its peak.
pub(crate) fn resident(id: u32) -> anyhow::Result<[f64; 2]> {
    let status = fs::read_to_string(format!("/proc/{id}/status"))?;
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kibibytes: f64 = line
            .and_then(|rest| rest.split_whitespace().next())
            .context("no such field of the status")?
            .parse()?;
        anyhow::Ok(kibibytes * 1_024.0 / 1e6)
    };
    Ok([field("VmRSS:")?, field("VmHWM:")?])
}

/// Makes the system forget what it read of files.
pub(crate) fn drop_page_cache() -> anyhow::Result<()> {
    // What is dirty cannot be forgotten.
    let synced = Command::new("sync").status()?;
    ensure!(synced.success(), "sync: {synced}");
    fs::write(Path::new("/proc/sys/vm/drop_caches"), "3\n")
        .context("the page cache cannot be dropped; the bench wants root, on a machine of its own")
}

/// Runs a command to its end; returns its seconds and, in megabytes, its resident memory at the peak.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<[f64; 2]> {
    let begun = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn()?;
    let mut highest = 0.0;
    loop {
        let ended = child.try_wait()?;
        if let Some(status) = ended {
            ensure!(status.success(), "{command:?}: {status}");
            return Ok([begun.elapsed().as_secs_f64(), highest]);
        }
        // A process that has ended meanwhile has no memory.
        if let Ok([_now, peak]) = resident(child.id()) {
            highest = peak;
        }
        thread::sleep(GLANCE);
    }
}

/// How often a command that runs is looked at.
const GLANCE: Duration = Duration::from_millis(10);

pub(crate) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// The middle one of several measurements.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
