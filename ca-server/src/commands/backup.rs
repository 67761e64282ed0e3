//! `backup create|verify|restore`.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::process::ExitCode;

use ca_types::{Clock as _, Code, SystemClock, UnixTime};
use indicatif::ProgressBar;

use super::{settings_of, written};
use crate::backup::{
    BackupError, Destination, RestoreOptions, create, fetch_lists, restore, verify,
};
use crate::cli::{BackupCommand, CreateArgs, RestoreArgs, VerifyBackupArgs};
use crate::failure::Failure;
use crate::printer::Printer;

pub(super) async fn run(
    command: BackupCommand,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    match command {
        BackupCommand::Create(args) => make(&args, printer),
        BackupCommand::Verify(args) => prove(&args, printer),
        BackupCommand::Restore(args) => Box::pin(put_back(args, printer)).await,
    }
}

fn make(args: &CreateArgs, printer: &mut Printer) -> Result<ExitCode, Failure> {
    let settings = settings_of(&args.settings)?;
    let destination = if is_stream(&args.out) {
        Destination::Stdout
    } else {
        Destination::File(args.out.clone())
    };
    let bar = printer.progress(0, "Copying");
    let created = create(&settings, &destination, SystemClock.now(), &step(&bar));
    bar.finish_and_clear();
    let created = created?;
    let text = format!(
        "Backup of log {} up to leaf {}: {} octets.\n",
        created.log_id,
        created.leaves.saturating_sub(1),
        created.octets
    );
    match destination {
        // Standard output is the backup.
        Destination::Stdout => printer.talk(text.trim_end()),
        Destination::File(_) => written(printer.data(&created, &text))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn prove(args: &VerifyBackupArgs, printer: &mut Printer) -> Result<ExitCode, Failure> {
    let bar = printer.progress(0, "Reading");
    let verified = open(&args.file).and_then(|mut input| verify(&mut *input, &step(&bar)));
    bar.finish_and_clear();
    let verified = verified?;
    let text = format!(
        "The backup of {} is sound: {} leaves of log {}, the last of {}, and the keys of {} CAs.\n",
        verified.created,
        verified.leaves,
        verified.log_id,
        verified.last_time,
        verified
            .issuers
            .iter()
            .filter(|issuer| issuer.has_key)
            .count()
    );
    written(printer.data(&verified, &text))?;
    Ok(ExitCode::SUCCESS)
}

async fn put_back(args: RestoreArgs, printer: &mut Printer) -> Result<ExitCode, Failure> {
    let accept_lost_since = args.accept_lost_since.as_deref().map(time_of).transpose()?;
    let options = RestoreOptions {
        data: args.data,
        published: fetch_lists(&args.published_crls).await?,
        accept_lost_since,
        accept_lost_issuers: args.accept_lost_issuers,
        passphrase_file: args.passphrase_file,
    };
    let mut input = open(&args.file)?;
    let bar = printer.progress(0, "Restoring");
    let restored = restore(&mut *input, &options, &SystemClock, &step(&bar)).await;
    bar.finish_and_clear();
    let restored = restored?;
    for warning in &restored.warnings {
        printer.warn(warning);
    }
    let text = restored.text(options.passphrase_file.as_deref());
    written(printer.data(&restored, &text))?;
    Ok(ExitCode::SUCCESS)
}

fn time_of(text: &str) -> Result<UnixTime, Failure> {
    text.parse().map_err(|error| Failure {
        code: Code::InvalidRequest,
        message: format!("--accept-lost-since: {error}"),
        hint: Some("write it as 2026-11-28T10:00:00Z".to_owned()),
    })
}

fn open(path: &Path) -> Result<Box<dyn Read + Send>, BackupError> {
    if is_stream(path) {
        return Ok(Box::new(io::stdin()));
    }
    let file = File::open(path).map_err(|source| BackupError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    Ok(Box::new(file))
}

pub(super) fn is_stream(path: &Path) -> bool {
    path.as_os_str() == "-"
}

pub(super) fn step(bar: &ProgressBar) -> impl Fn(u64, u64) + use<> {
    let bar = bar.clone();
    move |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    }
}
