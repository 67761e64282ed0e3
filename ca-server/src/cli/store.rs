//! The words of `store`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::SettingsArgs;
use crate::transfer::ExportFormat;

/// Works on the log and its index.
#[derive(Debug, Subcommand)]
pub enum StoreCommand {
    /// Reads the whole log and says where it is damaged, beside a running server too; exit code 1 if it is
    Verify(VerifyArgs),
    /// Builds the index anew from the log; the server must be stopped
    Rebuild(RebuildArgs),
    /// Makes a backup of what is sound of a damaged log, for `backup restore`; the damaged log is only read
    Salvage(SalvageArgs),
    /// Writes the log as lines of JSON, or its certificates as PEM, beside a running server
    Export(ExportArgs),
    /// Makes the log of a data directory that has none from the lines of an export
    Import(ImportArgs),
}

/// The arguments of `store verify`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  ca-server store verify --data /var/lib/fleet-ca")]
pub struct VerifyArgs {
    /// Where the settings are
    #[command(flatten)]
    pub settings: SettingsArgs,
}

/// The arguments of `store rebuild`.
#[derive(Debug, Args)]
#[command(
    after_help = "The key of the log vouches for the new index; without the passphrase nobody does, and the next start \
                  builds it once more.\n\n\
                  Example:\n  ca-server store rebuild --data /var/lib/fleet-ca --passphrase-file passphrase"
)]
pub struct RebuildArgs {
    /// Where the settings are
    #[command(flatten)]
    pub settings: SettingsArgs,
    /// The file with the passphrase of the CA keys, to seal the index [default: as the settings say]
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
}

/// The arguments of `store salvage`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  ca-server store salvage --data /var/lib/fleet-ca --out /backup/salvaged\n  \
                  ca-server backup restore /backup/salvaged/salvaged.tar --data /var/lib/fleet-ca-2 \\\n    \
                  --published-crl /var/lib/fleet-ca/crl"
)]
pub struct SalvageArgs {
    /// Where the settings are
    #[command(flatten)]
    pub settings: SettingsArgs,
    /// The directory to make: it gets the backup `salvaged.tar`, and what stands behind the damage
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}

/// The arguments of `store export`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  ca-server store export --data /var/lib/fleet-ca --out log.jsonl\n  \
                        ca-server store export --data /var/lib/fleet-ca --format pem --out -"
)]
pub struct ExportArgs {
    /// Where the settings are
    #[command(flatten)]
    pub settings: SettingsArgs,
    /// The file to write, which must not be there yet, or `-` for standard output
    #[arg(long, value_name = "FILE|-")]
    pub out: PathBuf,
    /// What is written
    #[arg(long, value_enum, default_value_t = ExportFormat::Jsonl)]
    pub format: ExportFormat,
}

/// The arguments of `store import`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  ca-server store import log.jsonl --data /var/lib/fleet-ca-2")]
pub struct ImportArgs {
    /// The export, or `-` for standard input
    #[arg(value_name = "FILE|-")]
    pub file: PathBuf,
    /// The data directory; it must have no log
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
}
