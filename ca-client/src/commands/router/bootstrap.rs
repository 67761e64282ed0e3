//! `router bootstrap`: the script for the console of a new router, printed or run over SSH.

use std::path::Path;

use ca_routeros::{Bootstrap, Door, Target, Trust, run_script};
use ca_types::Passphrase;
use serde::Serialize;

use super::Context;
use super::confirm::confirm;
use super::host_key::{first_host_key, openssh};
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

#[derive(Debug, Serialize)]
struct PreparedDocument<'a> {
    router: &'a str,
    password_file: &'a Path,
    fingerprint: &'a str,
}

pub(super) async fn run(
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
    let parameters = Bootstrap {
        name: &arguments.name,
        address: &arguments.address,
        door: arguments.door,
        user: &arguments.user,
        password: &password,
    };
    if let Some(admin) = &arguments.admin {
        return over_ssh(arguments, admin, &parameters, context).await;
    }
    let script = parameters.to_string();
    let document = BootstrapDocument {
        router: &arguments.name,
        password_file: file,
        script: &script,
    };
    context.printer.data(&document, || script.clone())?;
    context.printer.talk(format_args!(
        "paste this into the console of {}, then: {}",
        arguments.name,
        next_step(arguments, "WHAT-IT-PRINTED")
    ))?;
    Ok(ExitStatus::Success)
}

/// Shows the script without its password, asks, and runs it.
async fn over_ssh(
    arguments: &BootstrapArguments,
    admin: &str,
    parameters: &Bootstrap<'_>,
    context: &mut Context,
) -> Result<ExitStatus, CommandError> {
    let (address, port) = (&arguments.address, arguments.ssh_port);
    let file = arguments.admin_password_file.as_deref();
    let password = read_passphrase(file.unwrap_or_else(|| Path::new("")))?;
    let wanted = arguments.host_key.as_deref();
    let pin = first_host_key((address, port), "--host-key", wanted, context).await?;
    let hidden = Passphrase::from_file_content("…".as_bytes().to_vec());
    let shown = Bootstrap {
        password: &hidden,
        ..*parameters
    };
    context
        .printer
        .talk(format_args!("{}", shown.to_string().trim_end()))?;
    if !arguments.yes {
        confirm(&format!("run this on {address} as {admin}"), context)?;
    }
    let target = Target {
        address: address.clone(),
        port,
        door: Door::Ssh,
        user: admin.to_owned(),
        password,
        trust: Trust::Pins(vec![pin]),
    };
    let spinner = context.printer.spinner(format!("preparing {address}"));
    let printed = run_script(target, &parameters.to_string()).await?;
    drop(spinner);
    let fingerprint = match arguments.door {
        Door::Ssh => openssh(pin),
        Door::Rest | Door::RestPlain | Door::ApiSsl | Door::ApiPlain => printed,
    };
    let document = PreparedDocument {
        router: &arguments.name,
        password_file: &arguments.password_file,
        fingerprint: &fingerprint,
    };
    context
        .printer
        .data(&document, || format!("{fingerprint}\n"))?;
    context.printer.talk(format_args!(
        "prepared; now: {}",
        next_step(arguments, &fingerprint)
    ))?;
    Ok(ExitStatus::Success)
}

/// The command that brings the router into the fleet file.
fn next_step(arguments: &BootstrapArguments, fingerprint: &str) -> String {
    format!(
        "ca-client router add {} --address {} --door {} --user {} --password-file {} --fingerprint {fingerprint}",
        arguments.name,
        arguments.address,
        arguments.door,
        arguments.user,
        arguments.password_file.display()
    )
}
