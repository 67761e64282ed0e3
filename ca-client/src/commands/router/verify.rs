//! `router verify`: whether the certificates in use are right, seen from outside.

use ca_deploy::{CertificateReport, Outcome, Report, Revocation, RouterEntry, verify};
use ca_types::{Clock as _, SystemClock};
use serde::Serialize;

use super::Context;
use super::each::{Done, ErrorDocument, each, explain, status};
use crate::cli::ReachArguments;
use crate::error::{CommandError, ExitStatus};
use crate::printer::table;
use crate::router::{FleetFile, FromHere, hierarchy, log_in};

#[derive(Debug, Serialize)]
struct ReportDocument<'a> {
    router: &'a str,
    changed: bool,
    certificates: Vec<CertificateDocument<'a>>,
    revocation: Option<&'static str>,
    warnings: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorDocument>,
}

#[derive(Debug, Serialize)]
struct CertificateDocument<'a> {
    name: &'a str,
    row: &'a str,
    serial: &'a str,
    fingerprint: &'a str,
    not_after: Option<String>,
    former_serial: Option<&'a str>,
    bindings: Vec<BindingDocument<'a>>,
}

#[derive(Debug, Serialize)]
struct BindingDocument<'a> {
    binding: &'a str,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<&'a str>,
}

pub(super) async fn run(
    arguments: &ReachArguments,
    context: &mut Context,
) -> Result<ExitStatus, CommandError> {
    let fleet = FleetFile::read(&arguments.fleet.fleet)?;
    let client = context.client().await?;
    let routers = fleet.chosen(&arguments.fleet.names)?;
    let hierarchy = hierarchy(&client, &client.issuers().await?, &routers).await?;
    let look = async |entry: &RouterEntry| -> Result<Report, CommandError> {
        let mut router = log_in(entry, &fleet, arguments.insecure_plain).await?;
        let now = SystemClock.now();
        Ok(verify(router.as_mut(), entry, &hierarchy, &FromHere, now).await?)
    };
    let done = each("verifying", &fleet, arguments, context, look).await?;
    show(&done, context)?;
    explain(&done, context)?;
    Ok(status(&done, |report| report.is_good(false)))
}

/// Prints what a push or a verification found.
pub(super) fn show(done: &[Done<Report>], context: &mut Context) -> Result<(), CommandError> {
    let documents: Vec<_> = done.iter().map(document).collect();
    context.printer.data(&documents, || {
        let rows: Vec<[String; 5]> = done.iter().flat_map(rows).collect();
        table(
            ["ROUTER", "BINDING", "OUTCOME", "NOT AFTER", "CERTIFICATE"],
            &rows,
        )
    })?;
    for one in done {
        let Ok(report) = &one.result else { continue };
        for warning in &report.warnings {
            context
                .printer
                .warn(format_args!("{}: {warning}", one.router))?;
        }
        if let Revocation::NotSeenValid(why) = &report.revocation {
            context
                .printer
                .warn(format_args!("{}: revoked peers stay in: {why}", one.router))?;
        }
        let former = report
            .certificates
            .iter()
            .filter_map(|certificate| certificate.former.as_ref());
        for former in former {
            context.printer.talk(format_args!(
                "{}: the former certificate {} stays valid until {}; when you are content: ca-client revoke --serial \
                 {} --reason superseded",
                one.router, former.serial, former.not_after, former.serial
            ))?;
        }
    }
    Ok(())
}

fn document(done: &Done<Report>) -> ReportDocument<'_> {
    match &done.result {
        Ok(report) => ReportDocument {
            router: &done.router,
            changed: report.changed,
            certificates: report.certificates.iter().map(certificate).collect(),
            revocation: Some(match report.revocation {
                Revocation::Off => "off",
                Revocation::InForce => "in-force",
                Revocation::NotSeenValid(_) => "not-seen-valid",
            }),
            warnings: &report.warnings,
            error: None,
        },
        Err(error) => ReportDocument {
            router: &done.router,
            changed: false,
            certificates: Vec::new(),
            revocation: None,
            warnings: &[],
            error: Some(ErrorDocument::new(error)),
        },
    }
}

fn certificate(report: &CertificateReport) -> CertificateDocument<'_> {
    let bindings = report.bindings.iter().map(|binding| BindingDocument {
        binding: &binding.binding,
        outcome: binding.outcome.as_str(),
        cause: binding.outcome.cause(),
    });
    CertificateDocument {
        name: report.name.as_str(),
        row: &report.row,
        serial: &report.serial,
        fingerprint: &report.fingerprint,
        not_after: report.not_after.map(|time| time.to_string()),
        former_serial: report.former.as_ref().map(|former| former.serial.as_str()),
        bindings: bindings.collect(),
    }
}

/// One line for each binding; a router that failed has one line.
fn rows(done: &Done<Report>) -> Vec<[String; 5]> {
    let blank = || "-".to_owned();
    let Ok(report) = &done.result else {
        return vec![[
            done.router.clone(),
            blank(),
            "failed".to_owned(),
            blank(),
            blank(),
        ]];
    };
    let line = |binding: String, outcome: String, certificate: Option<&CertificateReport>| {
        let not_after = certificate.and_then(|certificate| certificate.not_after);
        [
            done.router.clone(),
            binding,
            outcome,
            not_after.map_or_else(blank, |time| time.to_string()),
            certificate.map_or_else(blank, |certificate| certificate.row.clone()),
        ]
    };
    let mut rows = Vec::new();
    for certificate in &report.certificates {
        for binding in &certificate.bindings {
            rows.push(line(
                binding.binding.clone(),
                binding.outcome.to_string(),
                Some(certificate),
            ));
        }
    }
    let is_kept = |certificate: &CertificateReport| {
        let mut bindings = certificate.bindings.iter();
        bindings.all(|binding| binding.outcome == Outcome::Kept)
    };
    if !report.changed && report.certificates.iter().all(is_kept) {
        rows.push(line(blank(), "nothing to do".to_owned(), None));
    }
    rows
}
