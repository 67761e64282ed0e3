//! The words of `store`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::SettingsArgs;

/// Works on the log and its index.
#[derive(Debug, Subcommand)]
pub enum StoreCommand {
    /// Reads the whole log and says where it is damaged, beside a running server too; exit code 1 if it is
    Verify(VerifyArgs),
    /// Builds the index anew from the log; the server must be stopped
    Rebuild(RebuildArgs),
    /// Writes what is sound of a damaged log into a new directory; the damaged log is only read
    Salvage(SalvageArgs),
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
#[command(after_help = "Example:\n  ca-server store rebuild --data /var/lib/fleet-ca")]
pub struct RebuildArgs {
    /// Where the settings are
    #[command(flatten)]
    pub settings: SettingsArgs,
}

/// The arguments of `store salvage`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  ca-server store salvage --data /var/lib/fleet-ca --out /var/lib/fleet-ca-salvaged"
)]
pub struct SalvageArgs {
    /// Where the settings are
    #[command(flatten)]
    pub settings: SettingsArgs,
    /// The directory to make; it gets a `log/` to put in the place of the damaged one
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}
