//! `issue`: a key made here, and a certificate for it.

use std::io;

use ca_types::{Days, GeneralName, ProfileName, SubjectName};
use ca_verify::target::Target;

use super::Context;
use crate::arguments::{sans, subject_name, value, values};
use crate::cli::IssueArguments;
use crate::client::{Client, IssueParameters, Issued, IssuerRecord};
use crate::enrollment::{Enrollment, Files, chain_pem};
use crate::error::{CommandError, ExitStatus};
use crate::files::{self, Existing, FileError};
use crate::json::CertificateDocument;
use crate::keys::KeyAlgorithm;
use crate::pending::Asked;
use crate::printer::Printer;
use crate::report::{certificate_facts, file_facts};
use crate::settings::ServerAddress;

pub(super) async fn run(
    arguments: IssueArguments,
    context: &mut Context,
) -> Result<ExitStatus, CommandError> {
    let profile: ProfileName = value("--profile", &arguments.profile)?;
    let name = subject_name(&arguments.name)?;
    let further = sans(&arguments.san)?;
    let targets: Vec<Target> = values("--target", &arguments.target)?;
    let settings = context.settings()?;
    let mut asked = asked("issue", &settings.server, &profile, &name, &further);
    asked.extend(
        arguments
            .days
            .map(|days| ("--days".to_owned(), days.to_string())),
    );
    let algorithm = arguments
        .key_algorithm
        .map(|algorithm| algorithm.to_string());
    asked.extend(algorithm.map(|algorithm| ("--key-algorithm".to_owned(), algorithm)));
    asked.extend(
        arguments
            .replace
            .then(|| ("--replace".to_owned(), "yes".to_owned())),
    );
    asked.extend(targets_asked(&targets));
    let enrollment = Enrollment {
        directory: &arguments.place.out,
        name: name.as_str(),
        existing: arguments.place.existing(),
        p12: arguments.p12,
        protection: arguments.protection.protection(),
        former_key: None,
        asked,
    };
    let _unless_used = enrollment.prepare()?;
    let client = Client::connect(&settings).await?;
    let issuers = client.issuers().await?;
    refuse_other_chain(&enrollment, &profile, &issuers)?;
    let algorithm = arguments
        .key_algorithm
        .unwrap_or_else(|| default_algorithm(profile.as_str(), &issuers));
    let names = all_names(&name, &further);
    let begun = enrollment
        .begin_with_new_key(algorithm, names, &mut context.printer)
        .await?;
    let parameters = IssueParameters {
        request_id: begun.request_id(),
        profile,
        name: name.clone(),
        sans: further,
        days: arguments.days.map(Days),
        certification_request: begun.certification_request().to_vec(),
        replace: arguments.replace,
        targets,
    };
    let issued = match client.issue(&parameters).await {
        Ok(issued) => issued,
        Err(error) => return Err(begun.fail(error)),
    };
    let files = begun.deliver(&enrollment, &issued)?;
    report(&issued, &files, context)
}

/// Says what was issued and where it is.
pub(super) fn report(
    issued: &Issued,
    files: &Files,
    context: &mut Context,
) -> Result<ExitStatus, CommandError> {
    let record = &issued.certificate;
    let document = CertificateDocument::with_files(record, files).with_notices(&issued.notices);
    context
        .printer
        .data(&document, || certificate_facts(record) + &file_facts(files))?;
    tell_notices(issued, &mut context.printer)?;
    Ok(ExitStatus::Success)
}

/// Tells which rules of targets it does not keep, though it was issued.
pub(super) fn tell_notices(issued: &Issued, printer: &mut Printer) -> io::Result<()> {
    for notice in &issued.notices {
        printer.talk(format_args!("notice: {notice}"))?;
    }
    Ok(())
}

/// Writes down what was asked in the words of the command line.
pub(super) fn asked(
    command: &str,
    server: &ServerAddress,
    profile: &ProfileName,
    name: &SubjectName,
    sans: &[GeneralName],
) -> Asked {
    let sans: Vec<String> = sans.iter().map(ToString::to_string).collect();
    let pairs = [
        ("command", command.to_owned()),
        ("server", server.to_string()),
        ("--profile", profile.to_string()),
        ("--name", name.to_string()),
        ("--san", sans.join(" ")),
    ];
    pairs.map(|(key, value)| (key.to_owned(), value)).into()
}

/// Writes down where the certificate has to work, when that was asked for.
pub(super) fn targets_asked(targets: &[Target]) -> Option<(String, String)> {
    let words: Vec<&str> = targets.iter().map(|target| target.as_str()).collect();
    (!words.is_empty()).then(|| ("--target".to_owned(), words.join(" ")))
}

/// Returns the names of the certificate: that of the NAME first, each once.
pub(crate) fn all_names(name: &SubjectName, further: &[GeneralName]) -> Vec<GeneralName> {
    let mut names = vec![name.general_name()];
    for san in further {
        if !names.contains(san) {
            names.push(san.clone());
        }
    }
    names
}

/// Refuses before anything is sent when another CA's chain is in the directory.
pub(super) fn refuse_other_chain(
    enrollment: &Enrollment<'_>,
    profile: &ProfileName,
    issuers: &[IssuerRecord],
) -> Result<(), CommandError> {
    let path = enrollment.directory.join("chain.pem");
    if enrollment.existing == Existing::Replace || !files::exists(&path) {
        return Ok(());
    }
    let mut of_class = issuers
        .iter()
        .filter(|issuer| issuer.class == profile.as_str() && issuer.state == "active");
    let (Some(issuer), None) = (of_class.next(), of_class.next()) else {
        return Ok(());
    };
    let root = issuers
        .iter()
        .filter(|root| root.class == "root" && root.trust_domain == issuer.trust_domain);
    let chain: Vec<Vec<u8>> = std::iter::once(issuer)
        .chain(root)
        .map(|issuer| issuer.der.clone())
        .collect();
    if chain_pem(&chain)?.as_bytes() == files::read(&path)? {
        Ok(())
    } else {
        Err(FileError::Exists { path }.into())
    }
}

/// Chooses the kind of key by that of the CA which issues for `class`.
pub(crate) fn default_algorithm(class: &str, issuers: &[IssuerRecord]) -> KeyAlgorithm {
    let issuer = issuers
        .iter()
        .find(|issuer| issuer.class == class && issuer.state == "active")
        .or_else(|| issuers.iter().find(|issuer| issuer.state == "active"));
    KeyAlgorithm::under_ca(issuer.map_or("p256", |issuer| issuer.key_algorithm.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_asked_for_once_and_the_name_first() {
        let name = "r1.example".parse().unwrap();
        let further =
            ["ip:192.0.2.1", "dns:r1.example", "ip:192.0.2.1"].map(|san| san.parse().unwrap());
        let names: Vec<String> = all_names(&name, &further)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(names, ["dns:r1.example", "ip:192.0.2.1"]);
    }
}
