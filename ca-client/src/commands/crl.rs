//! `crl show|fetch|verify|request|install`: certificate revocation lists, as the CA has them and as it publishes them.

use std::path::Path;

use ca_types::{Clock as _, Code, SystemClock};
use ca_verify::{Certificate, CertificateList};

use super::Context;
use crate::arguments::{optional, value, values};
use crate::ceremony_file::write_request;
use crate::cli::{CrlArguments, CrlCommand, CrlRequestArguments};
use crate::client::{Client, ClientError, IssuerRecord};
use crate::download::download;
use crate::error::{CommandError, ExitStatus};
use crate::files::{self, Existing, Mode};
use crate::json::{CeremonyRequestDocument, CertificateListDocument};
use crate::report::{crl_table, lines};

pub(super) async fn run(
    command: CrlCommand,
    context: &mut Context,
) -> Result<ExitStatus, CommandError> {
    if let CrlCommand::Install(arguments) = &command {
        super::issuer::install(arguments, "crl", context).await?;
        return Ok(ExitStatus::Success);
    }
    let client = context.client().await?;
    match command {
        CrlCommand::Show(arguments) => show(&arguments, &client, context).await,
        CrlCommand::Fetch { issuers, out } => fetch(issuers, &out, &client, context).await,
        CrlCommand::Verify(arguments) => verify(&arguments, &client, context).await,
        CrlCommand::Request(arguments) => request(&arguments, &client, context).await,
        CrlCommand::Install(_) => Ok(ExitStatus::Success),
    }
}

async fn request(
    arguments: &CrlRequestArguments,
    client: &Client,
    context: &mut Context,
) -> Result<ExitStatus, CommandError> {
    let root = optional("--root", arguments.root.as_ref())?;
    let revoke = values("--revoke", &arguments.revoke)?;
    let der = client
        .request_crl(root.as_ref(), &revoke, arguments.reason)
        .await?;
    let sha256 = write_request(&arguments.out, &der, arguments.force)?;
    let document = CeremonyRequestDocument {
        file: &arguments.out,
        sha256,
    };
    let text = || {
        let file = document.file.display();
        lines(&[
            ("request", file.to_string()),
            ("SHA-256", document.sha256.clone()),
        ]) + &format!(
            "\nNext, where the root key is, once the SHA-256 is compared:\n  ca-server ceremony root crl --root-dir \
             root-offline --request {file} --out root-crl.answer --root-passphrase-file FILE\n"
        )
    };
    context.printer.data(&document, text)?;
    Ok(ExitStatus::Success)
}

async fn show(
    arguments: &CrlArguments,
    client: &Client,
    context: &mut Context,
) -> Result<ExitStatus, CommandError> {
    let (issuer, list) = match file_of(arguments) {
        Some(file) => in_file(file, client).await?,
        None => {
            let (issuer, crl) = client.issuer(&value("ISSUER", &arguments.crl)?).await?;
            let list = parsed(&arguments.crl, &crl)?;
            (issuer, list)
        }
    };
    report(&issuer, &list, context)
}

/// Fetches all before anything is written: one unsound CRL leaves the directory as it was.
async fn fetch(
    issuers: Vec<String>,
    directory: &Path,
    client: &Client,
    context: &mut Context,
) -> Result<ExitStatus, CommandError> {
    let is_all = issuers.is_empty();
    let wanted = if is_all {
        let all = client.issuers().await?;
        all.iter()
            .map(|issuer| issuer.issuer_id.to_string())
            .collect()
    } else {
        issuers
    };
    let _unless_used = files::create_directory(directory)?;
    let mut fetched = Vec::new();
    for issuer in &wanted {
        let (issuer, list) = published(issuer, client, context).await?;
        refuse_unsound(&issuer, &list)?;
        let path = directory.join(format!("{}.crl", issuer.issuer_id));
        refuse_older(&path, &list)?;
        fetched.push((issuer, list, path));
    }
    for (_, list, path) in &fetched {
        files::write(path, list.der(), Mode::Public, Existing::Replace)?;
    }
    // Some of the CRLs would take the others away from who verifies with the file.
    if is_all {
        let pem: String = fetched.iter().map(|(_, list, _)| list.to_pem()).collect();
        files::write(
            &directory.join("crls.pem"),
            pem.as_bytes(),
            Mode::Public,
            Existing::Replace,
        )?;
    }
    let documents: Vec<CertificateListDocument<'_>> = fetched
        .iter()
        .map(|(issuer, list, path)| document(issuer, list, Some(path)))
        .collect();
    context.printer.data(&documents, || crl_table(&documents))?;
    Ok(ExitStatus::Success)
}

/// Refuses to go back: whoever serves an old CRL hides revocations.
fn refuse_older(path: &Path, list: &CertificateList) -> Result<(), CommandError> {
    if !files::exists(path) {
        return Ok(());
    }
    let present = parsed(&path.display().to_string(), &files::read(path)?)?;
    if present.number() <= list.number() {
        return Ok(());
    }
    Err(CommandError::Check {
        code: Code::FailedPrecondition,
        what: format!(
            "{} has number {}, the published CRL has {}",
            path.display(),
            present.number(),
            list.number()
        ),
        hint: "an old CRL is published: someone, or a cache, holds the new one back".to_owned(),
    })
}

