//! `router probe`: what routers are and have.

use ca_deploy::{Observed, observe};
use ca_types::{Clock as _, SystemClock, UnixTime};
use serde::Serialize;

use super::Context;
use super::each::{Done, ErrorDocument, each, explain, status};
use crate::cli::ReachArguments;
use crate::error::{CommandError, ExitStatus};
use crate::printer::table;
use crate::router::{FleetFile, log_in};

#[derive(Debug, Serialize)]
struct ProbeDocument<'a> {
    router: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<FoundDocument<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorDocument>,
}

#[derive(Debug, Serialize)]
struct FoundDocument<'a> {
    identity: &'a str,
    version: String,
    board: &'a str,
    time: String,
    services: Vec<ServiceDocument<'a>>,
    certificates: usize,
    crl_use: bool,
}

#[derive(Debug, Serialize)]
struct ServiceDocument<'a> {
    name: &'a str,
    certificate: &'a str,
}

pub(super) async fn run(
    arguments: &ReachArguments,
    context: &mut Context,
) -> Result<ExitStatus, CommandError> {
    let fleet = FleetFile::read(&arguments.fleet.fleet)?;
    let look = async |entry: &ca_deploy::RouterEntry| {
        let mut router = log_in(entry, &fleet, arguments.insecure_plain).await?;
        Ok(observe(router.as_mut(), SystemClock.now()).await?)
    };
    let done = each("looking", &fleet, arguments, context, look).await?;
    let documents: Vec<_> = done.iter().map(document).collect();
    context.printer.data(&documents, || {
        let rows: Vec<[String; 6]> = documents.iter().map(row).collect();
        let heading = [
            "ROUTER",
            "IDENTITY",
            "VERSION",
            "BOARD",
            "CLOCK",
            "OPEN SERVICES",
        ];
        table(heading, &rows)
    })?;
    explain(&done, context)?;
    Ok(status(&done, |_| true))
}

fn document(done: &Done<Observed>) -> ProbeDocument<'_> {
    ProbeDocument {
        router: &done.router,
        found: done.result.as_ref().ok().map(found),
        error: done.result.as_ref().err().map(ErrorDocument::new),
    }
}

fn found(observed: &Observed) -> FoundDocument<'_> {
    let open = observed.services.iter().filter(|service| !service.disabled);
    FoundDocument {
        identity: &observed.identity,
        version: observed.version.to_string(),
        board: &observed.board,
        time: UnixTime::to_string(&observed.time),
        services: open
            .map(|service| ServiceDocument {
                name: &service.name,
                certificate: service.certificate.as_deref().unwrap_or("none"),
            })
            .collect(),
        certificates: observed.certificates.len(),
        crl_use: observed.crl_settings.crl_use,
    }
}

fn row(document: &ProbeDocument<'_>) -> [String; 6] {
    let router = document.router.to_owned();
    let Some(found) = &document.found else {
        let [identity, version, board, time] = std::array::from_fn(|_| "-".to_owned());
        return [router, identity, version, board, time, "-".to_owned()];
    };
    let services: Vec<&str> = found.services.iter().map(|service| service.name).collect();
    [
        router,
        found.identity.to_owned(),
        found.version.clone(),
        found.board.to_owned(),
        found.time.clone(),
        services.join(" "),
    ]
}
