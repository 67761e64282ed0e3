//! `store verify|rebuild|salvage`.

use std::path::PathBuf;
use std::process::ExitCode;

use ca_store::{IndexUse, LogStore, LogVerdict, OpenOptions, TornTail, verify_log};
use ca_types::{Clock as _, SystemClock};
use indicatif::ProgressBar;
use serde::Serialize;

use super::{given_passphrase, settings_of, warn_of_backup, written};
use crate::backup::salvage;
use crate::checkpoint::open_log_key;
use crate::cli::{RebuildArgs, SalvageArgs, StoreCommand, VerifyArgs};
use crate::failure::Failure;
use crate::index_seal::seal_index;
use crate::lock::DataDirLock;
use crate::printer::Printer;

pub(super) async fn run(
    command: &StoreCommand,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    match command {
        StoreCommand::Verify(args) => verify(args, printer),
        StoreCommand::Rebuild(args) => rebuild(args, printer).await,
        StoreCommand::Salvage(args) => save(args, printer),
        StoreCommand::Export(args) => super::transfer::write(args, printer),
        StoreCommand::Import(args) => super::transfer::read(args, printer),
    }
}

fn verify(args: &VerifyArgs, printer: &mut Printer) -> Result<ExitCode, Failure> {
    let data = settings_of(&args.settings)?.data;
    warn_of_backup(&data, printer);
    let bar = printer.progress(0, "Reading the log");
    let verdict = verify_log(data.path(), &mut |sound| {
        show(&bar, sound.leaf + 1);
        Ok(())
    });
    bar.finish_and_clear();
    let verdict = Verdict::of(&verdict?);
    written(printer.data(&verdict, &verdict.text()))?;
    Ok(if verdict.is_sound {
        ExitCode::SUCCESS
    } else {
        let data = data.path().display();
        printer.talk(format_args!(
            "hint: put a copy of the data directory back, or see what can be saved: ca-server store salvage --data {data} --out DIR"
        ));
        ExitCode::from(1)
    })
}

async fn rebuild(args: &RebuildArgs, printer: &mut Printer) -> Result<ExitCode, Failure> {
    let settings = settings_of(&args.settings)?;
    let data = &settings.data;
    let _lock = DataDirLock::take(data)?;
    let signer = match given_passphrase(args.passphrase_file.as_deref(), &settings, printer)? {
        Some(passphrase) if data.log_key().exists() => {
            Some(open_log_key(data, &passphrase)?.signer)
        }
        Some(_) | None => None,
    };
    let bar = printer.progress(0, "Building the index");
    let shown = bar.clone();
    let options = OpenOptions {
        index: IndexUse::Rebuild,
        progress: Box::new(move |progress| {
            shown.set_length(progress.total);
            shown.set_position(progress.done);
        }),
        ..settings.store_options()
    };
    let opened = LogStore::open(data.path(), options);
    bar.finish_and_clear();
    let (store, report) = opened?;
    let rebuilt = Rebuilt {
        leaves: report.leaves,
    };
    let mut text = format!("Built the index of {} leaves.\n", report.leaves);
    match signer {
        Some(signer) => {
            seal_index(&store, &signer).await;
        }
        None => {
            text += "Without the passphrase nobody vouches for it: the next start builds it once more.\n";
        }
    }
    store.close();
    written(printer.data(&rebuilt, &text))?;
    Ok(ExitCode::SUCCESS)
}

fn save(args: &SalvageArgs, printer: &mut Printer) -> Result<ExitCode, Failure> {
    let settings = settings_of(&args.settings)?;
    let bar = printer.progress(0, "Saving leaves");
    let saved = salvage(&settings, &args.out, SystemClock.now(), &mut |leaves| {
        show(&bar, leaves);
    });
    bar.finish_and_clear();
    let saved = saved?;
    written(printer.data(&saved, &saved.text(&settings)))?;
    Ok(ExitCode::SUCCESS)
}

/// Moves a bar whose end is not known, now and then.
fn show(bar: &ProgressBar, leaves: u64) {
    if leaves.is_multiple_of(1_000) {
        bar.set_length(leaves);
        bar.set_position(leaves);
    }
}

/// What `store verify` prints.
#[derive(Debug, Serialize)]
struct Verdict {
    log_id: String,
    is_sound: bool,
    segments: usize,
    octets: u64,
    leaves: u64,
    leaves_before_damage: u64,
    damages: Vec<Place>,
    #[serde(skip_serializing_if = "Option::is_none")]
    torn: Option<Place>,
}

#[derive(Debug, Serialize)]
struct Place {
    path: PathBuf,
    offset: u64,
    what: String,
}

impl Verdict {
    fn of(verdict: &LogVerdict) -> Self {
        let torn = |torn: &TornTail| Place {
            path: torn.segment.clone(),
            offset: torn.offset,
            what: format!("torn end of {} octets", torn.octets),
        };
        Self {
            log_id: verdict.log_id.to_string(),
            is_sound: verdict.damages.is_empty(),
            segments: verdict.segments,
            octets: verdict.octets,
            leaves: verdict.leaves,
            leaves_before_damage: verdict.leaves_before_damage,
            damages: verdict
                .damages
                .iter()
                .map(|damage| Place {
                    path: damage.path.clone(),
                    offset: damage.offset,
                    what: damage.what.clone(),
                })
                .collect(),
            torn: verdict.torn.as_ref().map(torn),
        }
    }

    fn text(&self) -> String {
        let mut text = format!(
            "{} sound leaves, {} octets in {} segments\n",
            self.leaves, self.octets, self.segments
        );
        for (kind, place) in self
            .damages
            .iter()
            .map(|place| ("damaged", place))
            .chain(self.torn.iter().map(|place| ("torn", place)))
        {
            text += &format!(
                "{kind} {}, octet {}: {}\n",
                place.path.display(),
                place.offset,
                place.what
            );
        }
        if !self.damages.is_empty() {
            text += &format!(
                "{} leaves stand before the first damage\n",
                self.leaves_before_damage
            );
        }
        text
    }
}

/// What `store rebuild` prints.
#[derive(Debug, Serialize)]
struct Rebuilt {
    leaves: u64,
}
