//! What the machine says of a process, and how it forgets what it read.

use std::{fs, path::Path, time::Duration};

use anyhow::Context as _;

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

/// Makes the system forget what it read of files, and says when it may not.
pub(crate) fn drop_page_cache() {
    // What is dirty cannot be forgotten.
    let dropped = std::process::Command::new("sync")
        .status()
        .and_then(|_status| fs::write(Path::new("/proc/sys/vm/drop_caches"), "3\n"));
    match dropped {
        Ok(()) => println!("the page cache was dropped"),
        Err(error) => println!("the page cache was NOT dropped: {error}"),
    }
}

pub(crate) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// The middle one of several measurements.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
