//! One run of the command line, from its words to its exit code.

use std::ffi::OsString;

use ca_types::{Code, Hinted as _};
use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser as _};

use crate::cli::Cli;
use crate::commands::{self, Context};
use crate::error::{CommandError, ExitStatus};
use crate::printer::{Format, Printer, Streams};
use crate::settings::Environment;

/// Describes the command line, for its documentation.
pub fn command_line() -> clap::Command {
    Cli::command()
}

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
            let printer = &mut context.printer;
            let said = if matches!(error, CommandError::Output(_)) {
                // A document would go the way that just failed.
                printer.error_as_talk(&message, hint.as_deref())
            } else {
                printer.error(error.code(), &message, hint.as_deref())
            };
            match said {
                Ok(()) => status,
                Err(_unwritable) => ExitStatus::Failed,
            }
        }
    }
}

/// Prints help where it was asked for, and says what is wrong with the words otherwise.
fn refuse_words(error: &clap::Error, mut printer: Printer) -> ExitStatus {
    let text = error.render().to_string();
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    ) {
        return match printer.octets(text.as_bytes()).map_err(CommandError::from) {
            Ok(()) => ExitStatus::Success,
            Err(error) => {
                let status = error.exit_status();
                if status != ExitStatus::Success {
                    // There is no third way to say it.
                    drop(printer.error_as_talk(&error.to_string(), error.hint().as_deref()));
                }
                status
            }
        };
    }
    let message = match error.kind() {
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => "wanted a command, none came",
        _ => {
            let text = text.strip_prefix("error: ").unwrap_or(&text);
            let message = text.split("\n\nUsage:").next().unwrap_or(text);
            let message = message.split("\n\nFor more information").next();
            message.unwrap_or(text).trim()
        }
    };
    let hint = "`ca-client --help`, or `ca-client COMMAND --help`, shows what there is";
    // That the words cannot even be answered changes nothing about the exit code.
    drop(printer.error(Code::InvalidRequest, message, Some(hint)));
    ExitStatus::Failed
}

