//! The same work on every chosen router, and the summary.

use std::collections::BTreeSet;
use std::path::Path;

use ca_deploy::RouterEntry;
use ca_types::{Code, Hinted};
use serde::Serialize;

use super::Context;
use crate::cli::ReachArguments;
use crate::error::{CommandError, ExitStatus};
use crate::files;
use crate::router::FleetFile;

/// What came of the work on one router.
#[derive(Debug)]
pub(super) struct Done<T> {
    pub(super) router: String,
    pub(super) result: Result<T, CommandError>,
}

/// An error in the summary.
#[derive(Debug, Serialize)]
pub(super) struct ErrorDocument {
    code: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

impl ErrorDocument {
    pub(super) fn new(error: &CommandError) -> Self {
        Self {
            code: error.code().as_str(),
            message: error.to_string(),
            hint: error.hint(),
        }
    }
}

/// Does the work on eight routers at once, with a sign of life; what goes wrong on one stops no other.
pub(super) async fn each<T>(
    what: &str,
    fleet: &FleetFile,
    arguments: &ReachArguments,
    context: &mut Context,
    work: impl AsyncFn(&RouterEntry) -> Result<T, CommandError>,
) -> Result<Vec<Done<T>>, CommandError> {
    let routers = fleet.chosen(&arguments.fleet.names)?;
    let files: BTreeSet<_> = routers
        .iter()
        .filter_map(|entry| fleet.password_file(entry))
        .collect();
    for file in files {
        warn_of_readers(&file, context)?;
    }
    let spinner = context
        .printer
        .spinner(format!("{what}: {} routers", routers.len()));
    let left = std::cell::Cell::new(routers.len());
    let (work, left, spinner) = (&work, &left, &spinner);
    let jobs = routers.into_iter().map(|entry| async move {
        let result = work(entry).await;
        left.set(left.get().saturating_sub(1));
        spinner.say(format!("{what}: {} routers to go", left.get()));
        Done {
            router: entry.name.clone(),
            result,
        }
    });
    Ok(ca_deploy::run(jobs.collect()).await)
}

/// A password that others can read is used, and said.
pub(super) fn warn_of_readers(file: &Path, context: &mut Context) -> Result<(), CommandError> {
    if files::is_readable_by_others(file) {
        context.printer.warn(format_args!(
            "{} can be read by others: chmod 600 makes it yours",
            file.display()
        ))?;
    }
    Ok(())
}

/// Says what went wrong, each router once.
pub(super) fn explain<T>(done: &[Done<T>], context: &mut Context) -> Result<(), CommandError> {
    for one in done {
        let Err(error) = &one.result else { continue };
        let message = format!("{}: {error}", one.router);
        context
            .printer
            .error_as_talk(&message, error.hint().as_deref())?;
    }
    Ok(())
}

/// Any router that was not done makes the exit code 1.
pub(super) fn status<T>(done: &[Done<T>], good: impl Fn(&T) -> bool) -> ExitStatus {
    let all = done.iter().all(|one| one.result.as_ref().is_ok_and(&good));
    if all {
        ExitStatus::Success
    } else {
        ExitStatus::Refused
    }
}

/// Wants at least one router.
pub(super) fn refuse_empty(fleet: &FleetFile, names: &[String]) -> Result<(), CommandError> {
    if fleet.chosen(names)?.is_empty() {
        return Err(CommandError::Check {
            code: Code::NotFound,
            what: "the fleet file has no routers".to_owned(),
            hint: "`ca-client router add` adds one".to_owned(),
        });
    }
    Ok(())
}
