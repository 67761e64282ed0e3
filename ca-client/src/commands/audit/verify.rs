//! `audit verify`: the log against its signed checkpoints, the one that this client saw last, and the published CRLs.

use std::path::{Path, PathBuf};

use ca_types::{Code, Fingerprint};
use ca_verify::{
    Auditor, Certificate, Checkpoint, DigestedLeaf, FindingKind, LogKey, LogKeyStatement,
    verify_consistency,
};

use crate::cli::AuditVerifyArguments;
use crate::client::{Client, ProvedCheckpoint};
use crate::commands::Context;
use crate::download::download;
use crate::error::{CommandError, ExitStatus};
use crate::files::{self, Existing, Mode};
use crate::json::{AuditFindingDocument, AuditReportDocument};
use crate::printer::Spinner;
use crate::settings::Settings;

pub(super) async fn run(
    arguments: AuditVerifyArguments,
    context: &mut Context,
) -> Result<ExitStatus, CommandError> {
    let settings = context.settings()?;
    let client = context.client().await?;
    let spinner = context.printer.spinner("fetching the checkpoint");
    let mut auditor = Auditor::new();
    // Before the checkpoint, which is over all leaves: every CRL that is published has its leaf then.
    let (crls, recorded) = if arguments.checkpoint_only {
        (Vec::new(), 0)
    } else {
        let before = client.checkpoint().await?.checkpoint;
        let recorded = Checkpoint::from_note(&before).map_or(0, |checkpoint| checkpoint.size);
        (published_crls(&client, &mut auditor).await?, recorded)
    };
    let proved = client.checkpoint().await?;
    let key = key_of(&settings, &proved)?;
    let checkpoint = Checkpoint::verified(&proved.checkpoint, &key)
        .map_err(|error| refusal(format!("checkpoint of the server: {error}")))?;
    let memory = Memory::of(&settings, &key);
    let seen = memory.read(&key)?;
    if let Some(seen) = &seen {
        follow(
            &client,
            seen,
            (&checkpoint, &proved.checkpoint),
            &mut auditor,
        )
        .await?;
    }
    if !arguments.checkpoint_only {
        auditor.expect_signed(&checkpoint, "the checkpoint of the server");
        if let Some(seen) = &seen {
            auditor.expect_signed(&seen.checkpoint, memory.file.display().to_string());
        }
        read_all(&client, checkpoint.size, &mut auditor, &spinner).await?;
        let is_same = auditor
            .log_key()
            .is_some_and(|statement| statement.key == key);
        if !is_same {
            let what = "the log does not say that a control CA vouches for its key";
            auditor.find(FindingKind::LogKey, None, what);
        }
        for (url, der) in crls {
            // A CRL may have been renewed since it was fetched.
            auditor.judge_crl(&der, &url, recorded);
        }
        for file in &arguments.cert {
            let certificate =
                Certificate::from_pem_or_der(&files::read(file)?).map_err(|source| {
                    CommandError::Certificate {
                        file: file.clone(),
                        source,
                    }
                })?;
            auditor.judge_certificate(&certificate, &file.display().to_string());
        }
    }
    drop(spinner);
    let (leaves, root) = (auditor.size(), auditor.root());
    let last_time = auditor.last_time();
    let findings = auditor.finish();
    if findings.is_empty() {
        memory.write(&proved.checkpoint)?;
    }
    let document = AuditReportDocument {
        log: key.name(),
        key: key.to_string(),
        size: checkpoint.size,
        root: Fingerprint::from(checkpoint.root).to_string(),
        verified_leaves: leaves,
        seen_size: seen.as_ref().map(|seen| seen.checkpoint.size),
        last_time,
        findings: findings.iter().map(AuditFindingDocument::new).collect(),
        sound: findings.is_empty(),
    };
    debug_assert!(leaves == 0 || !document.sound || root == checkpoint.root);
    context.printer.data(&document, || text(&document))?;
    Ok(if document.sound {
        ExitStatus::Success
    } else {
        ExitStatus::Refused
    })
}

/// The last checkpoint that this client saw of a log, in a file beside the profile file.
struct Memory {
    file: PathBuf,
}

/// A checkpoint that was seen before.
struct Seen {
    checkpoint: Checkpoint,
    note: String,
}

impl Memory {
    fn of(settings: &Settings, key: &LogKey) -> Self {
        let name: String = key.fingerprint().to_string().chars().take(16).collect();
        let directory = settings.file.parent().unwrap_or_else(|| Path::new("."));
        Self {
            file: directory.join(format!("log-{name}.checkpoint")),
        }
    }

