//! The words of the command line; what they do stands in `commands`.

mod check;
mod router;

use std::path::PathBuf;

use ca_types::{RevocationReason, Role, UnixTime};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};

use crate::arguments::Length;
use crate::bundle::{Store, Target};
use crate::keys::KeyAlgorithm;
use crate::printer::Format;

pub(crate) use check::{CheckArguments, RoleArgument};
pub(crate) use router::{
    AddArguments, BootstrapArguments, CallArguments, CleanArguments, FleetArguments, PushArguments,
    ReachArguments, RecordArguments, RouterCommand,
};

/// Issues, renews and revokes certificates of a Fleet CA.
#[derive(Debug, Parser)]
#[command(name = "ca-client", version, max_term_width = 100, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    /// Profile file with `server`, `ca`, `certificate` and `key`.
    ///
    /// Without it: the file that `CA_CLIENT_PROFILE` names, then $XDG_CONFIG_HOME/fleet-ca/client.toml, then
    /// ~/.config/fleet-ca/client.toml. `ca-server init` writes one into DIR/admin.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) profile_file: Option<PathBuf>,
    /// How data is written to stdout.
    #[arg(long, global = true, value_enum, default_value = "text")]
    pub(crate) output: Format,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 done; 1 refused: a name, a serial number, a request, certificate or CRL, the policy, \
    or any other answer of the server; 2 could not be done: the words of the command line, a file here, its \
    passphrase or profile file, the network or the disk";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a key here and have a certificate issued for it
    Issue(IssueArguments),
    /// Have a certificate issued from a certification request (PKCS#10)
    Sign(SignArguments),
    /// Have a successor issued with the same key and names
    Renew(RenewArguments),
    /// Make a new key and have a successor issued with the same names
    Rekey(RekeyArguments),
    /// Revoke a certificate, or all valid ones of a name
    Revoke(RevokeArguments),
    /// List certificates
    List(ListArguments),
    /// Show one certificate
    Show(ShowArguments),
    /// Write a certificate in another format
    Export(ExportArguments),
    /// Tell whether a certificate will work where it goes, without a server
    Check(CheckArguments),
    /// Have a certificate issued and write what a device takes to dial into a VPN
    Bundle(BundleArguments),
    /// Show the certificate authorities
    #[command(subcommand)]
    Issuer(IssuerCommand),
    /// Say who may call the CA, and what for
    #[command(subcommand)]
    Actor(ActorCommand),
    /// Judge certificates and CRLs in files by the rules that the CA keeps
    Lint(LintArguments),
    /// Keep the list of keys that are certified no more
    #[command(subcommand)]
    BlockedKey(BlockedKeyCommand),
    /// Show what may be issued, and why a request would be refused
    #[command(subcommand)]
    Profile(ProfileCommand),
    /// Show, fetch and verify certificate revocation lists
    #[command(subcommand)]
    Crl(CrlCommand),
    /// Show and prove the log of everything that changed
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Show the clock of the server, or vouch for it
    #[command(subcommand)]
    Clock(ClockCommand),
    /// Bring certificates into routers
    #[command(subcommand)]
    Router(RouterCommand),
}

/// How a new key is protected on disk.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("passphrase"))]
pub(crate) struct ProtectionArguments {
    /// Encrypt the key with the passphrase in FILE; one trailing newline is stripped
    #[arg(long, value_name = "FILE", group = "passphrase")]
    pub(crate) key_passphrase_file: Option<PathBuf>,
    /// Encrypt the key with a random passphrase, printed once on stderr
    #[arg(long, group = "passphrase")]
    pub(crate) generate_passphrase: bool,
}

