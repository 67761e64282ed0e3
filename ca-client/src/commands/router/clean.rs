//! `router clean`: certificates that nothing refers to go.

use ca_deploy::{RouterEntry, UnusedCertificate, clean, removable};
use ca_types::{Clock as _, SystemClock};
use serde::Serialize;

use super::Context;
use super::confirm::confirm;
use super::doctor::UnusedDocument;
use super::each::{Done, ErrorDocument, each, explain, refuse_empty, status};
use crate::cli::CleanArguments;
use crate::error::{CommandError, ExitStatus};
use crate::printer::table;
use crate::router::{FleetFile, log_in};

#[derive(Debug, Serialize)]
struct CleanedDocument<'a> {
    router: &'a str,
    removed: Vec<UnusedDocument<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorDocument>,
}

pub(super) async fn run(
    arguments: &CleanArguments,
    context: &mut Context,
) -> Result<ExitStatus, CommandError> {
    let reach = &arguments.reach;
    let fleet = FleetFile::read(&reach.fleet.fleet)?;
    refuse_empty(&fleet, &reach.fleet.names)?;
    let named = &arguments.certificate;
    if !arguments.yes {
        let look = async |entry: &RouterEntry| -> Result<Vec<UnusedCertificate>, CommandError> {
            let mut router = log_in(entry, &fleet, reach.insecure_plain).await?;
            Ok(removable(router.as_mut(), entry, named, SystemClock.now()).await?)
        };
        let found = each("looking", &fleet, reach, context, look).await?;
        context.printer.talk(text(&found).trim_end())?;
        explain(&found, context)?;
        confirm("remove these", context)?;
    }
    let work = async |entry: &RouterEntry| -> Result<Vec<UnusedCertificate>, CommandError> {
        let mut router = log_in(entry, &fleet, reach.insecure_plain).await?;
        Ok(clean(router.as_mut(), entry, named, SystemClock.now()).await?)
    };
    let done = each("cleaning", &fleet, reach, context, work).await?;
    let documents: Vec<_> = done.iter().map(document).collect();
    context.printer.data(&documents, || text(&done))?;
    explain(&done, context)?;
    Ok(status(&done, |_| true))
}

fn document(done: &Done<Vec<UnusedCertificate>>) -> CleanedDocument<'_> {
    CleanedDocument {
        router: &done.router,
        removed: done.result.as_ref().map_or_else(
            |_error| Vec::new(),
            |removed| removed.iter().map(UnusedDocument::new).collect(),
        ),
        error: done.result.as_ref().err().map(ErrorDocument::new),
    }
}

fn text(done: &[Done<Vec<UnusedCertificate>>]) -> String {
    let rows: Vec<[String; 3]> = done
        .iter()
        .flat_map(|one| {
            let found = one.result.as_deref().unwrap_or_default();
            let row = |unused: &UnusedCertificate| {
                [
                    one.router.clone(),
                    unused.name.clone(),
                    unused.why.to_owned(),
                ]
            };
            found.iter().map(row)
        })
        .collect();
    if rows.is_empty() {
        return "nothing to remove\n".to_owned();
    }
    table(["ROUTER", "CERTIFICATE", "WHY"], &rows)
}
