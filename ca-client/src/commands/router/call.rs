//! `router call`: any command of RouterOS, over the door of the fleet file.

use std::collections::BTreeMap;
use std::path::Path;

use ca_routeros::{Reply, WrittenCall, WrittenCallError};
use ca_types::Hinted as _;
use serde::Serialize;
use zeroize::Zeroizing;

use super::Context;
use super::each::warn_of_readers;
use crate::cli::CallArguments;
use crate::error::{CommandError, ExitStatus};
use crate::passphrase::read_passphrase;
use crate::router::{FleetFile, log_in};

#[derive(Debug, Serialize)]
struct ReplyDocument<'a> {
    router: &'a str,
    /// The rows with the names and values of RouterOS.
    rows: Vec<BTreeMap<&'a str, &'a str>>,
    /// The id of what `add` made, where the release returns it.
    #[serde(skip_serializing_if = "Option::is_none")]
    ret: Option<&'a str>,
}

pub(super) async fn run(
    arguments: &CallArguments,
    context: &mut Context,
) -> Result<ExitStatus, CommandError> {
    let written = written(arguments)?;
    let fleet = FleetFile::read(&arguments.fleet)?;
    let entry = fleet.one(&arguments.router)?;
    if let Some(file) = fleet.password_file(entry) {
        warn_of_readers(&file, context)?;
    }
    let spinner = context.printer.spinner(format!("calling {}", entry.name));
    let mut router = log_in(entry, &fleet, arguments.insecure_plain).await?;
    let reply = router.call(&written.call()).await?;
    drop(spinner);
    context
        .printer
        .data(&document(&entry.name, &reply), || text(&reply))?;
    Ok(ExitStatus::Success)
}

fn written(arguments: &CallArguments) -> Result<WrittenCall, CommandError> {
    let mut written =
        WrittenCall::parse(&arguments.command, &arguments.words).map_err(|error| usage(&error))?;
    for secret in &arguments.secret {
        let (name, file) = secret.split_once('=').ok_or_else(|| CommandError::Usage {
            what: "--secret: wanted NAME=FILE".to_owned(),
            hint: "for example --secret password=anna.password".to_owned(),
        })?;
        let value = read_passphrase(Path::new(file))?;
        let value = str::from_utf8(value.expose()).map_err(|_source| CommandError::Usage {
            what: format!("{file} is no text"),
            hint: "values of RouterOS are texts".to_owned(),
        })?;
        written
            .add_secret(name, Zeroizing::new(value.to_owned()))
            .map_err(|error| usage(&error))?;
    }
    Ok(written)
}

fn usage(error: &WrittenCallError) -> CommandError {
    CommandError::Usage {
        what: error.to_string(),
        hint: error.hint().unwrap_or_default(),
    }
}

fn document<'a>(router: &'a str, reply: &'a Reply) -> ReplyDocument<'a> {
    ReplyDocument {
        router,
        rows: reply
            .rows
            .iter()
            .map(|row| row.fields().collect())
            .collect(),
        ret: reply.added.as_deref(),
    }
}

/// Writes one block per row, one line per field.
fn text(reply: &Reply) -> String {
    let blocks: Vec<String> = reply
        .rows
        .iter()
        .map(|row| {
            let fields = row.fields();
            fields
                .map(|(field, value)| format!("{field}: {}\n", value.escape_debug()))
                .collect()
        })
        .chain(reply.added.iter().map(|id| format!("ret: {id}\n")))
        .collect();
    blocks.join("\n")
}