/// Where files go.
#[derive(Debug, Args)]
pub(crate) struct PlaceArguments {
    /// Directory for the files; made when it is missing
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Replace files that are there already
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Writes NAME.key (0600), NAME.pem and chain.pem. The key and the request are written before \
    anything is sent: repeat an interrupted command as it was, and it goes on with them.\n\n\
    Example: ca-client issue --profile router --name r1.berlin.example.net --san ip:192.0.2.1 --out r1"
)]
pub(crate) struct IssueArguments {
    /// Kind of certificate, such as router, vpn-server or vpn-client; `ca-client profile list` shows all
    #[arg(long)]
    pub(crate) profile: String,
    /// DNS name, IP address or e-mail address of at most 64 characters
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) name: String,
    /// Further name: dns:NAME, ip:ADDRESS or email:ADDRESS; repeatable
    #[arg(long, value_name = "FORM:NAME")]
    pub(crate) san: Vec<String>,
    /// Validity in days [default: by profile]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) days: Option<u32>,
    /// Kind of key [default: rsa2048 under an RSA CA, p256 under a P-256 CA]
    #[arg(long, value_enum)]
    pub(crate) key_algorithm: Option<KeyAlgorithm>,
    /// Write NAME.p12 too; needs a passphrase
    #[arg(long)]
    pub(crate) p12: bool,
    /// Revoke the valid certificates of this profile and name in the same step
    #[arg(long)]
    pub(crate) replace: bool,
    /// Where it has to work: refuses what would not; repeatable. `ca-client check --list-targets` shows them
    #[arg(long, value_name = "TARGET")]
    pub(crate) target: Vec<String>,
    #[command(flatten)]
    pub(crate) protection: ProtectionArguments,
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Writes NAME.pem and chain.pem. A name that stands only in the request is refused, not dropped.\n\n\
    Example: ca-client sign --profile vpn-server --csr gw.csr --name gw.example.net --out gw"
)]
pub(crate) struct SignArguments {
    /// Kind of certificate, such as router, vpn-server or vpn-client; `ca-client profile list` shows all
    #[arg(long)]
    pub(crate) profile: String,
    /// The request in PEM or DER
    #[arg(long, value_name = "FILE")]
    pub(crate) csr: PathBuf,
    /// Name to certify [default: the only common name of the request]
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) name: Option<String>,
    /// Further name: dns:NAME, ip:ADDRESS or email:ADDRESS; repeatable
    #[arg(long, value_name = "FORM:NAME")]
    pub(crate) san: Vec<String>,
    /// Validity in days [default: by profile]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) days: Option<u32>,
    /// Revoke the valid certificates of this profile and name in the same step
    #[arg(long)]
    pub(crate) replace: bool,
    /// Where it has to work: refuses what would not; repeatable. `ca-client check --list-targets` shows them
    #[arg(long, value_name = "TARGET")]
    pub(crate) target: Vec<String>,
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Asks as the holder of the certificate: no actor is needed. The key stays where it is.\n\n\
    Example: ca-client renew --cert r1/r1.example.net.pem --out r1-new"
)]
pub(crate) struct RenewArguments {
    /// The certificate in PEM or DER
    #[arg(long, value_name = "FILE")]
    pub(crate) cert: PathBuf,
    /// Its key [default: the certificate's file name with the ending .key]
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,
    /// The file with the passphrase of the key
    #[arg(long, value_name = "FILE")]
    pub(crate) key_passphrase_file: Option<PathBuf>,
    /// Validity in days [default: by profile]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) days: Option<u32>,
    /// Where it has to work: refuses what would not; repeatable. `ca-client check --list-targets` shows them
    #[arg(long, value_name = "TARGET")]
    pub(crate) target: Vec<String>,
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Asks as the holder of the certificate when its key is at hand, else as the actor of the profile \
    file.\n\nExample: ca-client rekey --cert r1/r1.example.net.pem --out r1-new"
)]
pub(crate) struct RekeyArguments {
    /// The certificate in PEM or DER
    #[arg(long, value_name = "FILE")]
    pub(crate) cert: PathBuf,
    /// Its key [default: the certificate's file name with the ending .key, if there is one]
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,
    /// The file with the passphrase of the old key
    #[arg(long, value_name = "FILE")]
    pub(crate) old_key_passphrase_file: Option<PathBuf>,
    /// Validity in days [default: by profile]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) days: Option<u32>,
    /// Where it has to work: refuses what would not; repeatable. `ca-client check --list-targets` shows them
    #[arg(long, value_name = "TARGET")]
    pub(crate) target: Vec<String>,
    /// Kind of the new key [default: as the old one; rsa2048 or p256]
    #[arg(long, value_enum)]
    pub(crate) key_algorithm: Option<KeyAlgorithm>,
    /// Write NAME.p12 too; needs a passphrase
    #[arg(long)]
    pub(crate) p12: bool,
    #[command(flatten)]
    pub(crate) protection: ProtectionArguments,
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("target").required(true))]
#[command(
    after_help = "The published CRL has it at most 2 seconds later. Revoking twice gives the same answer.\n\n\
    Example: ca-client revoke --name r1.example.net --reason key-compromise"
)]
pub(crate) struct RevokeArguments {
    /// Serial number in hexadecimal; case, colons and leading zeros do not matter
    #[arg(long, value_name = "HEX", group = "target")]
    pub(crate) serial: Option<String>,
    /// The certificate in PEM or DER
    #[arg(long, value_name = "FILE", group = "target")]
    pub(crate) cert: Option<PathBuf>,
    /// Name whose valid certificate is meant
    #[arg(long, group = "target", allow_hyphen_values = true)]
    pub(crate) name: Option<String>,
    /// Only this profile of the name
    #[arg(long, requires = "name")]
    pub(crate) profile: Option<String>,
    /// Revoke all, when the name has several valid certificates
    #[arg(long, requires = "name")]
    pub(crate) all: bool,
    /// Why
    #[arg(long, default_value = "unspecified", value_parser = reasons())]
    pub(crate) reason: RevocationReason,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example: ca-client list --profile router --state valid --expires-within 30d"
)]
pub(crate) struct ListArguments {
    /// Stop after N rows [default: all]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = positive_number)]
    pub(crate) limit: Option<u64>,
    /// Only names that match; `*` stands for any run of characters
    #[arg(long, value_name = "GLOB")]
    pub(crate) name: Option<String>,
    /// Only certificates with this name: dns:NAME, ip:ADDRESS or email:ADDRESS
    #[arg(long, value_name = "FORM:NAME")]
    pub(crate) san: Option<String>,
    /// Only this profile
    #[arg(long)]
    pub(crate) profile: Option<String>,
    /// Only certificates by this CA
    #[arg(long, value_name = "ISSUER")]
    pub(crate) issuer: Option<String>,
    /// Only this state
    #[arg(long, value_enum)]
    pub(crate) state: Option<StateArgument>,
    /// Only valid certificates that end within this time: 90m, 12h, 30d or 8w
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) expires_within: Option<Length>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum StateArgument {
    Valid,
    Revoked,
    Expired,
}

