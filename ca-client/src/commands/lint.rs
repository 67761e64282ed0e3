//! `lint FILE…`: the rules that the CA keeps, on any certificate and CRL.

use std::path::{Path, PathBuf};

use ca_types::Code;
use ca_verify::{
    Certificate, Finding, InspectedObject, ObjectKind, Purpose, Severity, inspect_file,
};

use super::Context;
use crate::arguments::certificate;
use crate::cli::LintArguments;
use crate::error::{CommandError, ExitStatus};
use crate::files;
use crate::json::{FindingDocument, LintDocument};

pub(super) fn run(
    arguments: &LintArguments,
    context: &mut Context,
) -> Result<ExitStatus, CommandError> {
    let issuer = arguments.issuer.as_deref().map(certificate).transpose()?;
    let mut judged = Vec::new();
    for file in &arguments.files {
        judged.extend(of_file(file, issuer.as_ref())?);
    }
    let documents: Vec<LintDocument<'_>> = judged.iter().map(Judged::document).collect();
    context
        .printer
        .data(&documents, || judged.iter().map(Judged::text).collect())?;
    let has_error = judged.iter().any(|object| object.errors() > 0);
    Ok(if has_error {
        ExitStatus::Refused
    } else {
        ExitStatus::Success
    })
}

/// A certificate or a CRL of a file.
struct Judged<'a> {
    file: &'a Path,
    /// Counted from 1.
    number: usize,
    object: InspectedObject,
}

fn of_file<'a>(
    file: &'a PathBuf,
    issuer: Option<&Certificate>,
) -> Result<impl Iterator<Item = Judged<'a>>, CommandError> {
    let octets = files::read(file)?;
    let objects = inspect_file(&octets, issuer).ok_or_else(|| CommandError::Check {
        code: Code::InvalidRequest,
        what: format!(
            "{}: wanted certificates or CRLs, in PEM or DER, and nothing else",
            file.display()
        ),
        hint: "keys and requests have no lint".to_owned(),
    })?;
    Ok((1..).zip(objects).map(|(number, object)| Judged {
        file,
        number,
        object,
    }))
}

impl Judged<'_> {
    fn document(&self) -> LintDocument<'_> {
        LintDocument {
            file: self.file,
            object: self.number,
            kind: kind(self.object.kind),
            name: self.object.name.as_deref(),
            findings: self.object.findings.iter().map(finding).collect(),
        }
    }

    fn text(&self) -> String {
        let mut text = format!(
            "{} {}: {}{}: {}, {}\n",
            self.file.display(),
            self.number,
            kind(self.object.kind),
            self.object
                .name
                .as_ref()
                .map(|name| format!(" {name}"))
                .unwrap_or_default(),
            counted(self.errors(), "error"),
            counted(
                self.object.findings.len().saturating_sub(self.errors()),
                "notice"
            ),
        );
        for finding in &self.object.findings {
            text.push_str(&format!("  {}  {finding}\n", finding.severity));
        }
        text
    }

    fn errors(&self) -> usize {
        let findings = self.object.findings.iter();
        findings
            .filter(|finding| finding.severity == Severity::Error)
            .count()
    }
}

fn finding(finding: &Finding) -> FindingDocument<'_> {
    FindingDocument {
        rule: finding.rule,
        severity: finding.severity.to_string(),
        message: &finding.message,
        source: finding.section,
    }
}

fn kind(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::Certificate(Purpose::Root) => "root",
        ObjectKind::Certificate(Purpose::IssuingCa) => "issuing-ca",
        ObjectKind::Certificate(Purpose::EndEntity(_) | Purpose::SomeEndEntity) => "end-entity",
        ObjectKind::List => "crl",
        ObjectKind::Unreadable => "unreadable",
    }
}

fn counted(number: usize, word: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {word}{plural}")
}
