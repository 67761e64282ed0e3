//! The commands of the manuals, typed as they stand.
//!
//! A `console` block is typed line by line into one shell per manual; an `sh` block builds or runs the project
//! itself, which `cargo xtask test` does around these tests.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use ca_tests::{Ports, Site, free_port, program, repository, run_within};

use crate::vault::Vault;

#[test]
fn the_commands_of_getting_started_work() {
    type_all("docs/getting-started.md", &[]);
}

#[test]
fn the_commands_of_operations_work() {
    let vault = Vault::start();
    type_all("docs/operations.md", &[vault.programs()]);
}

#[test]
fn the_commands_of_the_readme_work() {
    type_all("README.md", &[]);
}

/// The ceremonies, where getting started left off: the root lies elsewhere, and nobody is at its terminal.
#[test]
fn the_commands_of_hierarchy_work() {
    let mut script = String::new();
    for line in commands("docs/getting-started.md") {
        script.push_str(&line);
        script.push('\n');
        if line.starts_with("ca-server serve") {
            script.push_str(
                "curl --silent --fail --retry 100 --retry-delay 1 --retry-all-errors --output ready \
                 http://127.0.0.1:9090/readyz\n",
            );
        }
        if line.starts_with("export CA_CLIENT_PROFILE") {
            break;
        }
    }
    script.push_str(
        "ln -s elsewhere/root-offline root-offline\ncp root-offline/passphrase root-passphrase\n\
         cp passphrase old\necho 'another long passphrase' > new\n",
    );
    for line in commands("docs/hierarchy.md") {
        if line.starts_with("ca-server key rewrap") {
            script.push_str("kill %1\nwait %1 || true\n");
        }
        script.push_str(&line.replace("/var/lib/fleet-ca", "ca"));
        if line.starts_with("ca-server ceremony") {
            script.push_str(" --yes");
        }
        script.push('\n');
    }
    type_script(&script, &[]);
}

#[test]
fn blocks_of_the_manuals_are_typed_or_shown_only() {
    for manual in [
        "README.md",
        "docs/getting-started.md",
        "docs/operations.md",
        "docs/hierarchy.md",
    ] {
        for (language, lines) in blocks(manual) {
            match language.as_str() {
                "console" | "text" => {}
                // These are the build and the tasks that run these very tests.
                "sh" => {
                    for line in lines {
                        let known = [
                            "cargo build --release",
                            "cargo xtask demo",
                            "cargo xtask test",
                        ];
                        assert!(
                            known.contains(&line.as_str()),
                            "{manual}: `{line}` is run by nothing"
                        );
                    }
                }
                other => panic!("{manual}: a block of `{other}`"),
            }
        }
    }
}

/// Types all `console` blocks of a manual into one shell, with ports of this test and the programs of more folders.
fn type_all(manual: &str, folders: &[PathBuf]) {
    let mut script = String::new();
    for line in commands(manual) {
        script.push_str(&line);
        if line
            .trim_start_matches("! ")
            .starts_with("ca-server ceremony")
        {
            // A person types yes.
            script.push_str(" --yes");
        }
        if line.starts_with("! ") {
            // No shell stops by itself at a command that must fail and does not.
            script.push_str(" || { echo 'this was not refused' >&2; exit 1; }");
        }
        script.push('\n');
        if line.ends_with(" &") {
            // A person waits for the word `ready`; curl asks the same.
            script.push_str("curl --silent --fail --retry 100 --retry-delay 1 --retry-all-errors ");
            let place = if line.starts_with("routeros-sim") {
                "127.0.0.1:10080/requests"
            } else {
                "127.0.0.1:9090/readyz"
            };
            script.push_str(&format!("--output ready http://{place}\n"));
        }
    }
    type_script(&script, folders);
}

/// Runs a script in a shell of its own, which ends what it began, with the programs of more folders.
fn type_script(script: &str, folders: &[PathBuf]) {
    let site = Site::empty();
    let home = site.path("home");
    std::fs::create_dir(&home).expect("the test directory is writable");
    let ports = Ports::free();
    let begin = "set -eu -o pipefail\ntrap 'kill $(jobs -p) 2>/dev/null || true; wait' EXIT\n";
    let year = ca_types::Clock::now(&ca_types::SystemClock).year();
    let script = (begin.to_owned() + script)
        .replace("-2026-", &format!("-{year}-"))
        .replace("127.0.0.1:8443", &format!("127.0.0.1:{}", ports.grpc))
        .replace("127.0.0.1:8080", &format!("127.0.0.1:{}", ports.http))
        .replace("127.0.0.1:9090", &format!("127.0.0.1:{}", ports.operations))
        .replace("10443", &free_port().to_string())
        .replace("10080", &free_port().to_string());
    let programs = program("ca-server");
    let folder = programs.parent().expect("a program lies in a folder");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::split_paths(&path);
    let path = folders
        .iter()
        .cloned()
        .chain([folder.to_owned()])
        .chain(path);
    let path = std::env::join_paths(path).expect("no folder has a colon");
    // It ends the shell at the deadline, and the servers that the shell began: they would keep the pipes open.
    let mut shell = Command::new("timeout");
    shell
        .args(["--kill-after=10", "600", "bash", "-c"])
        .arg(script)
        .current_dir(&home)
        .env_remove("CA_CLIENT_PROFILE")
        .env("HOME", &home)
        .env("PATH", path);
    run_within(&mut shell, Duration::from_secs(630)).ok();
}

/// Returns the commands of the `console` blocks of a manual, each with the lines that go on with it.
fn commands(manual: &str) -> Vec<String> {
    let mut commands: Vec<String> = Vec::new();
    for (language, lines) in blocks(manual) {
        if language != "console" {
            continue;
        }
        let mut goes_on = false;
        for line in &lines {
            match (line.strip_prefix("$ "), commands.last_mut()) {
                (Some(command), _) => commands.push(command.to_owned()),
                (None, Some(last)) if goes_on => {
                    last.push('\n');
                    last.push_str(line);
                }
                (None, _) => {}
            }
            goes_on = line.ends_with('\\');
        }
    }
    commands
}

/// Returns the fenced blocks of a manual: their language and lines.
fn blocks(manual: &str) -> Vec<(String, Vec<String>)> {
    let text = std::fs::read_to_string(repository().join(manual)).expect("the manual is there");
    let mut blocks = Vec::new();
    let mut open: Option<(String, Vec<String>)> = None;
    for line in text.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(language)) => open = Some((language.to_owned(), Vec::new())),
            (None, None) => {}
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some((_, lines)), None) => lines.push(line.to_owned()),
        }
    }
    assert!(!blocks.is_empty(), "{manual} has no blocks");
    blocks
}
