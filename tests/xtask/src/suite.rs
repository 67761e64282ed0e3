//! The long tasks: `test` and `lint`.

use crate::{cargo, demo, fuzz, packages, steps::Steps, tidy, workspace::Workspace};

/// Runs all checks and tests.
pub(crate) fn test(workspace: &Workspace) -> anyhow::Result<()> {
    let mut steps = Steps::of("test");
    steps.step("packages", || packages::ensure(workspace))?;
    steps.step("format", || cargo::format_check(workspace))?;
    steps.step("tidy", || tidy::run(workspace))?;
    steps.step("clippy", || cargo::clippy(workspace))?;
    steps.step("build", || cargo::build(workspace))?;
    let count = steps.step("tests", || cargo::test(workspace))?;
    steps.step("demo", || demo::run(workspace, &["--require-all"]))?;
    let executions = steps.step("fuzz", || fuzz::smoke(workspace))?;
    steps.finish(&format!(
        ": {} tests passed, {} failed, {executions} fuzz executions",
        count.passed, count.failed
    ));
    Ok(())
}

/// Runs the linters.
pub(crate) fn lint(workspace: &Workspace) -> anyhow::Result<()> {
    let mut steps = Steps::of("lint");
    steps.step("format", || cargo::format_check(workspace))?;
    steps.step("clippy", || cargo::clippy(workspace))?;
    steps.step("deny", || cargo::deny(workspace))?;
    steps.finish("");
    Ok(())
}
