//! Where the programs under test and the foreign ones are.

use std::path::{Path, PathBuf};

/// Returns the path of a program of the workspace, from the same build as the running one.
///
/// # Panics
/// When it was not built.
pub fn program(name: &str) -> PathBuf {
    let path = profile().join(name);
    assert!(
        path.is_file(),
        "{} is missing: build it with `cargo build --workspace --all-targets`",
        path.display()
    );
    path
}

/// Returns a program of the Python packages.
///
/// # Panics
/// When the packages are not installed.
pub fn peers(name: &str) -> PathBuf {
    let path = target().join("peers/venv/bin").join(name);
    assert!(
        path.exists(),
        "{} is missing: install it with `cargo xtask packages`",
        path.display()
    );
    path
}

/// Returns the folder of the repository.
///
/// # Panics
/// When the crate was moved since it was built.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the tests lie in the repository")
        .to_owned()
}

/// Returns the build directory.
///
/// # Panics
/// When the program does not run from a build directory.
pub fn target() -> PathBuf {
    profile()
        .parent()
        .expect("a profile lies in the build directory")
        .to_owned()
}

/// `target/debug` or `target/release`: the folder of the running program, tests lie one deeper.
fn profile() -> PathBuf {
    let running = std::env::current_exe().expect("the running program has a path");
    let folder = running.parent().expect("a file lies in a folder");
    if folder.ends_with("deps") {
        folder.parent().expect("deps lies in a profile").to_owned()
    } else {
        folder.to_owned()
    }
}
