//! `router doctor`: what is wrong, why, and what mends it.

use ca_deploy::{Complaint, Diagnosis, Gravity, RouterEntry, UnusedCertificate, examine};
use ca_types::{Clock as _, SystemClock};
use serde::Serialize;

use super::Context;
use super::each::{Done, ErrorDocument, each, explain, status};
use crate::cli::ReachArguments;
use crate::error::{CommandError, ExitStatus};
use crate::router::{FleetFile, log_in};

#[derive(Debug, Serialize)]
struct DiagnosisDocument<'a> {
    router: &'a str,
    complaints: Vec<ComplaintDocument<'a>>,
    unused: Vec<UnusedDocument<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorDocument>,
}

#[derive(Debug, Serialize)]
struct ComplaintDocument<'a> {
    what: &'static str,
    gravity: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    mend: Option<&'a str>,
    evidence: &'a [String],
}

/// A certificate that nothing refers to.
#[derive(Debug, Serialize)]
pub(super) struct UnusedDocument<'a> {
    name: &'a str,
    ours: bool,
    why: &'static str,
}

impl<'a> UnusedDocument<'a> {
    pub(super) fn new(unused: &'a UnusedCertificate) -> Self {
        Self {
            name: &unused.name,
            ours: unused.ours,
            why: unused.why,
        }
    }
}

pub(super) async fn run(
    arguments: &ReachArguments,
    context: &mut Context,
) -> Result<ExitStatus, CommandError> {
    let fleet = FleetFile::read(&arguments.fleet.fleet)?;
    let look = async |entry: &RouterEntry| -> Result<Diagnosis, CommandError> {
        let mut router = log_in(entry, &fleet, arguments.insecure_plain).await?;
        Ok(examine(router.as_mut(), entry, SystemClock.now()).await?)
    };
    let done = each("examining", &fleet, arguments, context, look).await?;
    let documents: Vec<_> = done.iter().map(document).collect();
    context
        .printer
        .data(&documents, || done.iter().map(text).collect::<String>())?;
    explain(&done, context)?;
    let works = |diagnosis: &Diagnosis| {
        let mut complaints = diagnosis.complaints.iter();
        complaints.all(|complaint| complaint.gravity == Gravity::Warning)
    };
    Ok(status(&done, works))
}

fn document(done: &Done<Diagnosis>) -> DiagnosisDocument<'_> {
    let found = done.result.as_ref().ok();
    DiagnosisDocument {
        router: &done.router,
        complaints: found.map_or_else(Vec::new, |found| {
            found.complaints.iter().map(complaint).collect()
        }),
        unused: found.map_or_else(Vec::new, |found| {
            found.unused.iter().map(UnusedDocument::new).collect()
        }),
        error: done.result.as_ref().err().map(ErrorDocument::new),
    }
}

fn complaint(complaint: &Complaint) -> ComplaintDocument<'_> {
    ComplaintDocument {
        what: complaint.what,
        gravity: word(complaint.gravity),
        message: &complaint.message,
        mend: complaint.mend.as_deref(),
        evidence: &complaint.evidence,
    }
}

fn word(gravity: Gravity) -> &'static str {
    match gravity {
        Gravity::Error => "error",
        Gravity::Warning => "warning",
    }
}

/// Writes one paragraph per complaint; of a healthy router, nothing.
fn text(done: &Done<Diagnosis>) -> String {
    let Ok(found) = &done.result else {
        return String::new();
    };
    let mut lines = String::new();
    let mut line = |text: String| {
        lines.push_str(
            text.escape_debug()
                .to_string()
                .replace("\\\"", "\"")
                .as_str(),
        );
        lines.push('\n');
    };
    for complaint in &found.complaints {
        let gravity = word(complaint.gravity);
        line(format!("{}: {gravity}: {}", done.router, complaint.message));
        for evidence in &complaint.evidence {
            line(format!("    log: {evidence}"));
        }
        if let Some(mend) = &complaint.mend {
            line(format!("    hint: {mend}"));
        }
    }
    for unused in &found.unused {
        let owner = if unused.ours {
            "`ca-client router clean` removes it"
        } else {
            "somebody else's; `ca-client router clean --certificate` removes it by name"
        };
        line(format!(
            "{}: unused: {} is {}: {owner}",
            done.router, unused.name, unused.why
        ));
    }
    lines
}
