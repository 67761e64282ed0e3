//! `audit show`: the log of everything that changed.

use crate::cli::AuditShowArguments;
use crate::client::{AuditEntry, Client, EntryFilter};
use crate::commands::Context;
use crate::error::{CommandError, ExitStatus};
use crate::json::AuditEntryDocument;
use crate::printer::Printer;

pub(super) async fn run(
    arguments: AuditShowArguments,
    context: &mut Context,
) -> Result<ExitStatus, CommandError> {
    let AuditShowArguments {
        first,
        limit,
        actor,
        name,
        serial,
        since,
        until,
    } = arguments;
    let filter = EntryFilter {
        actor,
        name,
        serial,
        since,
        until,
    };
    let client = context.client().await?;
    let first = match first {
        Some(first) => first,
        None if filter != EntryFilter::default() => 0,
        None => client.tree_head().await?.size.saturating_sub(limit),
    };
    let entries = all_pages(&client, first, limit, &filter, &context.printer).await?;
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
    filter: &EntryFilter,
    printer: &Printer,
) -> Result<Vec<AuditEntry>, CommandError> {
    let spinner = printer.spinner("reading the log");
    let mut entries: Vec<AuditEntry> = Vec::new();
    let mut next = first;
    loop {
        let so_far = u64::try_from(entries.len()).unwrap_or(u64::MAX);
        let wanted = limit.saturating_sub(so_far).min(LARGEST_PAGE);
        let rows = u32::try_from(wanted).unwrap_or(u32::MAX);
        let page = client.audit_entries(next, rows, filter).await?;
        entries.extend(page.entries);
        spinner.say(format!(
            "reading the log: leaf {} of {}, {} entries",
            page.next,
            page.size,
            entries.len()
        ));
        let count = u64::try_from(entries.len()).unwrap_or(u64::MAX);
        // A server that does not go on would be asked for ever.
        if count >= limit || page.next >= page.size || page.next <= next {
            return Ok(entries);
        }
        next = page.next;
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
