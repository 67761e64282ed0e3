//! Where the repository and its build directory are.

use std::path::{Path, PathBuf};

use anyhow::Context;

/// The repository, and the build directory that cargo uses for it.
#[derive(Debug)]
pub(crate) struct Workspace {
    root: PathBuf,
    target: PathBuf,
}

impl Workspace {
    /// Finds both from the places that cargo gives to its subprocesses.
    pub(crate) fn find() -> anyhow::Result<Self> {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = manifest
            .ancestors()
            .nth(2)
            .context("the manifest of xtask lies in no workspace")?;
        let program = std::env::current_exe()?;
        // target/debug/xtask, or target/debug/deps/xtask-… under `cargo test`.
        let target = program
            .ancestors()
            .find(|folder| folder.file_name().is_some_and(|name| name == "debug"))
            .and_then(Path::parent)
            .context("xtask is not run from a debug build directory")?;
        Ok(Self {
            root: root.to_owned(),
            target: target.to_owned(),
        })
    }

    /// Returns the folder of the repository.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the build directory.
    pub(crate) fn target(&self) -> &Path {
        &self.target
    }
}
