//! `audit submit`: certificates that a restored log lacks.

use std::path::PathBuf;

use ca_types::{Code, Hinted as _, RequestId, SystemEntropy};
use ca_verify::Certificate;

use crate::arguments::{certificates, optional};
use crate::client::ClientError;
use crate::commands::Context;
use crate::error::{CommandError, ExitStatus};
use crate::json::CertificateDocument;
use crate::report::certificate_table;

pub(super) async fn run(
    files: &[PathBuf],
    profile: Option<&String>,
    context: &mut Context,
) -> Result<ExitStatus, CommandError> {
    let profile = optional("--profile", profile)?;
    let mut held: Vec<(&PathBuf, Certificate)> = Vec::new();
    for file in files {
        held.extend(certificates(file)?.into_iter().map(|it| (file, it)));
    }
    let client = context.client().await?;
    let mut records = Vec::new();
    let mut refused = 0_usize;
    for (file, certificate) in &held {
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
