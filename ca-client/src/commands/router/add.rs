//! `router add`: a prepared router comes into the fleet file.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ca_deploy::NewEntry;
use ca_routeros::{Door, Target, Trust, connect, handshake, system};
use ca_types::{Code, Fingerprint, KeyId, ProfileName};
use ca_verify::Certificate;
use serde::Serialize;

use super::Context;
use super::confirm::confirm_first;
use super::each::warn_of_readers;
use super::host_key::first_host_key;
use crate::arguments::{optional, subject_name, value};
use crate::cli::AddArguments;
use crate::error::{CommandError, ExitStatus};
use crate::passphrase::read_passphrase;
use crate::router::append;

#[derive(Debug, Serialize)]
struct AddedDocument<'a> {
    router: &'a str,
    identity: &'a str,
    version: &'a str,
    pin: String,
    fleet_file: &'a Path,
}

pub(super) async fn run(
    arguments: AddArguments,
    context: &mut Context,
) -> Result<ExitStatus, CommandError> {
    let profile: ProfileName = value("--profile", &arguments.profile)?;
    let certificate_name = arguments
        .certificate_name
        .as_ref()
        .unwrap_or(&arguments.address);
    let certificate_name = subject_name(certificate_name)?;
    let password = read_passphrase(&arguments.password_file)?;
    warn_of_readers(&arguments.password_file, context)?;
    let (address, door) = (&arguments.address, arguments.door);
    let port = arguments.port.unwrap_or_else(|| door.port());
    let pin = if door == Door::Ssh {
        let fingerprint = arguments.fingerprint.as_deref();
        first_host_key((address, port), "--fingerprint", fingerprint, context).await?
    } else {
        certificate_key(&arguments, port, context).await?
    };
    let spinner = context
        .printer
        .spinner(format!("looking at {address}:{port}"));
    let mut router = connect(Target {
        address: address.clone(),
        port,
        door,
        user: arguments.user.clone(),
        password,
        trust: Trust::Pins(vec![pin]),
    })
    .await?;
    let resource = system::resource(router.as_mut()).await?;
    let identity = system::identity(router.as_mut()).await?;
    drop(spinner);
    let version = resource.version.to_string();
    let password_file = relative(&arguments.password_file, &arguments.fleet);
    let found = format!("{identity}, RouterOS {version}");
    let entry = NewEntry {
        name: &arguments.name,
        address,
        door,
        port,
        user: &arguments.user,
        password_file: &password_file,
        pin,
        found: &found,
        profile: &profile,
        certificate_name: &certificate_name,
    };
    append(&arguments.fleet, &entry.to_string())?;
    let document = AddedDocument {
        router: &arguments.name,
        identity: &identity,
        version: &version,
        pin: format!("sha256:{pin}"),
        fleet_file: &arguments.fleet,
    };
    context.printer.data(&document, || {
        format!(
            "router    {}\nidentity  {identity}\nversion   {version}\npin       sha256:{pin}\nentry     {}\n",
            arguments.name,
            arguments.fleet.display()
        )
    })?;
    Ok(ExitStatus::Success)
}

/// Returns the key of the certificate that has the wanted fingerprint, or that the person who typed the command accepts.
async fn certificate_key(
    arguments: &AddArguments,
    port: u16,
    context: &mut Context,
) -> Result<KeyId, CommandError> {
    let address = &arguments.address;
    let wanted: Option<Fingerprint> = optional("--fingerprint", arguments.fingerprint.as_ref())?;
    let seen = handshake(address, port, None, FIRST_LOOK).await?;
    let shown = seen.certificates.first().map(Vec::as_slice);
    let shown = Certificate::from_der(shown.unwrap_or_default()).map_err(|source| {
        CommandError::Certificate {
            file: PathBuf::from(format!("{address}:{port}")),
            source,
        }
    })?;
    let fingerprint = shown.fingerprint();
    match wanted {
        Some(wanted) if wanted != fingerprint => {
            return Err(other_fingerprint(address, port, fingerprint));
        }
        Some(_) => {}
        None => {
            let what =
                format!("{address}:{port} has a certificate with the fingerprint {fingerprint}");
            confirm_first(&what, "--fingerprint", context)?;
        }
    }
    Ok(shown.public_key().key_id())
}

fn other_fingerprint(address: &str, port: u16, shown: Fingerprint) -> CommandError {
    CommandError::Check {
        code: Code::Unauthenticated,
        what: format!("{address}:{port} shows a certificate with the fingerprint {shown}"),
        hint: "compare it with what the console of the router prints; if it differs, somebody else answers there. \
               Nothing was sent"
            .to_owned(),
    }
}

/// Names a file as seen from the directory of the fleet file, where that is simple.
fn relative(file: &Path, fleet: &Path) -> String {
    let directory = fleet.parent().unwrap_or_else(|| Path::new(""));
    let absolute = || std::path::absolute(file).unwrap_or_else(|_source| file.to_owned());
    let named = match file.strip_prefix(directory) {
        Ok(below) if file.is_relative() => below.to_owned(),
        _ => absolute(),
    };
    named.display().to_string()
}

/// How long a router may take to show its certificate.
const FIRST_LOOK: Duration = Duration::from_secs(10);
