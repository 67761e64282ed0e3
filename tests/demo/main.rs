//! The demonstration of the main job, for a person to read.

mod authority;
mod routers;
mod stage;

use std::process::ExitCode;

use anyhow::bail;
use stage::Stage;

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
    let require_all = match words {
        [] => false,
        ["--require-all"] => true,
        other => bail!(
            "demo takes only --require-all, and came with `{}`",
            other.join(" ")
        ),
    };
    let mut stage = Stage::open()?;
    authority::play(&mut stage)?;
    routers::play(&stage, require_all)?;
    println!(
        "\nIt all ran in {}; nothing of it is left behind.\n\
         To go on: `cargo build --release`, then docs/getting-started.md.",
        stage.folder().display()
    );
    Ok(())
}
