//! The program `ca-server`.

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Duration;

use ca_server::cli::Cli;
use ca_server::commands::run;
use ca_server::failure::Failure;
use ca_server::printer::Printer;
use ca_server::usage::{Usage, wanted_format};
use ca_types::Code;
use clap::Parser as _;

fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().collect();
    let cli = match Cli::try_parse_from(&words) {
        Ok(cli) => cli,
        Err(error) => return say(error.into(), Printer::for_process(wanted_format(&words))),
    };
    let mut printer = Printer::for_process(cli.output);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let ended = runtime.map_err(no_runtime).and_then(|runtime| {
        let ended = runtime.block_on(run(cli, &mut printer));
        // Only a store that is still being opened when the process is asked to end takes longer; a cut loses nothing.
        runtime.shutdown_timeout(Duration::from_secs(1));
        ended
    });
    ended.unwrap_or_else(|failure| {
        printer.failure(&failure);
        failure.exit_code()
    })
}

/// Answers words that are no command: help is data, everything else is wrong usage.
fn say(usage: Usage, mut printer: Printer) -> ExitCode {
    let failure = match usage {
        Usage::Asked(text) => match printer.text(&text) {
            Ok(()) => return ExitCode::SUCCESS,
            Err(error) => no_output(&error),
        },
        Usage::Wrong(failure) => failure,
    };
    printer.failure(&failure);
    ExitCode::from(2)
}

fn no_output(source: &std::io::Error) -> Failure {
    Failure {
        code: Code::Unavailable,
        message: format!("stdout takes nothing: {source}"),
        hint: Some("look at what stdout is connected to".to_owned()),
    }
}

fn no_runtime(source: std::io::Error) -> Failure {
    Failure {
        code: Code::Unavailable,
        message: format!("no threads to work with: {source}"),
        hint: None,
    }
}
