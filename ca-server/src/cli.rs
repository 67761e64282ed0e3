//! The command line of ca-server.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

mod backup;
mod store;

pub use backup::{BackupCommand, CreateArgs, RestoreArgs, VerifyBackupArgs};
pub use store::{ExportArgs, ImportArgs, RebuildArgs, SalvageArgs, StoreCommand, VerifyArgs};

use crate::printer::Format;
use crate::settings::{DEFAULT_HTTP_LISTEN, DEFAULT_LISTEN, DEFAULT_OPERATIONS_LISTEN};

/// The certificate authority server of Fleet CA.
#[derive(Debug, Parser)]
#[command(
    name = "ca-server",
    version,
    propagate_version = true,
    arg_required_else_help = true
)]
pub struct Cli {
    /// How data and errors are written
    #[arg(long, global = true, value_enum, default_value_t = Format::Text)]
    pub output: Format,
    /// Which log lines go to stderr: error, warn, info, debug, or a filter such as `ca_server=debug,info`
    #[arg(
        long,
        global = true,
        value_name = "FILTER",
        env = "CA_SERVER_LOG",
        default_value = "info"
    )]
    pub log: String,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Makes a CA: a root, four issuing CAs, the server's certificate and an admin
    Init(InitArgs),
    /// Serves the API and publishes CRLs; writes `ready` to stdout when all listeners accept
    Serve(ServeArgs),
    /// Looks at settings, log, keys, clock and every published CRL; exit code 1 if anything is wrong
    Check(CheckArgs),
    /// Works on the admins of this CA
    #[command(subcommand)]
    Admin(AdminCommand),
    /// Makes, proves and puts back backups
    #[command(subcommand)]
    Backup(BackupCommand),
    /// Works on the log and its index
    #[command(subcommand)]
    Store(StoreCommand),
    /// Proves the log of a data directory
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Works on the keys of the CAs
    #[command(subcommand)]
    Key(KeyCommand),
    /// Signs with the offline root, on a machine of its own: no network, no data directory
    #[command(subcommand)]
    Ceremony(CeremonyCommand),
}

/// Proves the log.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Verifies tree, checkpoints, certificates and CRLs; needs no passphrase, runs beside a server; exit code 1 if
    /// anything is wrong
    Verify(AuditVerifyArgs),
}

/// The arguments of `audit verify`.
#[derive(Debug, Args)]
#[command(
    after_help = "Who can write to DIR could put another CA there as a whole, or an old copy: keep the log key and a\n\
                  checkpoint elsewhere (`GET /log/key`, `GET /log/checkpoint`), or let `ca-client audit verify` do it.\n\n\
                  Example:\n  ca-server audit verify --data /var/lib/fleet-ca --log-key log-key.txt"
)]
pub struct AuditVerifyArgs {
    /// The data directory
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// A file with the key of the log: the line NAME+HASH+KEY, or what `GET /log/key` gave [default: DIR/log/key]
    #[arg(long, value_name = "FILE")]
    pub log_key: Option<PathBuf>,
    /// A checkpoint that was kept elsewhere; may be given more than once
    #[arg(long = "checkpoint", value_name = "FILE")]
    pub checkpoints: Vec<PathBuf>,
    /// A certificate that must have a leaf; may be given more than once
    #[arg(long = "cert", value_name = "FILE")]
    pub certificates: Vec<PathBuf>,
}

/// Works on the admins.
#[derive(Debug, Subcommand)]
pub enum AdminCommand {
    /// Makes a new admin when no other can call any more; the server must be stopped
    Recover(RecoverArgs),
}

/// Works on the keys of the CAs.
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Encrypts all CA keys with another passphrase; the server must be stopped
    Rewrap(RewrapArgs),
}

/// The arguments of `key rewrap`.
#[derive(Debug, Args)]
#[command(
    after_help = "All keys change or none, whatever interrupts it. Backups keep the passphrase they were made with.\n\n\
                        Example: ca-server key rewrap --data /var/lib/fleet-ca --passphrase-file old --new-passphrase-file new"
)]
pub struct RewrapArgs {
    /// The data directory
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// The file with the present passphrase
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: PathBuf,
    /// The file with the new passphrase
    #[arg(long, value_name = "FILE")]
    pub new_passphrase_file: PathBuf,
}

/// Signs with the offline root.
#[derive(Debug, Subcommand)]
pub enum CeremonyCommand {
    /// Signs with a root key, or makes a further root
    #[command(subcommand)]
    Root(RootCommand),
}

/// Signs with a root key, or makes a further root.
#[derive(Debug, Subcommand)]
pub enum RootCommand {
    /// Answers a request for a CA
    Sign(RootSignArgs),
    /// Answers a request for the next CRL of the root
    Crl(RootSignArgs),
    /// Makes a further root, which the newest one vouches for
    Create(RootCreateArgs),
}

/// The arguments of `ceremony root sign` and `ceremony root crl`.
#[derive(Debug, Args)]
#[command(
    after_help = "Shows exactly what will be signed, and asks. What was signed is kept in DIR/ceremonies before it is \
                        handed out: repeat an interrupted command with --again.\n\n\
                        Example: ca-server ceremony root sign --root-dir root-offline --request router-2026-2.request \\\n    \
                        --out router-2026-2.answer --transcript router-2026-2.txt --root-passphrase-file root-passphrase"
)]
pub struct RootSignArgs {
    /// The folder with the root key: root-offline, where it was moved
    #[arg(long, value_name = "DIR")]
    pub root_dir: PathBuf,
    /// The request, as `ca-client issuer request` or `ca-client crl request` wrote it
    #[arg(long, value_name = "FILE")]
    pub request: PathBuf,
    /// Where the ceremony puts its files
    #[command(flatten)]
    pub outcome: CeremonyArgs,
    /// Write the answer that was kept for this request once more; nothing is signed
    #[arg(long)]
    pub again: bool,
}

