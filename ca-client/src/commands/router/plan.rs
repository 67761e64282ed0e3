//! `router plan`: what a push would change.

use ca_deploy::{Hierarchy, Plan, RouterEntry, observe, plan};
use ca_types::{Clock as _, SystemClock};
use serde::Serialize;

use super::Context;
use super::each::{Done, ErrorDocument, each, explain, status};
use crate::cli::ReachArguments;
use crate::error::{CommandError, ExitStatus};
use crate::router::{FleetFile, crl_warnings, hierarchy, log_in};

#[derive(Debug, Serialize)]
struct PlanDocument<'a> {
    router: &'a str,
    steps: Vec<String>,
    warnings: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorDocument>,
}

pub(super) async fn run(
    arguments: &ReachArguments,
    context: &mut Context,
) -> Result<ExitStatus, CommandError> {
    let fleet = FleetFile::read(&arguments.fleet.fleet)?;
    let client = context.client().await?;
    let routers = fleet.chosen(&arguments.fleet.names)?;
    let hierarchy = hierarchy(&client, &client.issuers().await?, &routers).await?;
    warn_of_crls(&hierarchy, &routers, context).await?;
    let done = plans(&fleet, &hierarchy, arguments, context).await?;
    let documents: Vec<_> = done.iter().map(document).collect();
    context.printer.data(&documents, || text(&done))?;
    explain(&done, context)?;
    Ok(status(&done, |_| true))
}

/// Warns of CRLs that the routers will not reach.
pub(super) async fn warn_of_crls(
    hierarchy: &Hierarchy,
    routers: &[&RouterEntry],
    context: &mut Context,
) -> Result<(), CommandError> {
    for warning in crl_warnings(hierarchy, routers).await {
        context.printer.warn(warning)?;
    }
    Ok(())
}

/// Makes the plans of the chosen routers.
pub(super) async fn plans(
    fleet: &FleetFile,
    hierarchy: &Hierarchy,
    arguments: &ReachArguments,
    context: &mut Context,
) -> Result<Vec<Done<Plan>>, CommandError> {
    let look = async |entry: &RouterEntry| {
        let mut router = log_in(entry, fleet, arguments.insecure_plain).await?;
        let now = SystemClock.now();
        let observed = observe(router.as_mut(), now).await?;
        plan(entry, hierarchy, &observed, now)
            .map_err(|error| CommandError::from(ca_deploy::DeployError::from(error)))
    };
    each("looking", fleet, arguments, context, look).await
}

/// Shows plans to a person, one router after the other.
pub(super) fn text(done: &[Done<Plan>]) -> String {
    let mut text = String::new();
    for one in done {
        let Ok(plan) = &one.result else { continue };
        text.push_str(&one.router);
        if plan.is_empty() {
            text.push_str(": nothing to do\n");
        } else {
            text.push_str(":\n");
            for line in plan.lines() {
                text.push_str(&format!("  {line}\n"));
            }
        }
        for warning in warnings(plan) {
            text.push_str(&format!("  warning: {warning}\n"));
        }
    }
    text
}

/// Returns the warnings, and what a push would refuse.
fn warnings(plan: &Plan) -> Vec<String> {
    let lockout = plan.lockout.iter().map(|service| {
        format!("{service} is the only open door, and gets another certificate: push wants --accept-lockout")
    });
    lockout.chain(plan.warnings.iter().cloned()).collect()
}

fn document(done: &Done<Plan>) -> PlanDocument<'_> {
    let plan = done.result.as_ref();
    PlanDocument {
        router: &done.router,
        steps: plan.map_or_else(
            |_error| Vec::new(),
            |plan| plan.lines().iter().map(ToString::to_string).collect(),
        ),
        warnings: plan.map_or_else(|_error| Vec::new(), warnings),
        error: done.result.as_ref().err().map(ErrorDocument::new),
    }
}