#[derive(Debug, Args)]
pub(crate) struct ShowArguments {
    /// A serial number in hexadecimal, or a file with the certificate in PEM or DER
    #[arg(value_name = "SERIAL|FILE")]
    pub(crate) certificate: String,
}

#[derive(Debug, Args)]
#[command(after_help = "Writes to stdout unless --out names a file.\n\n\
    Example: ca-client export vpn/anna@example.net.pem --format p12 --key-passphrase-file pw --out anna.p12")]
pub(crate) struct ExportArguments {
    /// The certificate in PEM or DER
    pub(crate) file: PathBuf,
    /// What to write
    #[arg(long, value_enum)]
    pub(crate) format: ExportFormat,
    /// The chain in PEM, for p12 and p7b [default: chain.pem beside the certificate, if there is one]
    #[arg(long, value_name = "FILE")]
    pub(crate) chain: Option<PathBuf>,
    /// The key, for p12 [default: the certificate's file name with the ending .key]
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,
    /// The file with the passphrase of the p12 file, and of the key when it is encrypted
    #[arg(long, value_name = "FILE", group = "passphrase")]
    pub(crate) key_passphrase_file: Option<PathBuf>,
    /// Protect the p12 file with a random passphrase, printed once on stderr
    #[arg(long, group = "passphrase")]
    pub(crate) generate_passphrase: bool,
    /// File to write
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Replace a file that is there already
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
#[command(
    after_help = "What is dialled stands in a [[vpn]] section of the profile file. The key is made here, or is that of \
    --cert. Everything that goes to the person is sealed with a passphrase, which no file has: random and printed once \
    on stderr, or from --key-passphrase-file. An interrupted command goes on when it is repeated as it was.\n\n\
    Example: ca-client bundle anna@example.net --target ios --vpn Office --out anna-phone"
)]
pub(crate) struct BundleArguments {
    /// Who dials: the NAME of the certificate
    #[arg(
        allow_hyphen_values = true,
        required_unless_present = "cert",
        conflicts_with = "cert"
    )]
    pub(crate) name: Option<String>,
    /// The system of the device
    #[arg(long, value_enum)]
    pub(crate) target: Target,
    /// The name of a [[vpn]] section of the profile file
    #[arg(long, value_name = "VPN")]
    pub(crate) vpn: String,
    /// Where Windows keeps the certificate [default: machine for ikev2, user for sstp]
    #[arg(long, value_enum)]
    pub(crate) store: Option<Store>,
    /// Bundle this certificate, in PEM or DER, instead of a new one
    #[arg(long, value_name = "FILE")]
    pub(crate) cert: Option<PathBuf>,
    /// Its key [default: the certificate's file name with the ending .key]
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub(crate) key: Option<PathBuf>,
    /// Further name: dns:NAME, ip:ADDRESS or email:ADDRESS; repeatable
    #[arg(long, value_name = "FORM:NAME", conflicts_with = "cert")]
    pub(crate) san: Vec<String>,
    /// Validity in days [default: by profile]
    #[arg(long, value_name = "N", conflicts_with = "cert", allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) days: Option<u32>,
    /// Kind of key [default: rsa2048 under an RSA CA, p256 under a P-256 CA]
    #[arg(long, value_enum, conflicts_with = "cert")]
    pub(crate) key_algorithm: Option<KeyAlgorithm>,
    /// Revoke the valid certificates of this profile and name in the same step
    #[arg(long, conflicts_with = "cert")]
    pub(crate) replace: bool,
    /// The passphrase for what is written, and of the key of --cert [default: a random one, printed once]
    #[arg(long, value_name = "FILE", visible_alias = "passphrase-file")]
    pub(crate) key_passphrase_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// The certificate in PEM
    Pem,
    /// The certificate in DER
    Der,
    /// Certificate, key and chain under a passphrase (PKCS#12)
    P12,
    /// Certificate and chain (PKCS#7)
    P7b,
}

