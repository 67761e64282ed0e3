//! Documents that are generated from the code.

use std::process::Command;

use crate::{
    cargo::{self, MINUTE},
    process,
    workspace::Workspace,
};

/// Writes the generated documents, or checks them with `--check`.
pub(crate) fn command(workspace: &Workspace, words: &[&str]) -> anyhow::Result<()> {
    match words {
        [] | ["--check"] => {}
        other => anyhow::bail!(
            "docs takes only --check, and came with `{}`",
            other.join(" ")
        ),
    }
    cargo::build(workspace)?;
    // Knows the command lines and settings, so it is a program of the tests and not of xtask.
    let program = workspace.target().join("debug/generated-documents");
    process::run(
        Command::new(program)
            .args(words)
            .current_dir(workspace.root()),
        MINUTE,
    )
}
