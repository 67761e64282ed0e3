//! `profile list|show|explain|reload`: what may be issued.

use ca_types::{Code, Days, ProfileName, RequestId, SystemEntropy};

use super::Context;
use super::sign::only_common_name;
use crate::arguments::{certification_request, value, values};
use crate::cli::{ExplainArguments, ProfileCommand};
use crate::client::{ExplainParameters, ExplanationRecord, PolicyRecord, ProfileRecord};
use crate::error::{CommandError, ExitStatus};
use crate::json::{ExplanationDocument, ProfileDocument, ReloadDocument};
use crate::printer::table;
use crate::report::lines;

pub(super) async fn run(
    command: ProfileCommand,
    context: &mut Context,
) -> Result<ExitStatus, CommandError> {
    match command {
        ProfileCommand::List => list(context).await,
        ProfileCommand::Show { profile } => show(&profile, context).await,
        ProfileCommand::Explain(arguments) => explain(arguments, context).await,
        ProfileCommand::Reload => reload(context).await,
    }
}

async fn list(context: &mut Context) -> Result<ExitStatus, CommandError> {
    let policy = context.client().await?.policy().await?;
    let documents: Vec<_> = policy.profiles.iter().map(ProfileDocument::new).collect();
    context
        .printer
        .data(&documents, || profile_table(&policy))?;
    Ok(ExitStatus::Success)
}

async fn show(profile: &str, context: &mut Context) -> Result<ExitStatus, CommandError> {
    let name: ProfileName = value("PROFILE", profile)?;
    let policy = context.client().await?.policy().await?;
    let found = policy.profiles.iter().find(|record| record.name == name);
    let record = found.ok_or_else(|| CommandError::Check {
        code: Code::NotFound,
        what: format!("there is no profile `{name}`"),
        hint: "`ca-client profile list` shows what there is".to_owned(),
    })?;
    context
        .printer
        .data(&ProfileDocument::new(record), || facts(record, &policy))?;
    Ok(ExitStatus::Success)
}

async fn explain(
    arguments: ExplainArguments,
    context: &mut Context,
) -> Result<ExitStatus, CommandError> {
    let profile: ProfileName = value("--profile", &arguments.profile)?;
    let request = certification_request(&arguments.csr)?;
    let name = match arguments.name {
        Some(name) => name,
        None => only_common_name(&request, &arguments.csr)?.to_string(),
    };
    let parameters = ExplainParameters {
        profile,
        name,
        sans: arguments.san,
        days: arguments.days.map(Days),
        certification_request: request.der().to_vec(),
        targets: values("--target", &arguments.target)?,
    };
    let explanation = context.client().await?.explain(&parameters).await?;
    let document = ExplanationDocument::new(&parameters, &explanation);
    context.printer.data(&document, || said(&explanation))?;
    Ok(match explanation.verdict {
        Ok(_) => ExitStatus::Success,
        Err(_) => ExitStatus::Refused,
    })
}

async fn reload(context: &mut Context) -> Result<ExitStatus, CommandError> {
    let id = RequestId::generate(&mut SystemEntropy);
    let record = context.client().await?.reload(id).await?;
    context.printer.data(&ReloadDocument::new(&record), || {
        if record.old == record.new {
            return format!("settings are as they were: {}\n", record.new);
        }
        let mut text = format!("settings {} in force\n", record.new);
        if record.changes.is_empty() {
            text.push_str("nothing differs in domains and profiles\n");
        }
        for change in &record.changes {
            text.push_str(&format!("  {change}\n"));
        }
        text
    })?;
    Ok(ExitStatus::Success)
}

fn profile_table(policy: &PolicyRecord) -> String {
    let rows: Vec<[String; 6]> = policy
        .profiles
        .iter()
        .map(|record| {
            [
                record.name.to_string(),
                record.origin.to_owned(),
                record.class.clone(),
                record.default_days.0.to_string(),
                record.maximum_days.0.to_string(),
                record.extended_key_usage.join(","),
            ]
        })
        .collect();
    table(
        ["PROFILE", "ORIGIN", "CLASS", "DAYS", "MAXIMUM", "PURPOSES"],
        &rows,
    )
}

fn facts(record: &ProfileRecord, policy: &PolicyRecord) -> String {
    let listed = |values: &[String], none: &str| {
        if values.is_empty() {
            none.to_owned()
        } else {
            values.join(", ")
        }
    };
    let issuer = record.issuer_id.as_ref().map_or_else(
        || format!("the newest active {} CA", record.class),
        ToString::to_string,
    );
    let mut text = lines(&[
        ("profile", record.name.to_string()),
        ("origin", record.origin.to_owned()),
        ("issuer", issuer),
        (
            "validity",
            format!("{}, at most {}", record.default_days, record.maximum_days),
        ),
        (
            "back-dated",
            format!("{} seconds", record.backdating_seconds),
        ),
        ("keys", record.keys.join(", ")),
        ("key usage", record.key_usage.join(", ")),
        ("purposes", record.extended_key_usage.join(", ")),
        ("domains", listed(&policy.domains, "any")),
        ("names", record.san_types.join(", ")),
        ("patterns", listed(&record.san_patterns, "any")),
        ("addresses", listed(&record.san_addresses, "any")),
        ("at most", format!("{} names", record.san_maximum)),
        ("required", listed(&record.san_required, "none")),
        ("targets", listed(&record.targets, "none")),
        ("roles", record.roles.join(", ")),
        ("late renewal", record.renewal_after_expiry_days.to_string()),
    ]);
    for difference in &record.differences {
        text.push_str(&format!("differs from ready-made: {difference}\n"));
    }
    text
}

fn said(explanation: &ExplanationRecord) -> String {
    let rows: Vec<[String; 3]> = explanation
        .names
        .iter()
        .map(|name| {
            let word = if name.allowed { "allowed" } else { "refused" };
            [word.to_owned(), name.name.clone(), name.reason.clone()]
        })
        .collect();
    let mut text = table(["NAME", "", "RULE"], &rows);
    match &explanation.verdict {
        Ok(would) => {
            text.push_str("yes: it would be issued\n");
            text.push_str(&lines(&[
                ("issuer", would.issuer_id.to_string()),
                ("not before", would.not_before.to_string()),
                ("not after", would.not_after.to_string()),
                ("key", would.key_algorithm.clone()),
                ("key usage", would.key_usage.join(", ")),
                ("purposes", would.extended_key_usage.join(", ")),
            ]));
            for notice in &would.notices {
                text.push_str(&format!("notice: {notice}\n"));
            }
            for notice in &would.target_notices {
                text.push_str(&format!("notice: {notice}\n"));
            }
        }
        Err(refusal) => {
            text.push_str(&format!("no: {} ({})\n", refusal.message, refusal.code));
            if !refusal.hint.is_empty() {
                text.push_str(&format!("hint: {}\n", refusal.hint));
            }
        }
    }
    text
}