/// The arguments of `ceremony root create`.
#[derive(Debug, Args)]
#[command(
    after_help = "The new key and certificate go into DIR; install the answer with `ca-client issuer install`. Repeat an \
                        interrupted command as it was.\n\n\
                        Example: ca-server ceremony root create --root-dir root-offline --out root.answer \\\n    \
                        --root-passphrase-file root-passphrase"
)]
pub struct RootCreateArgs {
    /// The folder with the present root key
    #[arg(long, value_name = "DIR")]
    pub root_dir: PathBuf,
    /// Where the ceremony puts its files
    #[command(flatten)]
    pub outcome: CeremonyArgs,
    /// The new key: rsa3072, rsa2048 or p256 [default: as the present root]
    #[arg(long, value_name = "ALGORITHM")]
    pub key_algorithm: Option<String>,
}

/// What all ceremonies are told.
#[derive(Debug, Args)]
pub struct CeremonyArgs {
    /// Where the answer goes; nothing is overwritten
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Where the signed transcript goes; it is in the answer too
    #[arg(long, value_name = "FILE")]
    pub transcript: Option<PathBuf>,
    /// The file with the passphrase of the root key
    #[arg(long, value_name = "FILE")]
    pub root_passphrase_file: Option<PathBuf>,
    /// Who runs the ceremony, for the transcript
    #[arg(long, value_name = "NAME", env = "USER", default_value = "unknown")]
    pub operator: String,
    /// Sign without asking
    #[arg(long)]
    pub yes: bool,
}

/// The arguments of `init`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  ca-server init --data /var/lib/fleet-ca --organization \"Example Fleet\" \\\n    \
                        --publish-url http://pki.example.net --passphrase-file /etc/fleet-ca/passphrase \\\n    \
                        --domain example.net --server-name ca.example.net"
)]
pub struct InitArgs {
    /// The data directory: absent or empty
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// Whose CA it is, at most 41 characters; stands in the names of the CAs
    #[arg(long, value_name = "NAME")]
    pub organization: String,
    /// Where CRLs and CA certificates are found, `http://HOST[:PORT]`; baked into every certificate
    #[arg(long, value_name = "URL")]
    pub publish_url: String,
    /// The file with the passphrase of the issuing CAs' keys
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: PathBuf,
    /// The file with the passphrase of the root key; without it one is drawn and put beside the key
    #[arg(long, value_name = "FILE")]
    pub root_passphrase_file: Option<PathBuf>,
    /// Names of certificates must lie below this domain; may be given more than once
    #[arg(long = "domain", value_name = "SUFFIX")]
    pub domains: Vec<String>,
    /// A name of the server in its TLS certificate, the first is the one that clients use
    /// [default: localhost, its addresses, and the name of this machine]
    #[arg(long = "server-name", value_name = "DNS|IP")]
    pub server_names: Vec<String>,
    /// Where the API listens
    #[arg(long, value_name = "ADDR", default_value = DEFAULT_LISTEN)]
    pub listen: String,
    /// Where CRLs and CA certificates are published
    #[arg(long, value_name = "ADDR", default_value = DEFAULT_HTTP_LISTEN)]
    pub http_listen: String,
    /// Where health and metrics are shown
    #[arg(long, value_name = "ADDR", default_value = DEFAULT_OPERATIONS_LISTEN)]
    pub operations_listen: String,
    /// The keys of the CAs: rsa3072, rsa2048 or p256; RouterOS 6, RouterOS SSTP and SCEP read RSA only
    #[arg(long, value_name = "ALGORITHM", default_value = "rsa3072")]
    pub key_algorithm: String,
}

/// Where the settings are.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct SettingsArgs {
    /// The settings file
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The data directory; its settings file is DIR/ca-server.toml
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

/// The arguments of `serve`.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Where the settings are
    #[command(flatten)]
    pub settings: SettingsArgs,
    /// The file with the passphrase of the CA keys [default: as the settings say]
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
}

/// The arguments of `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Where the settings are
    #[command(flatten)]
    pub settings: SettingsArgs,
    /// The file with the passphrase of the CA keys, to open them [default: as the settings say]
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
}

/// The arguments of `admin recover`.
#[derive(Debug, Args)]
pub struct RecoverArgs {
    /// Where the settings are
    #[command(flatten)]
    pub settings: SettingsArgs,
    /// The file with the passphrase of the CA keys [default: as the settings say]
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn config_and_data_exclude_each_other_and_one_is_wanted() {
        for (words, expect) in [
            (vec!["ca-server", "serve", "--data", "d"], true),
            (vec!["ca-server", "serve", "--config", "c"], true),
            (
                vec!["ca-server", "serve", "--config", "c", "--data", "d"],
                false,
            ),
            (vec!["ca-server", "serve"], false),
            (
                vec![
                    "ca-server",
                    "admin",
                    "recover",
                    "--data",
                    "d",
                    "--output",
                    "json",
                ],
                true,
            ),
            (
                vec!["ca-server", "--output", "json", "check", "--data", "d"],
                true,
            ),
        ] {
            assert_eq!(Cli::try_parse_from(&words).is_ok(), expect, "{words:?}");
        }
    }
}
