//! Foreign programs that judge what we made.

use std::{path::Path, process::Command};

use crate::{Run, peers, run};

/// Runs OpenSSL.
#[track_caller]
pub fn openssl(folder: &Path, words: &[&str]) -> Run {
    run(Command::new("openssl").args(words).current_dir(folder))
}

/// Runs GnuTLS's certtool.
#[track_caller]
pub fn certtool(folder: &Path, words: &[&str]) -> Run {
    run(Command::new("certtool").args(words).current_dir(folder))
}

/// Something that pkilint found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The name of the rule.
    pub rule: String,
    /// What it says about this document.
    pub message: String,
}

/// Runs one of the linters of pkilint and returns its findings of the severity ERROR and above.
///
/// # Panics
/// When the linter itself fails.
#[track_caller]
pub fn pkilint(linter: &str, options: &[&str], files: &[&Path]) -> Vec<Finding> {
    let mut command = Command::new(peers(linter));
    command
        .args(["lint", "-s", "ERROR", "-f", "JSON"])
        .args(options)
        .args(files);
    let run = run(&mut command);
    let report = run.json();
    let results = report
        .get("results")
        .and_then(|results| results.as_array())
        .unwrap_or_else(|| panic!("no results: {run}"));
    let text = |value: &serde_json::Value, key: &str| {
        value
            .get(key)
            .and_then(|text| text.as_str())
            .unwrap_or_default()
            .to_owned()
    };
    results
        .iter()
        .filter_map(|result| result.get("finding_descriptions")?.as_array())
        .flatten()
        .map(|finding| Finding {
            rule: text(finding, "code"),
            message: text(finding, "message"),
        })
        .collect()
}
