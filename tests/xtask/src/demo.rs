//! The demonstration of the main job.

use crate::workspace::Workspace;

/// Runs the demonstration.
pub(crate) fn command(_workspace: &Workspace, _words: &[&str]) -> anyhow::Result<()> {
    anyhow::bail!("the demonstration comes with the routers")
}