#[derive(Debug, Subcommand)]
pub(crate) enum IssuerCommand {
    /// List the CAs, the root first
    List,
    /// Show one CA
    Show(IssuerArguments),
    /// Make the key of a new CA on the server, and the request that the offline root answers
    Create(IssuerCreateArguments),
    /// Write the request for a CA into a file, to be taken to the offline root
    Request(IssuerRequestArguments),
    /// Hand in what the offline root signed: a CA, which does not issue yet, or a further root
    Install(InstallArguments),
    /// Let a CA issue; the newest active one of a class does
    Activate(IssuerArguments),
    /// Let a CA issue no more certificates; its CRLs go on
    Deactivate(IssuerArguments),
    /// Let a CA never issue again; its CRLs go on until its last certificate has expired. One that is requested only is
    /// withdrawn
    Retire(IssuerArguments),
}

#[derive(Debug, Args)]
pub(crate) struct IssuerArguments {
    /// Its identifier, such as router-2026-1
    #[arg(value_name = "ISSUER")]
    pub(crate) issuer: String,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Then: issuer request, `ca-server ceremony root sign` where the root key is, issuer install, issuer \
    activate.\n\n\
    Example: ca-client issuer create --class router --name \"Site Berlin\""
)]
pub(crate) struct IssuerCreateArguments {
    /// What it is to issue for: router, vpn-server, vpn-client or control
    #[arg(long)]
    pub(crate) class: String,
    /// A name of its own in its subject, such as `Site Berlin`
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Its key: rsa3072, rsa2048 or p256 [default: as the root]
    #[arg(long, value_name = "ALGORITHM")]
    pub(crate) key_algorithm: Option<String>,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example: ca-client issuer request router-2026-2 --out router-2026-2.request"
)]
pub(crate) struct IssuerRequestArguments {
    /// Its identifier, as `issuer create` told it
    #[arg(value_name = "ISSUER")]
    pub(crate) issuer: String,
    /// File to write
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Replace a file that is there already
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
pub(crate) struct InstallArguments {
    /// The answer, as `ca-server ceremony` wrote it
    pub(crate) file: PathBuf,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Then: `ca-server ceremony root crl` where the root key is, crl install.\n\n\
    Example: ca-client crl request --out root-crl.request --revoke router-2026-2 --reason superseded"
)]
pub(crate) struct CrlRequestArguments {
    /// File to write
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Replace a file that is there already
    #[arg(long)]
    pub(crate) force: bool,
    /// The root [default: the newest]
    #[arg(long, value_name = "ISSUER")]
    pub(crate) root: Option<String>,
    /// A CA that the CRL is to revoke; may be given more than once
    #[arg(long, value_name = "ISSUER")]
    pub(crate) revoke: Vec<String>,
    /// Why they are revoked
    #[arg(long, default_value = "unspecified", value_parser = reasons())]
    pub(crate) reason: RevocationReason,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ActorCommand {
    /// Add an actor and have its certificate issued
    Add(ActorAddArguments),
    /// List the actors
    List,
    /// Remove an actor, revoke its certificates and cut its connections
    Remove {
        /// Its name
        name: String,
    },
}

#[derive(Debug, Args)]
#[command(
    after_help = "Writes NAME.pem, NAME.key (0600), ca.pem, chain.pem and client.toml into DIR, ready to use with \
    --profile-file.\n\nExample: ca-client actor add berlin-agent --role agent --profile router --names '*.berlin.example.net' --out berlin"
)]
pub(crate) struct ActorAddArguments {
    /// Its name: letters, digits, `.`, `-`, `_` and `@`, at most 64
    pub(crate) name: String,
    /// What it does: admin (everything), operator (issues and revokes), agent (issues, renews, rekeys), auditor (reads)
    #[arg(long, value_parser = roles())]
    pub(crate) role: Role,
    /// A CA that it may use; repeatable [default: all]
    #[arg(long, value_name = "ISSUER")]
    pub(crate) issuer: Vec<String>,
    /// A profile that it may use; repeatable [default: all]
    #[arg(long)]
    pub(crate) profile: Vec<String>,
    /// A pattern of names that it may use; `*` stands for any run of characters; repeatable [default: all]
    #[arg(long, value_name = "GLOB")]
    pub(crate) names: Vec<String>,
    /// Its certification request in PEM or DER [default: make a key here]
    #[arg(long, value_name = "FILE", conflicts_with = "key_algorithm")]
    pub(crate) csr: Option<PathBuf>,
    /// Kind of key [default: rsa2048 under an RSA CA, p256 under a P-256 CA]
    #[arg(long, value_enum)]
    pub(crate) key_algorithm: Option<KeyAlgorithm>,
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Needs no server and no profile file. Exit code 1 when a rule is broken that forbids signing. The rules \
    stand in docs/lint.md; some are those of this CA alone, such as the length of serial numbers.\n\n\
    Example: ca-client lint r1/r1.example.net.pem r1/chain.pem --issuer issuing.pem"
)]
pub(crate) struct LintArguments {
    /// Certificates and CRLs in DER, or any number of them in PEM
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// The certificate of the CA that signed them [default: the one in the same file, if there is one]
    #[arg(long, value_name = "FILE")]
    pub(crate) issuer: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum BlockedKeyCommand {
    /// Block a key: no certificate is issued for it any more, whoever asks and for whatever name
    ///
    /// Certificates that the key has stay valid: revoke them. `revoke --reason key-compromise` does both in one step.
    #[command(
        after_help = "Example: ca-client blocked-key add stolen.pem --comment 'laptop of Anna'"
    )]
    Add {
        /// The key: its id of 64 hexadecimal digits, or a file with a certificate or a certification request
        #[arg(value_name = "KEY|FILE")]
        key: String,
        /// Why: at most 200 characters
        #[arg(
            long,
            value_name = "TEXT",
            default_value = "",
            hide_default_value = true
        )]
        comment: String,
    },
    /// Take a key off the list
    Remove {
        /// The id of the key: 64 hexadecimal digits
        key: String,
    },
    /// List the blocked keys
    List,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ProfileCommand {
    /// List the profiles
    List,
    /// Show one profile, and what differs from the ready-made one
    Show {
        /// Its name, such as router
        #[arg(value_name = "PROFILE")]
        profile: String,
    },
    /// Say whether a request would be granted and why, name by name, without issuing anything
    Explain(ExplainArguments),
    /// Let the server read its settings again: domains and profiles, all of them or none
    #[command(
        after_help = "A change of any other key needs a restart, and is refused. The change is written to the log.\n\n\
        Example: ca-client profile reload"
    )]
    Reload,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Exit code 0: it would be issued; 1: it would be refused.\n\n\
    Example: ca-client profile explain --profile vpn-server --csr gw.csr --name gw.example.net --san ip:192.0.2.1"
)]
pub(crate) struct ExplainArguments {
    /// Kind of certificate; `ca-client profile list` shows all
    #[arg(long)]
    pub(crate) profile: String,
    /// The request in PEM or DER
    #[arg(long, value_name = "FILE")]
    pub(crate) csr: PathBuf,
    /// Name to certify [default: the only common name of the request]
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) name: Option<String>,
    /// Further name: dns:NAME, ip:ADDRESS or email:ADDRESS; repeatable
    #[arg(long, value_name = "FORM:NAME")]
    pub(crate) san: Vec<String>,
    /// Validity in days [default: by profile]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) days: Option<u32>,
    /// Where it has to work; repeatable. `ca-client check --list-targets` shows them
    #[arg(long, value_name = "TARGET")]
    pub(crate) target: Vec<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CrlCommand {
    /// Show a CRL: the current one of a CA, or one in a file
    Show(CrlArguments),
    /// Fetch the published CRLs, verify them and write each in DER; those of all CAs in one PEM file too
    Fetch {
        /// Identifiers of CAs, such as router-2026-1 [default: all CAs]
        #[arg(value_name = "ISSUER")]
        issuers: Vec<String>,
        /// Directory for ISSUER.crl and crls.pem; made when it is missing. A newer CRL is not replaced by an older
        ///
        /// crls.pem is what OpenVPN's `crl-verify` and OpenSSL's `-CRLfile` take: they need the CRLs of all tiers. So
        /// it is written only when all CRLs are fetched; with ISSUER given it stays as it is.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// Verify a CRL, the published one of a CA or one in a file: signature, dates, and whether it is the newest
    Verify(CrlArguments),
    /// Write the request for the next CRL of the root into a file, to be taken to the offline root
    Request(CrlRequestArguments),
    /// Hand in the CRL that the offline root signed
    Install(InstallArguments),
}

#[derive(Debug, Args)]
pub(crate) struct CrlArguments {
    /// The identifier of a CA, or a file with a CRL in PEM or DER
    #[arg(value_name = "ISSUER|FILE")]
    pub(crate) crl: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Show entries of the log, the oldest first
    Show(AuditShowArguments),
    /// Prove the log: its tree, its signed checkpoints, the one seen last, and every published CRL
    Verify(AuditVerifyArguments),
    /// Hand in certificates that the CA lacks since a backup was put back
    ///
    /// They can be listed, renewed and revoked then. Only what one of its CAs signed is taken, and nothing that a CRL
    /// has revoked; what it knows already changes nothing. Whoever holds a certificate hands it in with its key, and
    /// needs no actor.
    #[command(
        after_help = "Examples:\n  ca-client --profile-file admin/client.toml audit submit /etc/vpn/*.pem\n  \
                      ca-client --profile-file client.toml audit submit r1.example.net.pem --key r1.example.net.key"
    )]
    Submit(AuditSubmitArguments),
}

