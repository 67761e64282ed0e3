//! What stands at the top of the repository.

use std::collections::BTreeSet;

use super::Tree;

const TOP: [&str; 19] = [
    ".cargo",
    ".ci",
    ".config",
    ".gitignore",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "ca-client",
    "ca-server",
    "clippy.toml",
    "deny.toml",
    "docs",
    "proto",
    "rust-toolchain.toml",
    "rustfmt.toml",
    "tests",
];

pub(super) fn check(tree: &Tree, findings: &mut Vec<String>) {
    let found: BTreeSet<&str> = tree
        .files
        .iter()
        .filter_map(|file| file.path.split('/').next())
        .collect();
    for name in &found {
        if !TOP.contains(name) {
            findings.push(format!("{name}: does not belong to the top level"));
        }
    }
    for name in TOP {
        if !found.contains(name) {
            findings.push(format!("{name}: is missing from the top level"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::check, *};

    #[test]
    fn the_top_level_is_exactly_the_known_one() {
        let mut files: Vec<(&str, &str)> = TOP.iter().map(|name| (*name, "")).collect();
        check(super::check, &files, &[]);
        files.retain(|(name, _)| *name != "LICENSE");
        files.push(("src/main.rs", ""));
        check(
            super::check,
            &files,
            &[
                "src: does not belong to the top level",
                "LICENSE: is missing from the top level",
            ],
        );
    }
}
