//! `export`: a certificate in another format.

use std::path::{Path, PathBuf};

use ca_types::Passphrase;
use ca_verify::Certificate;

use super::Context;
use crate::arguments::certificate;
use crate::cli::{ExportArguments, ExportFormat};
use crate::enrollment::read_with_warning;
use crate::error::{CommandError, ExitStatus};
use crate::files::{self, Existing, Mode};
use crate::json::ExportDocument;
use crate::keys::PrivateKey;
use crate::p12::{P12Error, Seal, pkcs12};
use crate::passphrase::generate_passphrase;
use crate::printer::{Format, Printer};
use crate::signed_data::certificates_only;

pub(super) async fn run(
    arguments: ExportArguments,
    context: &mut Context,
) -> Result<ExitStatus, CommandError> {
    let printer = &mut context.printer;
    refuse_unfit_stdout(&arguments, printer)?;
    let leaf = certificate(&arguments.file)?;
    let octets = match arguments.format {
        ExportFormat::Pem => leaf.to_pem().into_bytes(),
        ExportFormat::Der => leaf.der().to_vec(),
        ExportFormat::P7b => {
            certificates_only(&with_chain(&arguments, &leaf)?).map_err(|error| {
                CommandError::Check {
                    code: ca_types::Code::Internal,
                    what: format!("PKCS#7: {error}"),
                    hint: "give a chain of certificates of this CA with --chain".to_owned(),
                }
            })?
        }
        ExportFormat::P12 => packed(&arguments, &leaf, printer).await?,
    };
    let mode = match arguments.format {
        ExportFormat::P12 => Mode::Private,
        ExportFormat::Pem | ExportFormat::Der | ExportFormat::P7b => Mode::Public,
    };
    match &arguments.out {
        None => printer.octets(&octets)?,
        Some(out) => {
            let existing = if arguments.force {
                Existing::Replace
            } else {
                Existing::Keep
            };
            files::write(out, &octets, mode, existing)?;
            let document = ExportDocument {
                file: out,
                format: arguments.format.as_str(),
            };
            printer.data(&document, || format!("{}\n", out.display()))?;
        }
    }
    Ok(ExitStatus::Success)
}

/// Octets that are no text would garble a terminal, and a JSON document.
fn refuse_unfit_stdout(arguments: &ExportArguments, printer: &Printer) -> Result<(), CommandError> {
    let is_text = arguments.format == ExportFormat::Pem && printer.format() == Format::Text;
    let is_fit = is_text || (printer.format() == Format::Text && !printer.stdout_is_terminal());
    if arguments.out.is_some() || is_fit {
        return Ok(());
    }
    Err(CommandError::Usage {
        what: format!("no place for the {} file", arguments.format.as_str()),
        hint: "name a file with --out".to_owned(),
    })
}

async fn packed(
    arguments: &ExportArguments,
    leaf: &Certificate,
    printer: &mut Printer,
) -> Result<Vec<u8>, CommandError> {
    let given = match &arguments.key_passphrase_file {
        Some(file) => Some(read_with_warning(file, printer)?),
        None if arguments.generate_passphrase => None,
        None => return Err(P12Error::PassphraseMissing.into()),
    };
    let certificates = with_chain(arguments, leaf)?;
    let file = arguments
        .key
        .clone()
        .unwrap_or_else(|| arguments.file.with_extension("key"));
    let key = read_key(&file, given.as_ref())?;
    if key.key_id() != leaf.public_key().key_id() {
        return Err(P12Error::OtherKey.into());
    }
    let passphrase = match given {
        Some(passphrase) => passphrase,
        None => {
            let passphrase = generate_passphrase();
            printer.talk(format_args!(
                "passphrase: {}",
                String::from_utf8_lossy(passphrase.expose())
            ))?;
            passphrase
        }
    };
    let name = leaf.subject().common_name().unwrap_or_default().to_owned();
    let spinner = printer.spinner("packing");
    let packing = tokio::task::spawn_blocking(move || {
        pkcs12(&name, &key, &certificates, &passphrase, Seal::Modern)
    });
    let packed = packing.await??;
    drop(spinner);
    Ok(packed)
}

fn read_key(file: &Path, passphrase: Option<&Passphrase>) -> Result<PrivateKey, CommandError> {
    let pem = zeroize::Zeroizing::new(files::read(file)?);
    PrivateKey::from_pem(&pem, passphrase).map_err(|source| CommandError::Key {
        file: file.to_owned(),
        source,
        passphrase_option: "--key-passphrase-file",
    })
}

fn with_chain(
    arguments: &ExportArguments,
    leaf: &Certificate,
) -> Result<Vec<Vec<u8>>, CommandError> {
    let mut certificates = vec![leaf.der().to_vec()];
    if let Some(file) = chain_file(arguments) {
        let chain = Certificate::chain_from_pem(&files::read(&file)?)
            .map_err(|source| CommandError::Certificate { file, source })?;
        certificates.extend(chain.iter().map(|certificate| certificate.der().to_vec()));
    }
    Ok(certificates)
}

fn chain_file(arguments: &ExportArguments) -> Option<PathBuf> {
    let beside = arguments.file.with_file_name("chain.pem");
    arguments
        .chain
        .clone()
        .or_else(|| files::exists(&beside).then_some(beside))
}

impl ExportFormat {
    fn as_str(self) -> &'static str {
        match self {
            Self::Pem => "pem",
            Self::Der => "der",
            Self::P12 => "p12",
            Self::P7b => "p7b",
        }
    }
}
