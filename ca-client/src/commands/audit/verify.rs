//! `audit verify`: the log against its signed checkpoints, the one that this client saw last, and the published CRLs.

use ca_types::{Code, Fingerprint};
use ca_verify::{
    Auditor, Certificate, Checkpoint, DigestedLeaf, FindingKind, LogKey, LogKeyStatement, Restart,
    verify_consistency,
};

use super::memory::{Memory, Seen};
use crate::arguments::certificate;
use crate::cli::AuditVerifyArguments;
use crate::client::{Client, ProvedCheckpoint};
use crate::commands::Context;
use crate::download::download;
use crate::error::{CommandError, ExitStatus};
use crate::files;
use crate::json::{AuditFindingDocument, AuditReportDocument, RestartDocument};
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
    let fork = match &seen {
        Some(seen) => fork_of(&client, &seen.checkpoint, &checkpoint).await?,
        None => None,
    };
    if !arguments.checkpoint_only {
        auditor.expect_signed(&checkpoint, "the checkpoint of the server");
        match (&seen, &fork) {
            (Some(seen), None) => {
                auditor.expect_signed(&seen.checkpoint, memory.checkpoint.display().to_string());
            }
            (
                Some(Seen {
                    tree: Some(tree), ..
                }),
                Some(_),
            ) => auditor.compare_with(tree),
            (Some(_) | None, _) => {}
        }
        read_all(&client, checkpoint.size, &mut auditor, &spinner).await?;
        judge(&arguments, &key, (crls, recorded), &mut auditor)?;
    }
    drop(spinner);
    let restored = match (&seen, fork) {
        (Some(seen), Some(what)) => {
            let fork = Fork {
                seen,
                what,
                now: &proved.checkpoint,
            };
            let accepts = arguments.accept_restored;
            fork.settle(accepts, &client, &mut auditor, context).await?
        }
        (Some(_) | None, _) => None,
    };
    let last_time = auditor.last_time();
    let tree = auditor.frontier().clone();
    let findings = auditor.finish();
    if findings.is_empty() {
        let read = (!arguments.checkpoint_only).then_some(&tree);
        memory.write(&proved.checkpoint, read)?;
    }
    let seen_size = seen.map(|seen| seen.checkpoint.size);
    let document = AuditReportDocument {
        log: key.name(),
        key: key.to_string(),
        size: checkpoint.size,
        root: Fingerprint::from(checkpoint.root).to_string(),
        verified_leaves: tree.size(),
        seen_size,
        restored: restored.zip(seen_size).map(RestartDocument::new),
        last_time,
        findings: findings.iter().map(AuditFindingDocument::new).collect(),
        sound: findings.is_empty(),
    };
    debug_assert!(tree.size() == 0 || !document.sound || tree.root() == checkpoint.root);
    context.printer.data(&document, || text(&document))?;
    Ok(if document.sound {
        ExitStatus::Success
    } else {
        ExitStatus::Refused
    })
}

/// Compares the log that was read with what must agree with it.
fn judge(
    arguments: &AuditVerifyArguments,
    key: &LogKey,
    (crls, recorded): (Vec<(String, Vec<u8>)>, u64),
    auditor: &mut Auditor,
) -> Result<(), CommandError> {
    let is_same = auditor
        .log_key()
        .is_some_and(|statement| statement.key == *key);
    if !is_same {
        let what = "the log does not say that a control CA vouches for its key";
        auditor.find(FindingKind::LogKey, None, what);
    }
    for (url, der) in crls {
        // A CRL may have been renewed since it was fetched.
        auditor.judge_crl(&der, &url, recorded);
    }
    for file in &arguments.cert {
        auditor.judge_certificate(&certificate(file)?, &file.display().to_string());
    }
    Ok(())
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

/// Proves that the log has grown from what was seen before, or says why it has not.
async fn fork_of(
    client: &Client,
    seen: &Checkpoint,
    now: &Checkpoint,
) -> Result<Option<String>, CommandError> {
    let first = (seen.size, seen.root);
    let second = (now.size, now.root);
    if first.0 > second.0 {
        return Ok(Some(format!(
            "the log has {} leaves, this client saw it with {}: an old copy was put back, or its end was cut off",
            second.0, first.0
        )));
    }
    let proof = client.consistency_proof(first.0, second.0).await?;
    Ok(verify_consistency(first, second, &proof)
        .err()
        .map(|error| {
            format!(
                "the log of {} leaves does not begin with the {} leaves that this client saw: {error}",
                second.0, first.0
            )
        }))
}

/// A log that does not follow what was seen.
struct Fork<'a> {
    seen: &'a Seen,
    what: String,
    /// The checkpoint of now, as a note.
    now: &'a str,
}

impl Fork<'_> {
    /// Returns the restore that explains it, when such a one is accepted; else it is a finding, and the server is told,
    /// which logs it.
    async fn settle(
        self,
        accepts_restored: bool,
        client: &Client,
        auditor: &mut Auditor,
        context: &mut Context,
    ) -> Result<Option<Restart>, CommandError> {
        let size = self.seen.checkpoint.size;
        let tree = self.seen.tree.as_ref();
        let restart = tree.and_then(|_tree| auditor.restart(size));
        if restart.is_some() && accepts_restored {
            return Ok(restart);
        }
        auditor.find(FindingKind::Fork, None, self.what);
        if let Err(error) = client.claim_fork(&self.seen.note, self.now).await {
            let what = format!("the server does not take the claim: {error}");
            auditor.find(FindingKind::Fork, None, what);
        }
        if let Some(Restart { leaves, .. }) = restart {
            context.printer.talk(format_args!(
                "hint: leaf {leaves} says that a backup of {leaves} leaves was put back; if you know of it: audit \
                 verify --accept-restored"
            ))?;
        }
        Ok(None)
    }
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
    if let Some(restored) = &document.restored {
        text += &format!(
            "restored: a backup of {} leaves was put back; the first {} are proved to be those that this client saw, \
             leaves {} to {} of what it saw are gone\n",
            restored.leaves, restored.proved_leaves, restored.gone_from, restored.gone_to
        );
    }
    text += &format!(
        "{} leaves, root {}, {} verified, {seen}: {verdict}\nlog key {}\n",
        document.size, document.root, document.verified_leaves, document.key
    );
    text
}

const PAGE: u32 = 1_000;
