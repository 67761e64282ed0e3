//! `audit show|submit`: the log of everything that changed, and what a restored one lacks.

use std::path::PathBuf;

use ca_types::{Code, Hinted as _, RequestId, SystemEntropy};
use ca_verify::Certificate;

use super::Context;
use crate::arguments::{certificate, optional};
use crate::cli::AuditCommand;
use crate::client::{AuditEntry, Client, ClientError};
use crate::error::{CommandError, ExitStatus};
use crate::json::{AuditEntryDocument, CertificateDocument};
use crate::printer::Printer;
use crate::report::certificate_table;

pub(super) async fn run(
    command: AuditCommand,
    context: &mut Context,
) -> Result<ExitStatus, CommandError> {
    match command {
        AuditCommand::Show { first, limit } => show(first, limit, context).await,
        AuditCommand::Submit { files, profile } => submit(&files, profile.as_ref(), context).await,
    }
}

/// Hands in one file after the other; one that is refused does not keep the others.
async fn submit(
    files: &[PathBuf],
    profile: Option<&String>,
    context: &mut Context,
) -> Result<ExitStatus, CommandError> {
    let profile = optional("--profile", profile)?;
    let certificates: Vec<Certificate> = files
        .iter()
        .map(|file| certificate(file))
        .collect::<Result<_, _>>()?;
    let client = context.client().await?;
    let mut records = Vec::new();
    let mut refused = 0_usize;
    for (file, certificate) in files.iter().zip(&certificates) {
        let request_id = RequestId::generate(&mut SystemEntropy);
        match client
            .submit(request_id, certificate, profile.as_ref())
            .await
        {
            Ok((record, is_new)) => {
                if !is_new {
                    let serial = record.serial;
                    context
                        .printer
                        .talk(format_args!("{serial} was known already"))?;
                }
                records.push(record);
            }
            Err(ClientError::Api(error)) if error.code() == Code::PolicyRefused => {
                refused += 1;
                context
                    .printer
                    .talk(format_args!("{}: {error}", file.display()))?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    let documents: Vec<_> = records.iter().map(CertificateDocument::new).collect();
    context
        .printer
        .data(&documents, || certificate_table(&records))?;
    Ok(if refused == 0 {
        ExitStatus::Success
    } else {
        ExitStatus::Refused
    })
}

async fn show(
    first: Option<u64>,
    limit: u64,
    context: &mut Context,
) -> Result<ExitStatus, CommandError> {
    let client = context.client().await?;
    let first = match first {
        Some(first) => first,
        None => client.tree_head().await?.size.saturating_sub(limit),
    };
    let entries = all_pages(&client, first, limit, &context.printer).await?;
    let documents: Vec<_> = entries.iter().map(AuditEntryDocument::new).collect();
    context
        .printer
        .data(&documents, || entries.iter().map(text).collect())?;
    Ok(ExitStatus::Success)
}

async fn all_pages(
    client: &Client,
    first: u64,
    limit: u64,
    printer: &Printer,
) -> Result<Vec<AuditEntry>, CommandError> {
    let spinner = printer.spinner("reading the log");
    let mut entries: Vec<AuditEntry> = Vec::new();
    loop {
        let so_far = u64::try_from(entries.len()).unwrap_or(u64::MAX);
        let wanted = limit.saturating_sub(so_far).min(LARGEST_PAGE);
        let next = first.saturating_add(so_far);
        let rows = u32::try_from(wanted).unwrap_or(u32::MAX);
        let page = client.audit_entries(next, rows).await?;
        let is_last = page.entries.is_empty();
        entries.extend(page.entries);
        spinner.say(format!("reading the log: {}", entries.len()));
        let count = u64::try_from(entries.len()).unwrap_or(u64::MAX);
        if is_last || count >= limit || first.saturating_add(count) >= page.size {
            return Ok(entries);
        }
    }
}

fn text(entry: &AuditEntry) -> String {
    let who = match (entry.actor.as_str(), entry.actor_key_id.get(..16)) {
        ("", None) => entry.address.clone(),
        ("", Some(key)) => format!("key {key}… from {}", entry.address),
        (actor, _) => format!("{actor} from {}", entry.address),
    };
    let mut text = format!("{} {} {who}\n", entry.leaf, entry.time);
    for change in &entry.changes {
        text.push_str("    ");
        text.push_str(change);
        text.push('\n');
    }
    text
}

const LARGEST_PAGE: u64 = 1_000;
