//! The rules that no compiler knows.

mod arrows;
mod documents;
mod layout;
mod protos;
mod seam;
mod sources;

use std::{path::Path, process::Command};

use anyhow::{Context, bail};

use crate::{process, workspace::Workspace};

/// Checks every rule and prints what breaks one.
pub(crate) fn run(workspace: &Workspace) -> anyhow::Result<()> {
    let findings = findings(workspace.root())?;
    for finding in &findings {
        println!("{finding}");
    }
    match findings.len() {
        0 => {
            println!("tidy: nothing to say");
            Ok(())
        }
        number => bail!("tidy: {number} findings"),
    }
}

fn findings(root: &Path) -> anyhow::Result<Vec<String>> {
    let tree = Tree::tracked(root)?;
    let mut findings = Vec::new();
    layout::check(&tree, &mut findings);
    arrows::check(root, &mut findings)?;
    sources::check(&tree, &mut findings);
    seam::check(&tree, &mut findings);
    protos::check(&tree, &mut findings);
    documents::check(&tree, &mut findings);
    Ok(findings)
}

/// The files under version control, as they are now.
#[derive(Debug)]
struct Tree {
    files: Vec<File>,
}

/// A file by its path from the root, with its text; a file that is not text has none.
#[derive(Debug)]
struct File {
    path: String,
    text: Option<String>,
}

impl Tree {
    fn tracked(root: &Path) -> anyhow::Result<Self> {
        let list = process::read(
            Command::new("git")
                .args(["ls-files", "-z"])
                .current_dir(root),
        )
        .context("tidy looks at the files under version control")?;
        let mut files = Vec::new();
        for path in list.split('\0').filter(|path| !path.is_empty()) {
            // A file that was removed and is still listed is about to be forgotten.
            let Ok(octets) = std::fs::read(root.join(path)) else {
                continue;
            };
            files.push(File {
                path: path.to_owned(),
                text: String::from_utf8(octets).ok(),
            });
        }
        Ok(Self { files })
    }

    /// The text files whose path ends so.
    fn ending<'a>(&'a self, end: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.files
            .iter()
            .filter(move |file| file.path.ends_with(end))
            .filter_map(|file| Some((file.path.as_str(), file.text.as_deref()?)))
    }

    fn has(&self, path: &str) -> bool {
        let folder = format!("{path}/");
        self.files
            .iter()
            .any(|file| file.path == path || file.path.starts_with(&folder))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_is_tidy() {
        let findings = findings(Workspace::find().unwrap().root()).unwrap();
        assert!(findings.is_empty(), "\n{}", findings.join("\n"));
    }

    /// Runs one check over files that exist only here.
    #[track_caller]
    pub(super) fn check(
        rule: fn(&Tree, &mut Vec<String>),
        files: &[(&str, &str)],
        expect: &[&str],
    ) {
        let tree = Tree {
            files: files
                .iter()
                .map(|(path, text)| File {
                    path: (*path).to_owned(),
                    text: Some((*text).to_owned()),
                })
                .collect(),
        };
        let mut findings = Vec::new();
        rule(&tree, &mut findings);
        assert_eq!(findings, expect);
    }
}
