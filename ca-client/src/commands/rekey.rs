//! `rekey`: a successor with a new key.

use ca_types::Days;
use ca_verify::HolderMethod;
use ca_verify::target::Target;

use super::Context;
use super::issue::report;
use super::successor::{Predecessor, holder_proof, key_file, read_key};
use crate::arguments::values;
use crate::cli::RekeyArguments;
use crate::client::{Client, SuccessorParameters};
use crate::enrollment::{Enrollment, Protection};
use crate::error::{CommandError, ExitStatus};
use crate::files;
use crate::keys::KeyAlgorithm;

pub(super) async fn run(
    arguments: RekeyArguments,
    context: &mut Context,
) -> Result<ExitStatus, CommandError> {
    let old = Predecessor::read(&arguments.cert)?;
    let key_file = key_file(&arguments.cert, arguments.key.as_ref());
    // A key that was named has to be there; one that was not may be on the device only.
    let old_key = if arguments.key.is_some() || files::exists(&key_file) {
        let passphrase = arguments.old_key_passphrase_file.as_ref();
        Some(read_key(
            &key_file,
            ("--old-key-passphrase-file", passphrase),
            &old.certificate,
            &mut context.printer,
        )?)
    } else {
        None
    };
    let protection = arguments.protection.protection();
    if protection == Protection::Rights && old_key.as_ref().is_some_and(|old| old.is_encrypted) {
        context.printer.warn(
            "the old key is encrypted, the new one is not: encrypt it with --key-passphrase-file or --generate-passphrase",
        )?;
    }
    let targets: Vec<Target> = values("--target", &arguments.target)?;
    let settings = context.settings()?;
    let mut asked = old.asked("rekey", &settings.server, arguments.days, &targets);
    let algorithm = arguments
        .key_algorithm
        .map(|algorithm| algorithm.to_string());
    asked.extend(algorithm.map(|algorithm| ("--key-algorithm".to_owned(), algorithm)));
    let enrollment = Enrollment {
        directory: &arguments.place.out,
        name: &old.name,
        existing: arguments.place.existing(),
        p12: arguments.p12,
        protection,
        former_key: old_key.as_ref().map(|_| key_file.as_path()),
        asked,
    };
    let _unless_used = enrollment.prepare()?;
    let client = match &old_key {
        Some(_) => Client::connect_anonymously(&settings).await?,
        None => Client::connect(&settings).await?,
    };
    let like_the_old = match old.certificate.public_key().algorithm() {
        ca_verify::KeyAlgorithm::Rsa { .. } => KeyAlgorithm::Rsa2048,
        ca_verify::KeyAlgorithm::P256 | ca_verify::KeyAlgorithm::P384 => KeyAlgorithm::P256,
    };
    let algorithm = arguments.key_algorithm.unwrap_or(like_the_old);
    let names = old.certificate.sans().to_vec();
    let begun = enrollment
        .begin_with_new_key(algorithm, names, &mut context.printer)
        .await?;
    let (id, request) = (begun.request_id(), begun.certification_request());
    let proof = old_key
        .map(|old_key| holder_proof(HolderMethod::Rekey, id, old.serial, request, &old_key.key))
        .transpose()?;
    let parameters = SuccessorParameters {
        request_id: id,
        serial: old.serial,
        certification_request: request.to_vec(),
        days: arguments.days.map(Days),
        targets,
        holder_proof: proof,
    };
    let issued = match client.rekey(&parameters).await {
        Ok(issued) => issued,
        Err(error) => return Err(begun.fail(error)),
    };
    let files = begun.deliver(&enrollment, &issued)?;
    report(&issued, &files, context)
}
