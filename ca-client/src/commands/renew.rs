//! `renew`: a successor with the same key.

use ca_types::Days;
use ca_verify::HolderMethod;
use ca_verify::target::Target;

use super::Context;
use super::issue::report;
use super::successor::{Predecessor, holder_proof, key_file, read_key};
use crate::arguments::values;
use crate::cli::RenewArguments;
use crate::client::{Client, SuccessorParameters};
use crate::enrollment::{Enrollment, Protection};
use crate::error::{CommandError, ExitStatus};

pub(super) async fn run(
    arguments: RenewArguments,
    context: &mut Context,
) -> Result<ExitStatus, CommandError> {
    let old = Predecessor::read(&arguments.cert)?;
    let key = read_key(
        &key_file(&arguments.cert, arguments.key.as_ref()),
        (
            "--key-passphrase-file",
            arguments.key_passphrase_file.as_ref(),
        ),
        &old.certificate,
        &mut context.printer,
    )?
    .key;
    let targets: Vec<Target> = values("--target", &arguments.target)?;
    let settings = context.settings()?;
    let enrollment = Enrollment {
        directory: &arguments.place.out,
        name: &old.name,
        existing: arguments.place.existing(),
        p12: false,
        protection: Protection::Rights,
        former_key: None,
        asked: old.asked("renew", &settings.server, arguments.days, &targets),
    };
    let _unless_used = enrollment.prepare()?;
    let client = Client::connect_anonymously(&settings).await?;
    let request = key
        .certification_request(&old.name, old.certificate.sans())
        .map_err(CommandError::NewKey)?;
    let begun = enrollment.begin_with_request(request)?;
    let (id, request) = (begun.request_id(), begun.certification_request());
    let proof = holder_proof(HolderMethod::Renew, id, old.serial, request, &key)?;
    let parameters = SuccessorParameters {
        request_id: id,
        serial: old.serial,
        certification_request: request.to_vec(),
        days: arguments.days.map(Days),
        targets,
        holder_proof: Some(proof),
    };
    let issued = match client.renew(&parameters).await {
        Ok(issued) => issued,
        Err(error) => return Err(begun.fail(error)),
    };
    let files = begun.deliver(&enrollment, &issued)?;
    report(&issued, &files, context)
}
