//! The command line of Fleet CA.

use std::io::{self, IsTerminal as _};
use std::process::ExitCode;

use ca_client::{Environment, ExitStatus, Streams, run};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let streams = Streams {
        stdout: Box::new(io::stdout()),
        stderr: Box::new(io::stderr()),
        stdout_is_terminal: io::stdout().is_terminal(),
        stderr_is_terminal: io::stderr().is_terminal(),
    };
    let words = std::env::args_os().collect();
    let status: ExitStatus = run(words, Environment::read(), streams).await;
    ExitCode::from(status.code())
}
