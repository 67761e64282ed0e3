//! `audit submit`: certificates that a restored log lacks.

use std::path::PathBuf;

use ca_types::{Code, Hinted as _, RequestId, SystemEntropy};
use ca_verify::{Certificate, HolderMethod};

use crate::arguments::{certificates, optional};
use crate::cli::AuditSubmitArguments;
use crate::client::{Client, ClientError, HolderProof};
use crate::commands::Context;
use crate::commands::successor::{holder_proof, read_key};
use crate::error::{CommandError, ExitStatus};
use crate::json::CertificateDocument;
use crate::keys::PrivateKey;
use crate::report::certificate_table;

pub(super) async fn run(
    arguments: &AuditSubmitArguments,
    context: &mut Context,
) -> Result<ExitStatus, CommandError> {
    let profile = optional("--profile", arguments.profile.as_ref())?;
    let mut held: Vec<(&PathBuf, Certificate)> = Vec::new();
    for file in &arguments.files {
        held.extend(certificates(file)?.into_iter().map(|it| (file, it)));
    }
    let key = key_of(arguments, &held, context)?;
    let client = match key {
        Some(_) => Client::connect_anonymously(&context.settings()?).await?,
        None => context.client().await?,
    };
    let mut records = Vec::new();
    let mut refused = 0_usize;
    for (file, certificate) in &held {
        let request_id = RequestId::generate(&mut SystemEntropy);
        let proof = match &key {
            Some(key) => Some(proof(request_id, certificate, key)?),
            None => None,
        };
        match client
            .submit(request_id, certificate, profile.as_ref(), proof.as_ref())
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

/// Reads the key of the holder, when one is named: it is that of one certificate.
fn key_of(
    arguments: &AuditSubmitArguments,
    held: &[(&PathBuf, Certificate)],
    context: &mut Context,
) -> Result<Option<PrivateKey>, CommandError> {
    let Some(file) = &arguments.key else {
        return Ok(None);
    };
    let [(_file, certificate)] = held else {
        return Err(CommandError::Usage {
            what: format!("--key with {} certificates: wanted one", held.len()),
            hint: "hand in each with its own key".to_owned(),
        });
    };
    let passphrase = arguments.key_passphrase_file.as_ref();
    let passphrase = ("--key-passphrase-file", passphrase);
    let read = read_key(file, passphrase, certificate, &mut context.printer)?;
    Ok(Some(read.key))
}

/// Signs as the holder of the certificate that is handed in.
fn proof(
    request_id: RequestId,
    certificate: &Certificate,
    key: &PrivateKey,
) -> Result<HolderProof, CommandError> {
    let serial = certificate.serial().map_err(|error| CommandError::Check {
        code: Code::InvalidRequest,
        what: error.to_string(),
        hint: "only certificates of this CA can be handed in".to_owned(),
    })?;
    holder_proof(
        HolderMethod::Submit,
        request_id,
        serial,
        certificate.der(),
        key,
    )
}
