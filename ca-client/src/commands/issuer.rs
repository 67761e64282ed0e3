//! `issuer list|show|create|request|install|activate|deactivate|retire`: the certificate authorities.

use ca_types::{IssuerState, RequestId, SystemEntropy};

use super::Context;
use crate::arguments::value;
use crate::ceremony_file::write_request;
use crate::cli::{
    InstallArguments, IssuerArguments, IssuerCommand, IssuerCreateArguments, IssuerRequestArguments,
};
use crate::client::{ChangedIssuer, IssuerRecord, IssuerRequestRecord};
use crate::error::{CommandError, ExitStatus};
use crate::files;
use crate::json::IssuerDocument;
use crate::report::{issuer_table, lines};

pub(super) async fn run(
    command: IssuerCommand,
    context: &mut Context,
) -> Result<ExitStatus, CommandError> {
    match command {
        IssuerCommand::List => {
            let (issuers, requests) = context.client().await?.issuers_and_requests().await?;
            let documents: Vec<_> = issuers
                .iter()
                .map(IssuerDocument::new)
                .chain(
                    requests
                        .iter()
                        .map(|request| IssuerDocument::of_request(request, IssuerState::Requested)),
                )
                .collect();
            context
                .printer
                .data(&documents, || issuer_table(&issuers, &requests))?;
        }
        IssuerCommand::Show(IssuerArguments { issuer }) => {
            let issuer_id = value("ISSUER", &issuer)?;
            let (issuer, _crl) = context.client().await?.issuer(&issuer_id).await?;
            show(&issuer, context)?;
        }
        IssuerCommand::Create(arguments) => create(&arguments, context).await?,
        IssuerCommand::Request(arguments) => request(&arguments, context).await?,
        IssuerCommand::Install(arguments) => install(&arguments, "issuer", context).await?,
        IssuerCommand::Activate(arguments) => {
            change(&arguments, IssuerState::Active, context).await?;
        }
        IssuerCommand::Deactivate(arguments) => {
            change(&arguments, IssuerState::Inactive, context).await?;
        }
        IssuerCommand::Retire(arguments) => {
            change(&arguments, IssuerState::Retired, context).await?;
        }
    }
    Ok(ExitStatus::Success)
}

async fn create(
    arguments: &IssuerCreateArguments,
    context: &mut Context,
) -> Result<(), CommandError> {
    let class = value("--class", &arguments.class)?;
    let (name, key) = (
        arguments.name.as_deref(),
        arguments.key_algorithm.as_deref(),
    );
    let client = context.client().await?;
    let spinner = context.printer.spinner("making the key".to_owned());
    let id = RequestId::generate(&mut SystemEntropy);
    let made = client.create_issuer(id, class, name, key).await;
    drop(spinner);
    let made = made?;
    let next = format!(
        "\nNext:\n  ca-client issuer request {0} --out {0}.request\n",
        made.issuer_id
    );
    show_request(&made, IssuerState::Requested, &next, context)
}

async fn request(
    arguments: &IssuerRequestArguments,
    context: &mut Context,
) -> Result<(), CommandError> {
    let issuer_id = value("ISSUER", &arguments.issuer)?;
    let made = context.client().await?.ceremony_request(&issuer_id).await?;
    write_request(&arguments.out, &made.der, arguments.force)?;
    let next = format!(
        "\nNext, where the root key is, once the SHA-256 is compared:\n  ca-server ceremony root sign --root-dir \
         root-offline --request {} --out {issuer_id}.answer --root-passphrase-file FILE\n",
        arguments.out.display()
    );
    show_request(&made, IssuerState::Requested, &next, context)
}

/// Hands in an answer, for this command and for `crl install`.
pub(super) async fn install(
    arguments: &InstallArguments,
    kind: &'static str,
    context: &mut Context,
) -> Result<(), CommandError> {
    let answer = files::read(&arguments.file)?;
    let client = context.client().await?;
    let id = RequestId::generate(&mut SystemEntropy);
    let installed = client.install_answer(id, kind, answer).await?;
    let documents: Vec<_> = installed.iter().map(IssuerDocument::new).collect();
    context
        .printer
        .data(&documents, || issuer_table(&installed, &[]))?;
    Ok(())
}

async fn change(
    arguments: &IssuerArguments,
    state: IssuerState,
    context: &mut Context,
) -> Result<(), CommandError> {
    let issuer_id = value("ISSUER", &arguments.issuer)?;
    let client = context.client().await?;
    let id = RequestId::generate(&mut SystemEntropy);
    match client.set_issuer_state(id, &issuer_id, state).await? {
        ChangedIssuer::Issuer(issuer) => show(&issuer, context),
        ChangedIssuer::Withdrawn(request) => show_request(&request, state, "", context),
    }
}

fn show(issuer: &IssuerRecord, context: &mut Context) -> Result<(), CommandError> {
    let facts = [
        ("issuer", issuer.issuer_id.to_string()),
        ("class", issuer.class.clone()),
        ("state", issuer.state.clone()),
        ("domain", issuer.trust_domain.clone()),
        ("subject", issuer.subject.clone()),
        ("key", issuer.key_algorithm.clone()),
        ("not before", issuer.validity.not_before().to_string()),
        ("not after", issuer.validity.not_after().to_string()),
        ("fingerprint", issuer.fingerprint.to_string()),
        ("CRL", issuer.crl_url.clone()),
        ("CRL number", issuer.crl_number.to_string()),
        ("next CRL by", issuer.crl_next_update.to_string()),
    ];
    context
        .printer
        .data(&IssuerDocument::new(issuer), || lines(&facts))?;
    Ok(())
}

/// Shows a CA that has no certificate, and what comes next.
fn show_request(
    request: &IssuerRequestRecord,
    state: IssuerState,
    next: &str,
    context: &mut Context,
) -> Result<(), CommandError> {
    let facts = [
        ("issuer", request.issuer_id.to_string()),
        ("class", request.class.clone()),
        ("state", state.to_string()),
        ("subject", request.subject.clone()),
        ("key", request.key_algorithm.clone()),
        ("not before", request.validity.not_before().to_string()),
        ("not after", request.validity.not_after().to_string()),
        ("SHA-256", request.sha256.clone()),
    ];
    let document = IssuerDocument::of_request(request, state);
    context.printer.data(&document, || lines(&facts) + next)?;
    Ok(())
}
