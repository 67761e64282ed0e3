//! `check`: whether a certificate will work where it goes.

use std::path::{Path, PathBuf};

use ca_verify::Severity;
use ca_verify::target::{Chain, Misfit, Role, Target, TargetRule, judge};
use serde::Serialize;

use super::Context;
use crate::arguments::values;
use crate::cli::{CheckArguments, RoleArgument};
use crate::error::{CommandError, ExitStatus};
use crate::files;
use crate::printer::table;

pub(super) fn run(
    arguments: &CheckArguments,
    context: &mut Context,
) -> Result<ExitStatus, CommandError> {
    let targets: Vec<Target> = values("--target", &arguments.target)?;
    let Some(file) = &arguments.file else {
        return list(&targets, context);
    };
    let chain = read(file, arguments.chain.as_deref())?;
    let roles = match arguments.role {
        Some(RoleArgument::Server) => &[Role::Server],
        Some(RoleArgument::Client) => &[Role::Client],
        None => Role::presumed(chain.leaf()),
    };
    let misfits: Vec<Misfit> = targets
        .iter()
        .flat_map(|target| judge(*target, roles, &chain))
        .collect();
    let document = CheckDocument {
        file,
        roles: roles.iter().map(|role| role.as_str()).collect(),
        targets: targets.iter().map(|target| target.as_str()).collect(),
        works: !misfits.iter().any(is_error),
        findings: misfits.iter().map(FindingDocument::new).collect(),
    };
    context
        .printer
        .data(&document, || text(&targets, &misfits))?;
    Ok(if document.works {
        ExitStatus::Success
    } else {
        ExitStatus::Refused
    })
}

/// Reads a certificate with its chain: from the same file, the one that is named, or the one beside it.
fn read(file: &Path, chain: Option<&Path>) -> Result<Chain, CommandError> {
    let octets = files::read(file)?;
    let unreadable = |file: &Path| {
        let file = file.to_owned();
        move |source| CommandError::Chain { file, source }
    };
    let alone = Chain::from_files(&[&octets]).map_err(unreadable(file))?;
    let beside = || -> Option<PathBuf> {
        let beside = file.with_file_name("chain.pem");
        (!alone.has_cas() && files::exists(&beside)).then_some(beside)
    };
    match chain.map(Path::to_owned).or_else(beside) {
        None => Ok(alone),
        Some(above) => {
            let further = files::read(&above)?;
            Chain::from_files(&[&octets, &further]).map_err(unreadable(&above))
        }
    }
}

#[derive(Debug, Serialize)]
struct CheckDocument<'a> {
    file: &'a Path,
    roles: Vec<&'static str>,
    targets: Vec<&'static str>,
    works: bool,
    findings: Vec<FindingDocument>,
}

#[derive(Debug, Serialize)]
struct FindingDocument {
    target: &'static str,
    rule: &'static str,
    severity: &'static str,
    message: String,
    symptom: &'static str,
    source: &'static str,
}

impl FindingDocument {
    fn new(misfit: &Misfit) -> Self {
        Self {
            target: misfit.target.as_str(),
            rule: misfit.rule.id,
            severity: word(misfit.severity),
            message: misfit.message(),
            symptom: misfit.rule.symptom,
            source: misfit.rule.source,
        }
    }
}

fn text(targets: &[Target], misfits: &[Misfit]) -> String {
    let mut text = String::new();
    for target in targets {
        let of_target = || misfits.iter().filter(|misfit| misfit.target == *target);
        let verdict = if of_target().any(is_error) {
            "will not work"
        } else {
            "nothing speaks against it"
        };
        text.push_str(&format!("{target}: {verdict}\n"));
        text.extend(of_target().map(finding));
    }
    text
}

fn finding(misfit: &Misfit) -> String {
    format!(
        "  {} {}: {}\n    seen there: {}\n    source: {}\n",
        word(misfit.severity),
        misfit.rule.id,
        misfit.message(),
        misfit.rule.symptom,
        misfit.rule.source
    )
}

#[derive(Debug, Serialize)]
struct RuleDocument {
    target: &'static str,
    rule: &'static str,
    severity: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    want: &'static str,
    symptom: &'static str,
    source: &'static str,
    confirmed_by: Vec<&'static str>,
}

/// Lists the rules of targets; of all when none is named.
fn list(targets: &[Target], context: &mut Context) -> Result<ExitStatus, CommandError> {
    let targets = if targets.is_empty() {
        &Target::ALL
    } else {
        targets
    };
    let documents: Vec<RuleDocument> = targets
        .iter()
        .flat_map(|target| rules_of(*target))
        .collect();
    context.printer.data(&documents, || {
        let rows: Vec<[String; 5]> = documents
            .iter()
            .map(|rule| {
                [
                    rule.target.to_owned(),
                    rule.severity.to_owned(),
                    rule.rule.to_owned(),
                    confirmed(&rule.confirmed_by),
                    rule.want.to_owned(),
                ]
            })
            .collect();
        table(
            ["TARGET", "SEVERITY", "RULE", "CONFIRMED BY", "WANTED"],
            &rows,
        )
    })?;
    Ok(ExitStatus::Success)
}

fn rules_of(target: Target) -> impl Iterator<Item = RuleDocument> {
    TargetRule::all().filter_map(move |rule| {
        let applies = rule
            .applies
            .iter()
            .find(|applies| applies.target == target)?;
        Some(RuleDocument {
            target: target.as_str(),
            rule: rule.id,
            severity: word(applies.severity),
            role: rule.role.map(Role::as_str),
            want: rule.want,
            symptom: rule.symptom,
            source: rule.source,
            confirmed_by: applies.programs(),
        })
    })
}

fn confirmed(programs: &[&str]) -> String {
    if programs.is_empty() {
        "-".to_owned()
    } else {
        programs.join(", ")
    }
}

fn is_error(misfit: &Misfit) -> bool {
    misfit.severity == Severity::Error
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Notice => "notice",
    }
}
