//! The cargo commands, written so that every crate is built once.

use std::{
    process::Command,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use crate::{process, workspace::Workspace};

/// The numbers in the `test result:` lines of a run.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TestCount {
    /// Tests that passed.
    pub(crate) passed: u32,
    /// Tests that failed.
    pub(crate) failed: u32,
    /// Tests that did not run.
    pub(crate) ignored: u32,
}

impl TestCount {
    fn add(&mut self, line: &str) {
        let Some(result) = line.strip_prefix("test result: ") else {
            return;
        };
        for part in result.split([';', '.']) {
            let mut words = part.split_whitespace();
            let (Some(number), Some(what)) = (words.next(), words.next()) else {
                continue;
            };
            let number: u32 = number.parse().unwrap_or_default();
            match what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                _ => {}
            }
        }
    }
}

/// Checks the formatting of every crate.
pub(crate) fn format_check(workspace: &Workspace) -> anyhow::Result<()> {
    process::run(
        cargo(workspace).args(["fmt", "--all", "--", "--check"]),
        MINUTE,
    )
}

/// Runs clippy over everything; a warning is an error.
pub(crate) fn clippy(workspace: &Workspace) -> anyhow::Result<()> {
    process::run(
        cargo(workspace)
            .args(["clippy", "--locked", "--workspace", "--all-targets"])
            .args(["--", "-D", "warnings"]),
        30 * MINUTE,
    )
}

/// Builds all targets: the same units as `cargo test`, and the programs beside them.
pub(crate) fn build(workspace: &Workspace) -> anyhow::Result<()> {
    process::run(
        cargo(workspace).args(["build", "--locked", "--workspace", "--all-targets"]),
        30 * MINUTE,
    )
}

/// Builds the programs, without what only the tests need.
pub(crate) fn build_programs(workspace: &Workspace) -> anyhow::Result<()> {
    process::run(
        cargo(workspace).args(["build", "--locked", "--workspace", "--bins"]),
        30 * MINUTE,
    )
}

/// Runs all tests and counts them.
pub(crate) fn test(workspace: &Workspace) -> anyhow::Result<TestCount> {
    let count = Arc::new(Mutex::new(TestCount::default()));
    let seen = Arc::clone(&count);
    let mut command = cargo(workspace);
    command.args(["test", "--locked", "--workspace", "--no-fail-fast"]);
    if std::env::var_os(THREADS).is_none() {
        // A story waits for other programs for nearly half of its time.
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        command.env(THREADS, (cores + cores.div_ceil(2)).to_string());
    }
    process::follow(&mut command, 50 * MINUTE, move |line| {
        seen.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .add(line);
    })?;
    let count = *count.lock().unwrap_or_else(PoisonError::into_inner);
    anyhow::ensure!(count.passed > 0, "no test ran");
    anyhow::ensure!(count.ignored == 0, "{} tests are ignored", count.ignored);
    Ok(count)
}

/// Checks licences, bans and sources, where cargo-deny is installed.
pub(crate) fn deny(workspace: &Workspace) -> anyhow::Result<()> {
    let installed = Command::new("cargo-deny")
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success());
    if !installed {
        println!("cargo-deny is not installed: `cargo install cargo-deny --locked` adds it");
        return Ok(());
    }
    process::run(
        cargo(workspace).args(["deny", "check", "bans", "licenses", "sources"]),
        10 * MINUTE,
    )
}

/// Returns a cargo command that runs in the repository.
pub(crate) fn cargo(workspace: &Workspace) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(workspace.root());
    command
}

/// How many tests run at once, for the test programs.
const THREADS: &str = "RUST_TEST_THREADS";

/// A minute.
pub(crate) const MINUTE: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_results_add_up() {
        let mut count = TestCount::default();
        for line in [
            "running 3 tests",
            "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s",
            "test result: FAILED. 1 passed; 2 failed; 4 ignored; 0 measured; 0 filtered out",
        ] {
            count.add(line);
        }
        let expect = TestCount {
            passed: 4,
            failed: 2,
            ignored: 4,
        };
        assert_eq!(count, expect);
    }
}
