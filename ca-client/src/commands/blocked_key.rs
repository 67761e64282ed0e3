//! `blocked-key add|remove|list`: keys that are certified no more.

use std::path::Path;

use ca_types::{Code, KeyId, RequestId, SystemEntropy};
use ca_verify::CertificationRequest;

use super::Context;
use crate::arguments::certificate;
use crate::cli::BlockedKeyCommand;
use crate::client::{BlockTarget, BlockedKeyRecord};
use crate::error::{CommandError, ExitStatus};
use crate::files;
use crate::json::{BlockedKeyDocument, UnblockedKeyDocument};
use crate::printer::table;

pub(super) async fn run(
    command: BlockedKeyCommand,
    context: &mut Context,
) -> Result<ExitStatus, CommandError> {
    match command {
        BlockedKeyCommand::Add { key, comment } => add(&key, &comment, context).await,
        BlockedKeyCommand::Remove { key } => remove(&key, context).await,
        BlockedKeyCommand::List => list(context).await,
    }
}

async fn add(key: &str, comment: &str, context: &mut Context) -> Result<ExitStatus, CommandError> {
    let target = match key.parse::<KeyId>() {
        Ok(key) => BlockTarget::Key(key),
        Err(_no_key_id) => target_in(Path::new(key))?,
    };
    let client = context.client().await?;
    let id = RequestId::generate(&mut SystemEntropy);
    let record = client.block_key(id, target, comment).await?;
    let document = BlockedKeyDocument::new(&record);
    context
        .printer
        .data(&document, || format!("blocked {}\n", record.key))?;
    Ok(ExitStatus::Success)
}

/// Reads the key out of a file: a certification request or a certificate.
fn target_in(file: &Path) -> Result<BlockTarget, CommandError> {
    let octets = files::read(file)?;
    match CertificationRequest::from_pem_or_der(&octets) {
        Ok(request) => Ok(BlockTarget::Request(request.der().to_vec())),
        Err(_no_request) => Ok(BlockTarget::Certificate(certificate(file)?.der().to_vec())),
    }
}

async fn remove(key: &str, context: &mut Context) -> Result<ExitStatus, CommandError> {
    let key: KeyId = key
        .parse()
        .map_err(|error| CommandError::argument("KEY", Code::InvalidRequest, error))?;
    let client = context.client().await?;
    let id = RequestId::generate(&mut SystemEntropy);
    client.unblock_key(id, key).await?;
    let document = UnblockedKeyDocument { key_id: key };
    context
        .printer
        .data(&document, || format!("unblocked {key}\n"))?;
    Ok(ExitStatus::Success)
}

async fn list(context: &mut Context) -> Result<ExitStatus, CommandError> {
    let records = context.client().await?.blocked_keys().await?;
    let documents: Vec<_> = records.iter().map(BlockedKeyDocument::new).collect();
    context.printer.data(&documents, || key_table(&records))?;
    Ok(ExitStatus::Success)
}

fn key_table(records: &[BlockedKeyRecord]) -> String {
    let rows: Vec<[String; 3]> = records
        .iter()
        .map(|record| {
            [
                record.key.to_string(),
                record.since.to_string(),
                record.comment.clone(),
            ]
        })
        .collect();
    table(["KEY", "SINCE", "COMMENT"], &rows)
}
