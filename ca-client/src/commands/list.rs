//! `list`: certificates, page by page until the end.

use ca_types::CertificateState;

use super::Context;
use crate::arguments::{optional, value};
use crate::cli::{ListArguments, StateArgument};
use crate::client::{CertificateRecord, Client, ListFilter};
use crate::error::{CommandError, ExitStatus};
use crate::json::CertificateDocument;
use crate::printer::Printer;
use crate::report::certificate_table;

pub(super) async fn run(
    arguments: ListArguments,
    context: &mut Context,
) -> Result<ExitStatus, CommandError> {
    let issuer: Option<ca_types::IssuerId> = optional("--issuer", arguments.issuer.as_ref())?;
    let filter = ListFilter {
        name: arguments.name.unwrap_or_default(),
        san: arguments.san.map(|san| value("--san", &san)).transpose()?,
        profile: optional("--profile", arguments.profile.as_ref())?,
        issuer_id: issuer.map(|issuer| issuer.to_string()).unwrap_or_default(),
        state: arguments.state.map(StateArgument::state),
        expires_within_seconds: arguments.expires_within.map_or(0, |within| within.seconds),
    };
    let client = context.client().await?;
    let limit = arguments.limit.unwrap_or(u64::MAX);
    let records = all_pages(&client, &filter, limit, &context.printer).await?;
    let documents: Vec<_> = records.iter().map(CertificateDocument::new).collect();
    context
        .printer
        .data(&documents, || certificate_table(&records))?;
    Ok(ExitStatus::Success)
}

async fn all_pages(
    client: &Client,
    filter: &ListFilter,
    limit: u64,
    printer: &Printer,
) -> Result<Vec<CertificateRecord>, CommandError> {
    let spinner = printer.spinner("listing certificates");
    let mut records: Vec<CertificateRecord> = Vec::new();
    let mut from = None;
    loop {
        let so_far = u64::try_from(records.len()).unwrap_or(u64::MAX);
        let wanted = limit.saturating_sub(so_far).min(LARGEST_PAGE);
        let rows = u32::try_from(wanted).unwrap_or(u32::MAX);
        let page = client.list(filter, rows, from).await?;
        records.extend(page.certificates);
        spinner.say(format!("listing certificates: {}", records.len()));
        let is_full = u64::try_from(records.len()).is_ok_and(|count| count >= limit);
        from = page.next;
        if is_full || from.is_none() {
            return Ok(records);
        }
    }
}

impl StateArgument {
    fn state(self) -> CertificateState {
        match self {
            Self::Valid => CertificateState::Valid,
            Self::Revoked => CertificateState::Revoked,
            Self::Expired => CertificateState::Expired,
        }
    }
}

const LARGEST_PAGE: u64 = 1_000;
