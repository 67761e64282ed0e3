//! `router bootstrap`: the script for the console of a new router.

use std::path::Path;

use ca_routeros::Bootstrap;
use serde::Serialize;

use super::Context;
use crate::cli::BootstrapArguments;
use crate::error::{CommandError, ExitStatus};
use crate::files::{self, Existing, Mode};
use crate::passphrase::{generate_passphrase, read_passphrase};

#[derive(Debug, Serialize)]
struct BootstrapDocument<'a> {
    router: &'a str,
    password_file: &'a Path,
    script: &'a str,
}

pub(super) fn run(
    arguments: &BootstrapArguments,
    context: &mut Context,
) -> Result<ExitStatus, CommandError> {
    let file = &arguments.password_file;
    for (what, text) in [
        ("NAME", &arguments.name),
        ("--address", &arguments.address),
        ("--user", &arguments.user),
    ] {
        if text.is_empty() || text.chars().any(char::is_control) {
            return Err(CommandError::argument(
                what,
                ca_types::Code::InvalidRequest,
                "wanted a text without control characters",
            ));
        }
    }
    if !files::exists(file) {
        let drawn = generate_passphrase();
        files::write(file, drawn.expose(), Mode::Private, Existing::Keep)?;
        context
            .printer
            .talk(format_args!("wrote a new password to {}", file.display()))?;
    }
    let password = read_passphrase(file)?;
    let printable = |octet: &u8| (b' '..=b'~').contains(octet);
    if !password.expose().iter().all(printable) {
        return Err(CommandError::Usage {
            what: format!("{}: wanted a password of printable ASCII", file.display()),
            hint: "other characters do not survive the console of every release".to_owned(),
        });
    }
    let script = Bootstrap {
        name: &arguments.name,
        address: &arguments.address,
        door: arguments.door,
        user: &arguments.user,
        password: &password,
    }
    .to_string();
    let document = BootstrapDocument {
        router: &arguments.name,
        password_file: file,
        script: &script,
    };
    context.printer.data(&document, || script.clone())?;
    context.printer.talk(format_args!(
        "paste this into the console of {0}, then: ca-client router add {0} --address {1} --door {2} --user {3} \
         --password-file {4} --fingerprint WHAT-IT-PRINTED",
        arguments.name,
        arguments.address,
        arguments.door,
        arguments.user,
        file.display()
    ))?;
    Ok(ExitStatus::Success)
}
