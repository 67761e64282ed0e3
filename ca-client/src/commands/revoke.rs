//! `revoke`: take the trust out of certificates.

use ca_types::{Code, Hinted as _, ProfileName, RequestId, SystemEntropy};

use super::Context;
use crate::arguments::{certificate, optional, value};
use crate::cli::RevokeArguments;
use crate::client::{Client, ClientError, ListFilter, RevocationTarget};
use crate::error::{CommandError, ExitStatus};
use crate::json::CertificateDocument;
use crate::report::certificate_table;

pub(super) async fn run(
    arguments: RevokeArguments,
    context: &mut Context,
) -> Result<ExitStatus, CommandError> {
    let profile = optional("--profile", arguments.profile.as_ref())?;
    let target = match (&arguments.serial, &arguments.cert, arguments.name) {
        (Some(serial), _, _) => RevocationTarget::Serial(value("--serial", serial)?),
        (None, Some(file), _) => {
            let serial = certificate(file)?.serial();
            let serial = serial
                .map_err(|error| CommandError::argument("--cert", Code::InvalidRequest, error))?;
            RevocationTarget::Serial(serial)
        }
        (None, None, name) => RevocationTarget::Name {
            name: name.unwrap_or_default().to_ascii_lowercase(),
            profile,
            all: arguments.all,
        },
    };
    let client = context.client().await?;
    let request_id = RequestId::generate(&mut SystemEntropy);
    let revoked = match client.revoke(request_id, &target, arguments.reason).await {
        Err(ClientError::Api(error)) if error.code() == Code::Ambiguous => {
            list_matches(&client, &target, context).await?;
            return Err(ClientError::Api(error).into());
        }
        answered => answered?,
    };
    for record in &revoked {
        let reason = record.revocation.map(|revocation| revocation.reason);
        if let Some(reason) = reason.filter(|reason| *reason != arguments.reason) {
            context.printer.talk(format_args!(
                "{} was revoked already, with the reason {reason}: it stays so",
                record.serial
            ))?;
        }
    }
    let documents: Vec<_> = revoked.iter().map(CertificateDocument::new).collect();
    let table = || certificate_table(&revoked);
    match (&target, documents.as_slice()) {
        // Who names one certificate gets one document.
        (RevocationTarget::Serial(_), [document]) => context.printer.data(document, table)?,
        (RevocationTarget::Serial(_) | RevocationTarget::Name { .. }, all) => {
            context.printer.data(&all, table)?;
        }
    }
    Ok(ExitStatus::Success)
}

/// Shows the certificates that a name could mean, as talk.
async fn list_matches(
    client: &Client,
    target: &RevocationTarget,
    context: &mut Context,
) -> Result<(), CommandError> {
    let RevocationTarget::Name { name, profile, .. } = target else {
        return Ok(());
    };
    let filter = ListFilter {
        name: name.clone(),
        profile: Option::<ProfileName>::clone(profile),
        state: Some(ca_types::CertificateState::Valid),
        ..ListFilter::default()
    };
    let page = client.list(&filter, MATCHES, None).await?;
    Ok(context
        .printer
        .talk(certificate_table(&page.certificates).trim_end())?)
}

/// More than a person reads; a name has rarely more than a handful.
const MATCHES: u32 = 100;