async fn verify(
    arguments: &CrlArguments,
    client: &Client,
    context: &mut Context,
) -> Result<ExitStatus, CommandError> {
    let (issuer, list) = match file_of(arguments) {
        Some(file) => in_file(file, client).await?,
        None => published(&arguments.crl, client, context).await?,
    };
    refuse_unsound(&issuer, &list)?;
    if list.number() < issuer.crl_number {
        return Err(CommandError::Check {
            code: Code::FailedPrecondition,
            what: format!(
                "CRL has number {}, the newest one of {} has {}",
                list.number(),
                issuer.issuer_id,
                issuer.crl_number
            ),
            hint: "fetch the newest one with `ca-client crl fetch`".to_owned(),
        });
    }
    report(&issuer, &list, context)
}

/// Fetches the CRL from where the CA publishes it. The URL comes from the settings of the server.
async fn published(
    issuer: &str,
    client: &Client,
    context: &Context,
) -> Result<(IssuerRecord, CertificateList), CommandError> {
    let (issuer, _crl) = client.issuer(&value("ISSUER", issuer)?).await?;
    let spinner = context
        .printer
        .spinner(format!("fetching {}", issuer.crl_url));
    let octets = download(&issuer.crl_url).await?;
    drop(spinner);
    let list = parsed(&issuer.crl_url, &octets)?;
    Ok((issuer, list))
}

/// Reads a CRL file and finds the CA that is named in it.
async fn in_file(
    file: &Path,
    client: &Client,
) -> Result<(IssuerRecord, CertificateList), CommandError> {
    let list = parsed(&file.display().to_string(), &files::read(file)?)?;
    for issuer in client.issuers().await? {
        if certificate_of(&issuer)?.subject().der() == list.issuer().der() {
            return Ok((issuer, list));
        }
    }
    Err(CommandError::Check {
        code: Code::NotFound,
        what: format!(
            "{}: issuer is `{}`, which is none of our CAs",
            file.display(),
            list.issuer().as_str()
        ),
        hint: "`ca-client issuer list` shows the CAs".to_owned(),
    })
}

fn refuse_unsound(issuer: &IssuerRecord, list: &CertificateList) -> Result<(), CommandError> {
    let refuse = |what: String| CommandError::Check {
        code: Code::FailedPrecondition,
        what,
        hint:
            "nobody should take it: compare it with `ca-client crl show`, which asks the CA itself"
                .to_owned(),
    };
    list.verify_signed_by(&certificate_of(issuer)?)
        .map_err(|error| refuse(format!("CRL of {}: {error}", issuer.issuer_id)))?;
    let now = SystemClock.now();
    if now < list.this_update() || list.next_update() < now {
        return Err(refuse(format!(
            "CRL of {} is valid from {} to {}, now is {now}",
            issuer.issuer_id,
            list.this_update(),
            list.next_update()
        )));
    }
    Ok(())
}

fn report(
    issuer: &IssuerRecord,
    list: &CertificateList,
    context: &mut Context,
) -> Result<ExitStatus, CommandError> {
    let document = document(issuer, list, None);
    context.printer.data(&document, || text(&document))?;
    Ok(ExitStatus::Success)
}

fn document<'a>(
    issuer: &'a IssuerRecord,
    list: &'a CertificateList,
    file: Option<&'a Path>,
) -> CertificateListDocument<'a> {
    CertificateListDocument {
        issuer_id: issuer.issuer_id.as_str(),
        issuer: list.issuer().as_str(),
        number: list.number(),
        this_update: list.this_update(),
        next_update: list.next_update(),
        entries: list.len(),
        file,
    }
}

fn text(document: &CertificateListDocument<'_>) -> String {
    let mut facts = vec![
        ("issuer", document.issuer_id.to_owned()),
        ("subject", document.issuer.to_owned()),
        ("number", document.number.to_string()),
        ("this update", document.this_update.to_string()),
        ("next update", document.next_update.to_string()),
        ("entries", document.entries.to_string()),
    ];
    facts.extend(
        document
            .file
            .map(|file| ("file", file.display().to_string())),
    );
    lines(&facts)
}

/// Tells a file from the identifier of a CA, which has neither dots nor slashes.
fn file_of(arguments: &CrlArguments) -> Option<&Path> {
    let is_file = arguments.crl.contains(['/', '.']) || files::exists(Path::new(&arguments.crl));
    is_file.then(|| Path::new(&arguments.crl))
}

fn parsed(from: &str, octets: &[u8]) -> Result<CertificateList, CommandError> {
    CertificateList::from_pem_or_der(octets).map_err(|source| CommandError::CertificateList {
        from: from.to_owned(),
        source,
    })
}

fn certificate_of(issuer: &IssuerRecord) -> Result<Certificate, ClientError> {
    Certificate::from_der(&issuer.der).map_err(|error| ClientError::answer("der", error))
}
