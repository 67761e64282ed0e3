//! One run of the command line, from its words to its exit code.

use std::ffi::OsString;

use ca_types::{Code, Hinted as _};
use clap::Parser as _;
use clap::error::ErrorKind;

use crate::cli::Cli;
use crate::commands::{self, Context};
use crate::error::ExitStatus;
use crate::printer::{Format, Printer, Streams};
use crate::settings::Environment;

/// Runs the command that `words` say; the first one is the name of the program.
pub async fn run(words: Vec<OsString>, environment: Environment, streams: Streams) -> ExitStatus {
    let cli = match Cli::try_parse_from(&words) {
        Ok(cli) => cli,
        Err(error) => return refuse_words(&error, Printer::new(streams, wanted_format(&words))),
    };
    let printer = Printer::new(streams, cli.output);
    let mut context = Context {
        profile_file: cli.profile_file,
        environment,
        printer,
    };
    // The state of all commands together is large; it lives on the heap.
    match Box::pin(commands::run(cli.command, &mut context)).await {
        Ok(status) => status,
        Err(error) => {
            let status = error.exit_status();
            if status == ExitStatus::Success {
                return status;
            }
            let (message, hint) = (error.to_string(), error.hint());
            match context
                .printer
                .error(error.code(), &message, hint.as_deref())
            {
                Ok(()) => status,
                Err(_unwritable) => ExitStatus::Failed,
            }
        }
    }
}

/// Prints help where it was asked for, and says what is wrong with the words otherwise.
fn refuse_words(error: &clap::Error, mut printer: Printer) -> ExitStatus {
    let text = error.render().to_string();
    let is_help = matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    );
    let (printed, status) = if is_help {
        (printer.octets(text.as_bytes()), ExitStatus::Success)
    } else {
        let text = text.strip_prefix("error: ").unwrap_or(&text);
        let message = text.split("\n\nUsage:").next().unwrap_or(text);
        let message = message
            .split("\n\nFor more information")
            .next()
            .unwrap_or(message);
        let hint = "`ca-client --help`, or `ca-client COMMAND --help`, shows what there is";
        (
            printer.error(Code::InvalidRequest, message.trim(), Some(hint)),
            ExitStatus::Failed,
        )
    };
    printed.map_or(ExitStatus::Failed, |()| status)
}

/// Finds the wanted format in words that do not parse.
fn wanted_format(words: &[OsString]) -> Format {
    let is_json = words.iter().any(|word| word == "--output=json")
        || words
            .windows(2)
            .any(|pair| matches!(pair, [flag, value] if flag == "--output" && value == "json"));
    if is_json { Format::Json } else { Format::Text }
}
