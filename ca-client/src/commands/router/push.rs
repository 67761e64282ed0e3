//! `router push`: certificates into routers.

use ca_deploy::{Job, PushOptions, Report, RouterEntry, push};
use ca_types::{SystemClock, SystemEntropy};
use rand_core::Rng as _;

use super::Context;
use super::confirm::confirm;
use super::each::{each, explain, refuse_empty, status};
use super::plan::{plans, text, warn_of_crls};
use super::verify::show;
use crate::cli::PushArguments;
use crate::error::{CommandError, ExitStatus};
use crate::router::{FleetEnroller, FleetFile, FromHere, hierarchy, log_in};

pub(super) async fn run(
    arguments: &PushArguments,
    context: &mut Context,
) -> Result<ExitStatus, CommandError> {
    let reach = &arguments.reach;
    let fleet = FleetFile::read(&reach.fleet.fleet)?;
    refuse_empty(&fleet, &reach.fleet.names)?;
    let client = context.client().await?;
    let issuers = client.issuers().await?;
    let routers = fleet.chosen(&reach.fleet.names)?;
    let hierarchy = hierarchy(&client, &issuers, &routers).await?;
    warn_of_crls(&hierarchy, &routers, context).await?;
    if !arguments.yes {
        let planned = plans(&fleet, &hierarchy, reach, context).await?;
        context.printer.talk(text(&planned).trim_end())?;
        explain(&planned, context)?;
        confirm("push this", context)?;
    }
    let options = PushOptions {
        accept_unproved: arguments.accept_unproved,
        accept_lockout: arguments.accept_lockout,
    };
    let work = async |entry: &RouterEntry| -> Result<Report, CommandError> {
        let mut router = log_in(entry, &fleet, reach.insecure_plain).await?;
        let enroller = FleetEnroller {
            client: &client,
            issuers: &issuers,
            fleet: &fleet,
            router: entry,
        };
        let job = Job {
            entry,
            hierarchy: &hierarchy,
            enroller: &enroller,
            outside: &FromHere,
            clock: &SystemClock,
            options,
            progress: &|_step| {},
        };
        Ok(push(router.as_mut(), &job, &mut file_name).await?)
    };
    let done = each("pushing", &fleet, reach, context, work).await?;
    show(&done, context)?;
    explain(&done, context)?;
    Ok(status(&done, |report: &Report| {
        report.is_good(arguments.accept_unproved)
    }))
}

/// Draws the name of a file on a router.
fn file_name() -> String {
    let mut octets = [0; 8];
    SystemEntropy.fill_bytes(&mut octets);
    format!("fleet-ca-{:016x}", u64::from_be_bytes(octets))
}
