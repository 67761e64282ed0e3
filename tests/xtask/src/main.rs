//! One command for everything that is done with this repository: `cargo xtask`.

mod bench;
mod cargo;
mod demo;
mod docs;
mod fuzz;
mod packages;
mod process;
mod steps;
mod suite;
mod tidy;
mod workspace;

use std::process::ExitCode;

use workspace::Workspace;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[&str]) -> anyhow::Result<()> {
    let workspace = Workspace::find()?;
    match words {
        [] | ["help" | "-h" | "--help", ..] | [_, "-h" | "--help", ..] => {
            print!("{HELP}");
            Ok(())
        }
        ["test"] => suite::test(&workspace),
        ["lint"] => suite::lint(&workspace),
        ["tidy"] => tidy::run(&workspace),
        ["fuzz", rest @ ..] => fuzz::command(&workspace, rest),
        ["bench", rest @ ..] => bench::command(&workspace, rest),
        ["demo", rest @ ..] => demo::command(&workspace, rest),
        ["docs", rest @ ..] => docs::command(&workspace, rest),
        ["packages"] => packages::ensure(&workspace),
        other => anyhow::bail!("`{}` is no task\n\n{HELP}", other.join(" ")),
    }
}

const HELP: &str = "\
cargo xtask TASK: everything that is done with this repository

  test              all checks and tests: what CI runs
  lint              rustfmt, clippy, and cargo-deny where it is installed
  tidy              the rules that no compiler knows: sizes, arrows, links, comments
  docs [--check]    writes the generated documents, or tells which are stale
  fuzz [TARGET] [SECONDS]
                    fuzzes one target, or all, for so many seconds each (default 10)
  bench [issue|lint|store]
                    measures issuing, policy and lint, or the store, against the floor of this machine
  demo [--require-all]
                    shows the main job; leaves out what needs root, or fails then
  packages          installs the programs that the tests judge by

Debian packages are installed as root; without root the apt-get line to type is printed.
";
