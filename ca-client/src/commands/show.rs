//! `show`: what the CA knows of one certificate.

use std::path::Path;

use ca_types::{Code, SerialNumber};

use super::Context;
use crate::arguments::{certificate, value};
use crate::cli::ShowArguments;
use crate::error::{CommandError, ExitStatus};
use crate::files;
use crate::json::CertificateDocument;
use crate::report::certificate_facts;

pub(super) async fn run(
    arguments: ShowArguments,
    context: &mut Context,
) -> Result<ExitStatus, CommandError> {
    let text = &arguments.certificate;
    let file = Path::new(text);
    let is_file = files::exists(file) || text.contains(['/', '.']);
    let (serial, local) = if is_file {
        let local = certificate(file)?;
        let serial: Result<SerialNumber, _> = local.serial();
        let serial =
            serial.map_err(|error| CommandError::argument("FILE", Code::InvalidRequest, error))?;
        (serial, Some(local))
    } else {
        (value("SERIAL|FILE", text)?, None)
    };
    let record = context.client().await?.get(serial).await?.certificate;
    if local.is_some_and(|local| local.fingerprint() != record.fingerprint) {
        return Err(CommandError::Check {
            code: Code::NotFound,
            what: format!("{text}: the CA knows another certificate by the serial number {serial}"),
            hint: "the certificate in the file is by another CA".to_owned(),
        });
    }
    context
        .printer
        .data(&CertificateDocument::new(&record), || {
            certificate_facts(&record)
        })?;
    Ok(ExitStatus::Success)
}
