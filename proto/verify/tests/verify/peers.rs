//! The Python packages that judge what we judge.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs Python with the packages of the tests and returns what it prints.
#[expect(
    clippy::disallowed_methods,
    reason = "the tests ask a foreign program, the verifier asks nobody"
)]
pub(crate) fn python(words: &[&Path]) -> String {
    let running = std::env::current_exe().unwrap();
    // The build directory, the profile, deps, the running program.
    let target = running.ancestors().nth(3).unwrap();
    let python = target.join("peers/venv/bin/python");
    assert!(
        python.exists(),
        "{} is missing: install it with `cargo xtask packages`",
        python.display()
    );
    let output = Command::new(python).args(words).output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// Returns a script of the tests.
pub(crate) fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/peers")
        .join(name)
}