/// Finds the wanted format in words that do not parse.
fn wanted_format(words: &[OsString]) -> Format {
    let is_json = words.iter().any(|word| word == "--output=json")
        || words
            .windows(2)
            .any(|pair| matches!(pair, [flag, value] if flag == "--output" && value == "json"));
    if is_json { Format::Json } else { Format::Text }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::files::{self, Existing, Mode};

    /// Keeps what is written for the test to read.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(octets);
            Ok(octets.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Kept {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    /// A directory with a profile file of a server where nobody listens, and some files.
    fn ground() -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, content: &str| {
            let file = directory.path().join(name);
            files::write(&file, content.as_bytes(), Mode::Private, Existing::Keep).unwrap();
        };
        write(
            "client.toml",
            "server = \"https://127.0.0.1:1\"\nca = \"absent.pem\"\n",
        );
        write(
            "wrong.toml",
            "server = \"https://127.0.0.1:1\"\nca = \"ca.pem\"\ncertifcate = \"a.pem\"\n",
        );
        write("file", "not a certificate\n");
        write("empty", "");
        directory
    }

    /// Runs words, in which `DIR` stands for the ground, and shows exit code, stdout and stderr.
    #[track_caller]
    fn check(words: &str, expect: &str) {
        let ground = ground();
        let place = ground.path().to_str().unwrap();
        let words = words.replace("DIR", place);
        let words = std::iter::once("ca-client")
            .chain(words.split(' '))
            .map(OsString::from);
        let (stdout, stderr) = (Kept::default(), Kept::default());
        let streams = Streams {
            stdout: Box::new(stdout.clone()),
            stderr: Box::new(stderr.clone()),
            stdout_is_terminal: false,
            stderr_is_terminal: false,
        };
        let environment = Environment {
            home: Some(ground.path().into()),
            ..Environment::default()
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let status = runtime.block_on(run(words.collect(), environment, streams));
        let shown = format!("{}\n{}---\n{}", status.code(), stdout.text(), stderr.text());
        assert_eq!(shown.replace(place, "DIR"), expect);
    }

    #[test]
    fn without_a_profile_file_the_places_are_listed() {
        check(
            "list",
            "2\n---\n\
             error: no profile file found; tried --profile-file and CA_CLIENT_PROFILE (not given), \
             DIR/.config/fleet-ca/client.toml\n\
             hint: `ca-server init` writes one into DIR/admin/client.toml: give it with --profile-file or \
             CA_CLIENT_PROFILE\n",
        );
    }

    #[test]
    fn a_profile_file_that_is_there_and_cannot_be_read_is_not_asked_for_again() {
        check(
            "--profile-file DIR/absent list",
            "2\n---\nerror: cannot read DIR/absent: No such file or directory (os error 2)\n\
             hint: give an existing profile file with --profile-file or CA_CLIENT_PROFILE\n",
        );
        check(
            "--profile-file DIR list",
            "2\n---\nerror: cannot read DIR: Is a directory (os error 21)\n\
             hint: name a file in the directory\n",
        );
    }

    #[test]
    fn a_wrong_key_of_the_profile_file_is_named_with_its_line() {
        check(
            "--profile-file DIR/wrong.toml list",
            "2\n---\n\
             error: DIR/wrong.toml:3: unknown field `certifcate`, expected one of `server`, `ca`, \
             `certificate`, `key`, `vpn`\n\
             hint: the keys are server = \"https://HOST:PORT\", ca, certificate and key; then [[vpn]] sections, which docs/clients.md describes\n",
        );
    }

    #[test]
    fn errors_are_documents_on_stdout_when_json_is_wanted_before_or_after_the_command() {
        let expect = "1\n{\n  \"error\": {\n    \"code\": \"invalid-request\",\n    \
                      \"message\": \"SERIAL|FILE: serial number: `x` is not a hexadecimal digit\",\n    \"hint\": \"`ca-client COMMAND --help` shows what each argument takes\"\n  }\n}\n---\n";
        check("--output json show x4", expect);
        check("show x4 --output json", expect);
        check("--output=json show x4", expect);
    }

    #[test]
    fn bad_values_are_refused_before_anything_else() {
        check(
            "revoke --serial 12g4",
            "1\n---\nerror: --serial: serial number: `g` is not a hexadecimal digit\n\
             hint: `ca-client COMMAND --help` shows what each argument takes\n",
        );
        check(
            "issue --profile router --name ../x --out DIR/o",
            "1\n---\nerror: --name: name `../x` is empty, begins with `.` or `-`, or holds `/` or a control \
             character\n\
             hint: `ca-client COMMAND --help` shows what each argument takes\n",
        );
        check(
            "issue --profile router --name -a --out DIR/o",
            "1\n---\nerror: --name: name `-a` is empty, begins with `.` or `-`, or holds `/` or a control \
             character\n\
             hint: `ca-client COMMAND --help` shows what each argument takes\n",
        );
        check(
            "issue --profile router --name a --san uri:x --out DIR/o",
            "1\n---\nerror: --san: subject alternative name `uri:x`: wanted dns:…, ip:… or email:…\n\
             hint: `ca-client COMMAND --help` shows what each argument takes\n",
        );
        check(
            "sign --profile router --csr DIR/file --out DIR/o",
            "1\n---\nerror: DIR/file: wanted one certification request in PEM or DER\n\
             hint: `openssl req -in DIR/file -noout -text` shows what is in it\n",
        );
    }

    #[test]
    fn numbers_and_times_on_the_command_line_say_what_was_wanted() {
        let refused = |words: &str, said: &str| {
            let hint = "`ca-client --help`, or `ca-client COMMAND --help`, shows what there is";
            check(
                words,
                &format!("2\n---\nerror: invalid value {said}\nhint: {hint}\n"),
            );
        };
        refused(
            "list --expires-within 3x",
            "'3x' for '--expires-within <TIME>': wanted a time such as 90m, 12h, 30d or 8w",
        );
        refused(
            "renew --cert a.pem --out o --days -5",
            "'-5' for '--days <N>': -5 is not in 1..=4294967295",
        );
        refused(
            "audit show --first -1",
            "'-1' for '--first <LEAF>': wanted a whole number from 0",
        );
        refused(
            "list --limit 0",
            "'0' for '--limit <N>': wanted a whole number from 1",
        );
    }

    #[test]
    fn what_cannot_be_done_ends_with_two() {
        check(
            "--profile-file DIR/client.toml issue --profile router --name a --out DIR/file",
            "2\n---\nerror: cannot make the directory DIR/file: File exists (os error 17)\n\
             hint: something else has this name: choose another place\n",
        );
        check(
            "--profile-file DIR/client.toml issue --profile router --name a --out DIR/file/x",
            "2\n---\nerror: cannot make the directory DIR/file/x: Not a directory (os error 20)\n\
             hint: a part of the path is a file: choose a directory\n",
        );
        check(
            "--profile-file DIR/client.toml issue --profile router --name a --p12 --out DIR/o",
            "2\n---\nerror: a PKCS#12 file needs a passphrase\n\
             hint: give one with --key-passphrase-file, or use --generate-passphrase\n",
        );
        check(
            "--profile-file DIR/client.toml list",
            "2\n---\nerror: profile file DIR/client.toml has no `certificate` and `key`\n\
             hint: only renew and rekey work without one; ask an admin for `ca-client actor add`\n",
        );
        check(
            "show DIR/absent.pem",
            "2\n---\nerror: cannot read DIR/absent.pem: No such file or directory (os error 2)\n\
             hint: look for it with `ls DIR`; a path begins at the current directory\n",
        );
        check(
            "issuer",
            "2\n---\nerror: wanted a command, none came\n\
             hint: `ca-client --help`, or `ca-client COMMAND --help`, shows what there is\n",
        );
        check(
            "revoke --serial 12 --reason bored",
            "2\n---\nerror: invalid value 'bored' for '--reason <REASON>'\n  [possible values: unspecified, \
             key-compromise, affiliation-changed, superseded, cessation-of-operation, privilege-withdrawn]\n\
             hint: `ca-client --help`, or `ca-client COMMAND --help`, shows what there is\n",
        );
        check(
            "exprt",
            "2\n---\nerror: unrecognized subcommand 'exprt'\n\n  tip: a similar subcommand exists: 'export'\n\
             hint: `ca-client --help`, or `ca-client COMMAND --help`, shows what there is\n",
        );
    }

    #[test]
    fn names_that_would_overwrite_a_chain_are_refused() {
        check(
            "--profile-file DIR/client.toml issue --profile router --name chain --out DIR/o",
            "1\n---\nerror: name `chain`: `chain.pem` is another file in the directory\nhint: choose another name\n",
        );
    }

    #[test]
    fn the_words_of_the_command_line_are_consistent() {
        command_line().debug_assert();
    }
}
