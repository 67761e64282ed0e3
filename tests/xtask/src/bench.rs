//! Measurements, against the floor of the machine they run on.

use std::process::Command;

use crate::{
    cargo::{self, MINUTE},
    process,
    workspace::Workspace,
};

/// Measures with a release build.
pub(crate) fn command(workspace: &Workspace, words: &[&str]) -> anyhow::Result<()> {
    let (bench, options) = match words {
        [] | ["issue"] => ("bench-issue", &[][..]),
        ["lint"] => ("bench-lint", &[][..]),
        ["store", options @ ..] => ("bench-store", options),
        other => anyhow::bail!(
            "there are the benches `issue`, `lint` and `store`, and `{}` came",
            other.join(" ")
        ),
    };
    process::run(
        cargo::cargo(workspace).args([
            "build",
            "--locked",
            "--release",
            "--package=ca-server",
            "--package=ca-client",
            "--package=ca-tests",
        ]),
        40 * MINUTE,
    )?;
    let program = workspace.target().join("release").join(bench);
    process::run(Command::new(program).args(options), 40 * MINUTE)
}