    fn read(&self, key: &LogKey) -> Result<Option<Seen>, CommandError> {
        if !files::exists(&self.file) {
            return Ok(None);
        }
        let note = String::from_utf8(files::read(&self.file)?).unwrap_or_default();
        let checkpoint = Checkpoint::verified(&note, key).map_err(|error| CommandError::Check {
            code: Code::FailedPrecondition,
            what: format!("{}: {error}", self.file.display()),
            hint: "someone changed the file; delete it only if you know who".to_owned(),
        })?;
        Ok(Some(Seen { checkpoint, note }))
    }

    fn write(&self, note: &str) -> Result<(), CommandError> {
        Ok(files::write(
            &self.file,
            note.as_bytes(),
            Mode::Public,
            Existing::Replace,
        )?)
    }
}

/// Finds the key of the log: a CA that the profile file trusts must vouch for it.
fn key_of(settings: &Settings, proved: &ProvedCheckpoint) -> Result<LogKey, CommandError> {
    let anchors = Certificate::chain_from_pem(&files::read(&settings.ca)?).map_err(|source| {
        CommandError::Certificate {
            file: settings.ca.clone(),
            source,
        }
    })?;
    anchors
        .iter()
        .find_map(|ca| LogKeyStatement::verified(&proved.statement, ca).ok())
        .map(|statement| statement.key)
        .ok_or_else(|| {
            refusal(format!(
                "no CA in {} vouches for the key of the log",
                settings.ca.display()
            ))
        })
}

fn refusal(what: String) -> CommandError {
    CommandError::Check {
        code: Code::FailedPrecondition,
        what,
        hint: "this may not be the server that you know: ask its operators".to_owned(),
    }
}

/// Wants the log to have grown from what was seen before; a fork is told to the server, which logs it.
async fn follow(
    client: &Client,
    seen: &Seen,
    (now, note): (&Checkpoint, &str),
    auditor: &mut Auditor,
) -> Result<(), CommandError> {
    let first = (seen.checkpoint.size, seen.checkpoint.root);
    let second = (now.size, now.root);
    let what = if first.0 > second.0 {
        format!(
            "the log has {} leaves, this client saw it with {}: an old copy was put back, or its end was cut off",
            second.0, first.0
        )
    } else {
        let proof = client.consistency_proof(first.0, second.0).await?;
        match verify_consistency(first, second, &proof) {
            Ok(()) => return Ok(()),
            Err(error) => format!(
                "the log of {} leaves does not begin with the {} leaves that this client saw: {error}",
                second.0, first.0
            ),
        }
    };
    auditor.find(FindingKind::Fork, None, what);
    if let Err(error) = client.claim_fork(&seen.note, note).await {
        let what = format!("the server does not take the claim: {error}");
        auditor.find(FindingKind::Fork, None, what);
    }
    Ok(())
}

/// Reads all leaves that the checkpoint is about.
async fn read_all(
    client: &Client,
    size: u64,
    auditor: &mut Auditor,
    spinner: &Spinner,
) -> Result<(), CommandError> {
    while auditor.size() < size {
        let rows = u32::try_from(size - auditor.size()).unwrap_or(u32::MAX);
        let leaves = client.leaves(auditor.size(), rows.min(PAGE)).await?;
        if leaves.is_empty() {
            return Ok(());
        }
        for octets in leaves {
            auditor.take(DigestedLeaf::new(&octets));
        }
        spinner.say(format!("verified {} of {size} leaves", auditor.size()));
    }
    Ok(())
}

/// Fetches the CRLs from where the CA publishes them. The URLs come from the settings of the server.
async fn published_crls(
    client: &Client,
    auditor: &mut Auditor,
) -> Result<Vec<(String, Vec<u8>)>, CommandError> {
    let mut crls = Vec::new();
    for issuer in client.issuers().await? {
        match download(&issuer.crl_url).await {
            Ok(der) => crls.push((issuer.crl_url, der)),
            Err(error) => auditor.find(FindingKind::Crl, None, error.to_string()),
        }
    }
    Ok(crls)
}

fn text(document: &AuditReportDocument<'_>) -> String {
    let mut text: String = document
        .findings
        .iter()
        .map(|finding| {
            let leaf = finding.leaf.map(|leaf| format!(" leaf {leaf}:"));
            let leaf = leaf.unwrap_or_default();
            format!("{}:{leaf} {}\n", finding.kind, finding.what)
        })
        .collect();
    let seen = document.seen_size.map_or_else(
        || "first look".to_owned(),
        |size| format!("seen before with {size}"),
    );
    let verdict = if document.sound {
        "sound".to_owned()
    } else {
        format!("{} findings", document.findings.len())
    };
    text += &format!(
        "{} leaves, root {}, {} verified, {seen}: {verdict}\nlog key {}\n",
        document.size, document.root, document.verified_leaves, document.key
    );
    text
}

const PAGE: u32 = 1_000;
