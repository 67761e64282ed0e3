//! The demonstration of the main job.

use std::process::Command;

use crate::{
    cargo::{self, MINUTE},
    packages, process,
    workspace::Workspace,
};

/// Builds the programs and runs the demonstration; the words are its own.
pub(crate) fn command(workspace: &Workspace, words: &[&str]) -> anyhow::Result<()> {
    packages::ensure(workspace)?;
    cargo::build_programs(workspace)?;
    run(workspace, words)
}

/// Runs the demonstration with programs that are built.
pub(crate) fn run(workspace: &Workspace, words: &[&str]) -> anyhow::Result<()> {
    // Plays with the hosts and routers of the tests, so it is a program of theirs.
    let program = workspace.target().join("debug/demo");
    process::run(
        Command::new(program)
            .args(words)
            .current_dir(workspace.root()),
        5 * MINUTE,
    )
}
