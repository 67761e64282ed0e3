//! The program `ca-server`.

use std::process::ExitCode;

use ca_server::cli::Cli;
use ca_server::commands::run;
use ca_server::failure::Failure;
use ca_server::printer::Printer;
use ca_types::Code;
use clap::Parser as _;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut printer = Printer::for_process(cli.output);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let ended = runtime
        .map_err(no_runtime)
        .and_then(|runtime| runtime.block_on(run(cli, &mut printer)));
    ended.unwrap_or_else(|failure| {
        printer.failure(&failure);
        failure.exit_code()
    })
}

fn no_runtime(source: std::io::Error) -> Failure {
    Failure {
        code: Code::Unavailable,
        message: format!("no threads to work with: {source}"),
        hint: None,
    }
}
