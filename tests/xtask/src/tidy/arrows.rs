//! Which crate may use which: only downward, and only these.

use std::{collections::BTreeMap, path::Path, process::Command};

use anyhow::Context;
use serde_json::Value;

use crate::process;

/// Our crates, and the crates of ours that each may use.
const ARROWS: [(&str, &[&str]); 13] = [
    ("ca-types", &[]),
    ("ca-verify", &["ca-types"]),
    ("ca-core", &["ca-verify", "ca-types"]),
    ("ca-proto", &["ca-types"]),
    ("ca-record", &[]),
    ("ca-routeros", &["ca-types"]),
    ("ca-store", &["ca-verify", "ca-types"]),
    ("ca-deploy", &["ca-routeros", "ca-verify", "ca-types"]),
    (
        "ca-server",
        &["ca-store", "ca-core", "ca-proto", "ca-verify", "ca-types"],
    ),
    (
        "ca-client",
        &[
            "ca-deploy",
            "ca-record",
            "ca-routeros",
            "ca-proto",
            "ca-verify",
            "ca-types",
        ],
    ),
    ("routeros-sim", &["ca-record"]),
    ("ca-tests", ANY),
    ("xtask", ANY),
];

const ANY: &[&str] = &["*"];

/// Crates whose code is a function of its arguments: no sockets, no runtime, no storage.
const PURE: [&str; 4] = ["ca-types", "ca-verify", "ca-core", "ca-record"];
const IMPURE: [&str; 7] = [
    "tokio",
    "tonic",
    "axum",
    "hyper",
    "sled",
    "tokio-rustls",
    "rustls",
];

pub(super) fn check(root: &Path, findings: &mut Vec<String>) -> anyhow::Result<()> {
    let metadata = process::read(
        Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args(["metadata", "--format-version=1", "--no-deps", "--locked"])
            .current_dir(root),
    )?;
    compare(&serde_json::from_str(&metadata)?, findings)
}

fn compare(metadata: &Value, findings: &mut Vec<String>) -> anyhow::Result<()> {
    let allowed: BTreeMap<&str, &[&str]> = ARROWS.into_iter().collect();
    for package in list(metadata, "packages")? {
        let name = text(package, "name")?;
        let Some(arrows) = allowed.get(name) else {
            findings.push(format!("crate {name} has no place in the table of arrows"));
            continue;
        };
        for dependency in list(package, "dependencies")? {
            let to = text(dependency, "name")?;
            let ours = allowed.contains_key(to);
            if ours && *arrows != ANY && !arrows.contains(&to) {
                findings.push(format!("crate {name} uses {to}: no such arrow"));
            }
            let in_tests_only = dependency.get("kind").and_then(Value::as_str) == Some("dev");
            if PURE.contains(&name) && IMPURE.contains(&to) && !in_tests_only {
                findings.push(format!("crate {name} uses {to}, and is to be pure"));
            }
        }
    }
    Ok(())
}

fn list<'a>(value: &'a Value, key: &str) -> anyhow::Result<&'a Vec<Value>> {
    value
        .get(key)
        .and_then(Value::as_array)
        .with_context(|| format!("cargo metadata has no list `{key}`"))
}

fn text<'a>(value: &'a Value, key: &str) -> anyhow::Result<&'a str> {
    value
        .get(key)
        .and_then(Value::as_str)
        .with_context(|| format!("cargo metadata has no text `{key}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, uses: &str, kind: Option<&str>, expect: &[&str]) {
        let metadata = serde_json::json!({"packages": [
            {"name": name, "dependencies": [{"name": uses, "kind": kind}]},
        ]});
        let mut findings = Vec::new();
        compare(&metadata, &mut findings).unwrap();
        assert_eq!(findings, expect);
    }

    #[test]
    fn arrows_go_downward_only() {
        check("ca-core", "ca-types", None, &[]);
        check(
            "ca-client",
            "ca-core",
            None,
            &["crate ca-client uses ca-core: no such arrow"],
        );
        check(
            "ca-server",
            "ca-routeros",
            Some("dev"),
            &["crate ca-server uses ca-routeros: no such arrow"],
        );
        check(
            "ca-new",
            "ca-types",
            None,
            &["crate ca-new has no place in the table of arrows"],
        );
    }

    #[test]
    fn pure_crates_know_no_sockets() {
        check(
            "ca-core",
            "tokio",
            None,
            &["crate ca-core uses tokio, and is to be pure"],
        );
        check("ca-core", "tokio", Some("dev"), &[]);
    }
}
