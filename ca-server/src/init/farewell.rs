//! The last words of `init`: what to type next, what to open, back up and move away.

use std::fmt::Write as _;

use super::{InitPlan, InitReport};

/// Writes the text for the admin.
pub fn farewell(plan: &InitPlan, report: &InitReport) -> String {
    let data = report.data.display();
    let settings = &plan.settings;
    let passphrase = plan.passphrase_file.display();
    let drawn = match plan.root_passphrase {
        Some(_) => "",
        None => "\n  Its passphrase lies beside it in `passphrase`: keep the two apart.",
    };
    let mut text = format!(
        "Made a CA for {} in {data}:\n",
        settings.organization.as_str()
    );
    for issuer in &report.issuers {
        writeln!(
            text,
            "  {:<22} until {}",
            issuer.issuer_id.as_str(),
            issuer.not_after
        )
        .unwrap_or_default();
    }
    format!(
        "{text}\n\
         Next:\n\
         \x20 ca-server serve --data {data} --passphrase-file {passphrase}\n\
         \x20 ca-server check --data {data} --passphrase-file {passphrase}\n\
         \x20 ca-client --profile-file {} issue --profile router --name NAME --out DIR\n\n\
         Ports:\n\
         \x20 {:<22} the API, for ca-client\n\
         \x20 {:<22} CRLs and CA certificates as {}, for everybody\n\
         \x20 {:<22} health and metrics, for this machine\n\n\
         Back up: {data}, the log above all, without the folder below; the passphrase file elsewhere.\n\n\
         Move offline now: {}\n\
         \x20 It holds the key of the root, which this server never needs. Two copies in two places.{drawn}\n",
        report.admin_profile.display(),
        settings.listen.to_string(),
        settings.http_listen.to_string(),
        settings.publish_url,
        settings.operations_listen.to_string(),
        report.root_offline.display(),
    )
}