#[derive(Debug, Args)]
pub(crate) struct AuditSubmitArguments {
    /// Files with certificates in PEM, or one in DER
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// The profile they were issued under [default: the one named like the class of their CA; with --key the only one
    /// that the certificate fits]
    #[arg(long, value_name = "PROFILE")]
    pub(crate) profile: Option<String>,
    /// The key of the one certificate: its holder hands it in, without an actor
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,
    /// The file with the passphrase of the key
    #[arg(long, value_name = "FILE", requires = "key")]
    pub(crate) key_passphrase_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example: ca-client audit show --name '*.berlin.example.net' --since 2026-11-01T00:00:00Z --limit 500"
)]
pub(crate) struct AuditShowArguments {
    /// Begin at this leaf, counted from zero [default: so that the newest entry is shown; with filters 0]
    #[arg(long, value_name = "LEAF", allow_negative_numbers = true, value_parser = whole_number)]
    pub(crate) first: Option<u64>,
    /// How many entries at the most
    #[arg(long, value_name = "N", default_value = "50", allow_negative_numbers = true, value_parser = positive_number)]
    pub(crate) limit: u64,
    /// Only what this actor did: its name while it exists, or its key in hexadecimal
    #[arg(long, value_name = "NAME|KEY")]
    pub(crate) actor: Option<String>,
    /// Only what is about a certificate or actor with this name; `*` stands for any run of characters
    #[arg(long, value_name = "GLOB")]
    pub(crate) name: Option<String>,
    /// Only what is about the certificate with this serial number
    #[arg(long, value_name = "HEX")]
    pub(crate) serial: Option<String>,
    /// Only entries of this time or later, as in 2026-11-28T20:00:00Z
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<UnixTime>,
    /// Only entries of this time or earlier
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<UnixTime>,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Keeps the checkpoint that it saw beside the profile file, and wants every later one to follow it: so it \
    finds an old copy of the server's state and a second history, and tells the server, which logs it.\n\n\
    Examples:\n  ca-client audit verify\n  ca-client audit verify --accept-restored"
)]
pub(crate) struct AuditVerifyArguments {
    /// Only prove that the log has grown from what was seen before; any actor may
    #[arg(long)]
    pub(crate) checkpoint_only: bool,
    /// Take a log that no longer follows what was seen, if a leaf in it says that a backup was put back since, and say
    /// which leaves are gone; any other second history is refused as ever
    #[arg(long, conflicts_with = "checkpoint_only")]
    pub(crate) accept_restored: bool,
    /// A certificate that must have a leaf, in PEM or DER; repeatable
    #[arg(long, value_name = "FILE", conflicts_with = "checkpoint_only")]
    pub(crate) cert: Vec<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ClockCommand {
    /// Show what the clock of the server says and what the server takes for the time
    Show,
    /// Vouch for the clock of the server: what it says is the time; the clock here must agree
    #[command(after_help = "Example: ca-client clock confirm")]
    Confirm,
}

fn whole_number(text: &str) -> Result<u64, String> {
    text.parse()
        .map_err(|_source| "wanted a whole number from 0".to_owned())
}

fn positive_number(text: &str) -> Result<u64, String> {
    match text.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err("wanted a whole number from 1".to_owned()),
    }
}

fn reasons() -> impl TypedValueParser<Value = RevocationReason> {
    PossibleValuesParser::new(RevocationReason::ALL.map(RevocationReason::as_str))
        .try_map(|word| word.parse::<RevocationReason>())
}

fn roles() -> impl TypedValueParser<Value = Role> {
    PossibleValuesParser::new(Role::ALL.map(Role::as_str)).try_map(|word| word.parse::<Role>())
}
