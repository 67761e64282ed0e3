//! Fuzz targets, built as `cargo fuzz -s none` builds them, on the stable compiler.

use std::{
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use anyhow::{Context, ensure};

use crate::{
    cargo::{self, MINUTE},
    process,
    workspace::Workspace,
};

/// Each target runs at least so often, or the run is no test.
const LEAST_EXECUTIONS: u64 = 10_000;

/// Every target of `tests/fuzz`, with the longest input that makes sense for it.
const TARGETS: [(&str, u32); 25] = [
    ("certification_request", 4_096),
    ("certificate", 4_096),
    ("certificate_list", 4_096),
    ("log_record", 4_096),
    ("log_entry", 4_096),
    ("signed_note", 4_096),
    ("settings", 2_048),
    ("backup", 8_192),
    ("api_sentence", 1_024),
    ("fleet_file", 2_048),
    ("console_line", 512),
    ("sftp_packet", 1_024),
    ("ceremony", 4_096),
    ("lint_file", 4_096),
    ("rest_body", 512),
    ("import_file", 4_096),
    ("printed_rows", 512),
    ("router_record", 2_048),
    ("sstp_packet", 1_024),
    ("certificate_outline", 2_048),
    ("kept_tree", 2_056),
    ("api_session", 512),
    ("console_script", 512),
    ("rest_request", 512),
    ("file_session", 512),
];

/// What `cargo fuzz` adds for libFuzzer: counters for edges, and the values that are compared.
const RUSTFLAGS: &str = "--cfg fuzzing \
    -Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares";

/// Fuzzes the named target or all, for so many seconds each.
pub(crate) fn command(workspace: &Workspace, words: &[&str]) -> anyhow::Result<()> {
    let (name, seconds) = match words {
        [] => (None, "10"),
        [name] => (Some(*name), "10"),
        [name, seconds] => (Some(*name), *seconds),
        other => anyhow::bail!("wanted [TARGET] [SECONDS], and `{}` came", other.join(" ")),
    };
    let seconds: u32 = seconds
        .parse()
        .with_context(|| format!("seconds: `{seconds}`"))?;
    let host = build(workspace)?;
    let mut found = false;
    for (target, longest) in TARGETS {
        if name.is_none_or(|name| name == target) {
            found = true;
            fuzz(workspace, &host, target, longest, Bound::Seconds(seconds))?;
        }
    }
    ensure!(found, "no target `{}`: {TARGETS:?}", words.join(" "));
    Ok(())
}

/// Runs every target shortly and returns the sum of the executions.
pub(crate) fn smoke(workspace: &Workspace) -> anyhow::Result<u64> {
    let host = build(workspace)?;
    let mut sum = 0;
    for (target, longest) in TARGETS {
        let executions = fuzz(workspace, &host, target, longest, Bound::Smoke)?;
        println!("fuzz {target}: {executions} executions");
        ensure!(
            executions >= LEAST_EXECUTIONS,
            "fuzz {target}: {executions} executions, wanted at least {LEAST_EXECUTIONS}"
        );
        sum += executions;
    }
    Ok(sum)
}

#[derive(Debug, Clone, Copy)]
enum Bound {
    /// A fixed number of executions, on a busy machine too.
    Smoke,
    Seconds(u32),
}

fn build(workspace: &Workspace) -> anyhow::Result<String> {
    let host = process::read(
        Command::new("rustc")
            .args(["-vV"])
            .current_dir(workspace.root()),
    )?
    .lines()
    .find_map(|line| line.strip_prefix("host: ").map(str::to_owned))
    .context("rustc names no host")?;
    let mut command = cargo::cargo(workspace);
    command
        .current_dir(workspace.root().join("tests/fuzz"))
        .env("RUSTFLAGS", RUSTFLAGS)
        .env("CARGO_TARGET_DIR", workspace.target().join("fuzz"))
        // With a target named, build scripts and macros are left without the counters.
        .args(["build", "--locked", "--release", "--target", &host]);
    process::run(&mut command, 40 * MINUTE)?;
    Ok(host)
}

fn fuzz(
    workspace: &Workspace,
    host: &str,
    target: &str,
    longest: u32,
    bound: Bound,
) -> anyhow::Result<u64> {
    let program = workspace.target().join("fuzz").join(host).join("release");
    let found = workspace.target().join("fuzz/corpus").join(target);
    let crashes = workspace.target().join("fuzz/crashes").join(target);
    std::fs::create_dir_all(&found)?;
    std::fs::create_dir_all(&crashes)?;
    let seeds = workspace.root().join("tests/fuzz/corpus").join(target);
    ensure!(
        seeds.is_dir(),
        "no seeds for {target} in {}",
        seeds.display()
    );
    let deadline = match bound {
        Bound::Smoke => 10 * MINUTE,
        Bound::Seconds(seconds) => 5 * MINUTE + std::time::Duration::from_secs(seconds.into()),
    };
    let mut command = Command::new(program.join(target));
    command
        .arg(format!("-max_len={longest}"))
        .arg(format!("-artifact_prefix={}/", crashes.display()))
        .args(["-rss_limit_mb=2048", "-timeout=10", "-print_final_stats=1"]);
    match bound {
        // The same seed finds the same inputs again; what an earlier run found is left aside.
        Bound::Smoke => {
            let begin = found.with_extension("smoke");
            if begin.exists() {
                std::fs::remove_dir_all(&begin)?;
            }
            std::fs::create_dir_all(&begin)?;
            command.args(["-runs=20000", "-seed=1"]).arg(begin);
        }
        Bound::Seconds(seconds) => {
            command.arg(format!("-max_total_time={seconds}")).arg(found);
        }
    }
    command.arg(seeds);
    let executions = Arc::new(AtomicU64::new(0));
    let seen = Arc::clone(&executions);
    // libFuzzer talks on standard error; the statistics at the end are what counts.
    let mut shell = Command::new("sh");
    shell
        .arg("-c")
        .arg("exec \"$@\" 2>&1")
        .arg("sh")
        .arg(command.get_program())
        .args(command.get_args());
    process::follow(&mut shell, deadline, move |line| {
        if let Some(number) = line.strip_prefix("stat::number_of_executed_units:") {
            seen.store(number.trim().parse().unwrap_or(0), Ordering::Relaxed);
        }
    })
    .with_context(|| format!("fuzz {target}: the input is kept in {}", crashes.display()))?;
    Ok(executions.load(Ordering::Relaxed))
}
