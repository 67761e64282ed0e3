//! `sign`: a certificate for a certification request that came from elsewhere.

use std::path::Path;

use ca_types::{Code, Days, ProfileName, SubjectName};
use ca_verify::CertificationRequest;
use ca_verify::target::Target;
use sha2::{Digest as _, Sha256};

use super::Context;
use super::issue::{asked, refuse_other_chain, report, targets_asked};
use crate::arguments::{certification_request, sans, subject_name, value, values};
use crate::cli::SignArguments;
use crate::client::{Client, IssueParameters};
use crate::enrollment::{Enrollment, Protection};
use crate::error::{CommandError, ExitStatus};

pub(super) async fn run(
    arguments: SignArguments,
    context: &mut Context,
) -> Result<ExitStatus, CommandError> {
    let profile: ProfileName = value("--profile", &arguments.profile)?;
    let further = sans(&arguments.san)?;
    let given = arguments.name.as_deref().map(subject_name).transpose()?;
    let request = certification_request(&arguments.csr)?;
    let name = match given {
        Some(name) => name,
        None => only_common_name(&request, &arguments.csr)?,
    };
    let targets: Vec<Target> = values("--target", &arguments.target)?;
    let settings = context.settings()?;
    let mut asked = asked("sign", &settings.server, &profile, &name, &further);
    let digest = ca_types::Fingerprint::from(<[u8; 32]>::from(Sha256::digest(request.der())));
    asked.insert("--csr".to_owned(), format!("sha256:{digest}"));
    asked.extend(
        arguments
            .days
            .map(|days| ("--days".to_owned(), days.to_string())),
    );
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
        p12: false,
        protection: Protection::Rights,
        former_key: None,
        asked,
    };
    let _unless_used = enrollment.prepare()?;
    let client = Client::connect(&settings).await?;
    refuse_other_chain(&enrollment, &profile, &client.issuers().await?)?;
    let begun = enrollment.begin_with_request(request.der().to_vec())?;
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

/// Returns the NAME that a request has when nobody says another.
pub(super) fn only_common_name(
    request: &CertificationRequest,
    file: &Path,
) -> Result<SubjectName, CommandError> {
    match request.subject().common_names() {
        [name] => name.parse().map_err(|error| CommandError::Check {
            code: Code::InvalidName,
            what: format!("{}: {error}", file.display()),
            hint: "say with --name what to certify".to_owned(),
        }),
        names => Err(CommandError::Check {
            code: Code::InvalidName,
            what: format!(
                "{}: wanted one common name, {} came",
                file.display(),
                names.len()
            ),
            hint: "say with --name what to certify".to_owned(),
        }),
    }
}
