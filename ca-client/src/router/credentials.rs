//! Logging in to a router of the fleet file.

use ca_deploy::{PasswordSource, RouterEntry};
use ca_routeros::{RouterTransport, Target, Trust};
use ca_types::{Code, Passphrase};

use super::FleetFile;
use crate::error::CommandError;
use crate::passphrase::read_passphrase;

/// Connects to a router of the fleet file and logs in.
pub(crate) async fn log_in(
    entry: &RouterEntry,
    fleet: &FleetFile,
    insecure_plain: bool,
) -> Result<Box<dyn RouterTransport>, CommandError> {
    let target = target(entry, fleet, insecure_plain)?;
    Ok(ca_routeros::connect(target).await?)
}

/// Gathers what it takes to reach a router.
fn target(
    entry: &RouterEntry,
    fleet: &FleetFile,
    insecure_plain: bool,
) -> Result<Target, CommandError> {
    let name = &entry.name;
    if !entry.door.is_encrypted() && !insecure_plain {
        return Err(CommandError::Check {
            code: Code::FailedPrecondition,
            what: format!(
                "router {name}: its door {} sends the password in the clear",
                entry.door
            ),
            hint: "use rest, api-ssl or ssh; --insecure-plain lets the password go, keys never"
                .to_owned(),
        });
    }
    if entry.door.is_encrypted() && entry.pins.is_empty() {
        return Err(CommandError::Check {
            code: Code::FailedPrecondition,
            what: format!("router {name} has no pins"),
            hint: "`ca-client router add` compares the fingerprint and writes the pin".to_owned(),
        });
    }
    Ok(Target {
        address: entry.address.clone(),
        port: entry.port,
        door: entry.door,
        user: entry.user.clone(),
        password: password(&entry.password, fleet)?,
        trust: Trust::Pins(entry.pins.clone()),
    })
}

fn password(source: &PasswordSource, fleet: &FleetFile) -> Result<Passphrase, CommandError> {
    match source {
        PasswordSource::File(file) => Ok(read_passphrase(&fleet.directory().join(file))?),
        PasswordSource::Environment(variable) => {
            let value = crate::settings::secret_variable(variable);
            value.ok_or_else(|| CommandError::Usage {
                what: format!("the variable {variable} is not set"),
                hint: "it holds the password of routers in the fleet file".to_owned(),
            })
        }
    }
}
