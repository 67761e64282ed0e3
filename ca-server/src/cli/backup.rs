//! The words of `backup`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::SettingsArgs;

/// Makes, proves and puts back backups.
#[derive(Debug, Subcommand)]
pub enum BackupCommand {
    /// Makes a backup beside a running server; it needs no passphrase
    Create(CreateArgs),
    /// Proves that a CA can be made of a backup, and that none of its octets was changed; exit code 1 if not
    Verify(VerifyBackupArgs),
    /// Puts a backup back into a directory that is absent or empty; what was revoked stays so
    Restore(RestoreArgs),
}

/// The arguments of `backup create`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  ca-server backup create --data /var/lib/fleet-ca --out /backup/ca-2026-11-28.tar\n  \
                  ca-server backup create --data /var/lib/fleet-ca --out - | age -r age1… | ssh vault 'cat > ca.tar.age'\n\n\
                  It is an ordinary tar. CA keys stay encrypted under their passphrase, which is not in it: keep that\n\
                  elsewhere. TLS and admin keys are made anew at a restore; the root key is never in it."
)]
pub struct CreateArgs {
    /// Where the settings are
    #[command(flatten)]
    pub settings: SettingsArgs,
    /// The file to write, which must not be there yet, or `-` for standard output
    #[arg(long, value_name = "FILE|-")]
    pub out: PathBuf,
}

/// The arguments of `backup verify`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  ca-server backup verify /backup/ca-2026-11-28.tar\n  \
                        age -d -i key ca.tar.age | ca-server backup verify -"
)]
pub struct VerifyBackupArgs {
    /// The backup, or `-` for standard input
    #[arg(value_name = "FILE|-")]
    pub file: PathBuf,
}

/// The arguments of `backup restore`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  ca-server backup restore /backup/ca-2026-11-28.tar --data /var/lib/fleet-ca \\\n    \
                  --published-crl /backup/crls --passphrase-file /etc/fleet-ca/passphrase\n\n\
                  The newest CRL of every CA tells what was revoked since the backup. Whoever still publishes or caches\n\
                  them has them: PUBLISH-URL/crl/ISSUER.crl."
)]
pub struct RestoreArgs {
    /// The backup, or `-` for standard input
    #[arg(value_name = "FILE|-")]
    pub file: PathBuf,
    /// The data directory: absent or empty
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// The newest published CRL of a CA: a file, a directory with `*.crl`, or an http URL; may be given more than once
    #[arg(long = "published-crl", value_name = "FILE|URL")]
    pub published_crls: Vec<String>,
    /// Goes without the CRLs that are lost: what was revoked since this time, not after the last leaf of the backup,
    /// is valid again
    #[arg(long, value_name = "TIME")]
    pub accept_lost_since: Option<String>,
    /// Goes without the CAs that came after the backup, whose CRLs nobody can go on with: their keys are lost, what
    /// they issued stays valid until it ends, and no CA gets one of their ids again
    #[arg(long)]
    pub accept_lost_issuers: bool,
    /// The file with the passphrase of the CA keys [default: as the settings in the backup say]
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
}
