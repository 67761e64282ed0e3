//! The words of `router`.

use std::path::PathBuf;

use ca_routeros::Door;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum RouterCommand {
    /// Prepare a new router by a script, printed or run over SSH: a user with few rights, a first certificate
    Bootstrap(BootstrapArguments),
    /// Look at a prepared router and write its entry into the fleet file
    Add(AddArguments),
    /// List the routers of the fleet file
    List(FleetArguments),
    /// Look at routers: release, clock, services, certificates
    Probe(ReachArguments),
    /// Show what a push would change; changes nothing
    Plan(ReachArguments),
    /// Bring certificates into routers, bind them, and prove from outside that they work
    Push(PushArguments),
    /// Prove from outside that the certificates in use are right; changes nothing
    Verify(ReachArguments),
    /// Say what is wrong with certificates, services and tunnels, and what mends it; changes nothing
    #[command(after_help = DOCTOR)]
    Doctor(ReachArguments),
    /// Remove certificates that nothing refers to: expired and former ones of ours, others by name
    Clean(CleanArguments),
    /// Send any command to one router, over the door of the fleet file
    Call(CallArguments),
    /// Keep how one router answers, without names, addresses and secrets, to compare it with the simulator
    Record(RecordArguments),
}

#[derive(Debug, Args)]
#[command(
    after_help = "With --print, paste the script into the console of the router. With --admin it is shown, and run over \
    SSH when you agree. It ends with the fingerprint that `router add` takes. The script holds the password of the new \
    user: it is drawn and written to the password file when there is none.\n\n\
    Examples:\n  ca-client router bootstrap --print berlin-01 --address 192.0.2.1 --password-file berlin-01.password\n  \
    ca-client router bootstrap berlin-01 --address 192.0.2.1 --password-file berlin-01.password --admin admin \
    --admin-password-file admin.password"
)]
pub(crate) struct BootstrapArguments {
    /// Print the script
    #[arg(long, required_unless_present = "admin", conflicts_with = "admin")]
    pub(crate) print: bool,
    /// Run the script over SSH as this user, who is there already and has all rights
    #[arg(long, value_name = "USER", requires = "admin_password_file")]
    pub(crate) admin: Option<String>,
    /// The file with the password of that user
    #[arg(long, value_name = "FILE", requires = "admin")]
    pub(crate) admin_password_file: Option<PathBuf>,
    /// The port of SSH
    #[arg(long, default_value_t = 22, value_name = "PORT")]
    pub(crate) ssh_port: u16,
    /// The SHA-256 of the host key, in hexadecimal or as OpenSSH writes it; without it the key is shown and asked for
    #[arg(long, value_name = "FINGERPRINT")]
    pub(crate) host_key: Option<String>,
    /// Do not ask before the script is run
    #[arg(long)]
    pub(crate) yes: bool,
    /// What the router is called
    pub(crate) name: String,
    /// Its DNS name or address, for its first certificate
    #[arg(long, value_name = "HOST")]
    pub(crate) address: String,
    /// How it will be reached: rest (RouterOS 7), api-ssl or ssh (RouterOS 6 and 7)
    #[arg(long, default_value = "rest", value_parser = encrypted_doors())]
    pub(crate) door: Door,
    /// The user to make on it
    #[arg(long, default_value = "fleet-ca")]
    pub(crate) user: String,
    /// The file with the password of the user; made when it is missing
    #[arg(long, value_name = "FILE")]
    pub(crate) password_file: PathBuf,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Nothing is sent before the certificate of the router has the fingerprint that its console showed.\n\n\
    Example: ca-client router add berlin-01 --address 192.0.2.1 --fingerprint 3f… --password-file berlin-01.password"
)]
pub(crate) struct AddArguments {
    /// What the router is called
    pub(crate) name: String,
    /// The fleet file; made when it is missing
    #[arg(long, value_name = "FILE", default_value = "fleet.toml")]
    pub(crate) fleet: PathBuf,
    /// Its DNS name or address
    #[arg(long, value_name = "HOST")]
    pub(crate) address: String,
    /// How it is reached: rest (RouterOS 7), api-ssl or ssh (RouterOS 6 and 7)
    #[arg(long, default_value = "rest", value_parser = encrypted_doors())]
    pub(crate) door: Door,
    /// The port [default: 443 for rest, 8729 for api-ssl, 22 for ssh]
    #[arg(long)]
    pub(crate) port: Option<u16>,
    /// The SHA-256 of its certificate, as its console shows it; colons and case do not matter. For ssh: of its host key,
    /// in hexadecimal or as OpenSSH writes it. Without it, what the router has is shown and asked for
    #[arg(long, value_name = "FINGERPRINT")]
    pub(crate) fingerprint: Option<String>,
    /// Who logs in
    #[arg(long, default_value = "fleet-ca")]
    pub(crate) user: String,
    /// The file with the password
    #[arg(long, value_name = "FILE")]
    pub(crate) password_file: PathBuf,
    /// The profile of its certificate
    #[arg(long, default_value = "router")]
    pub(crate) profile: String,
    /// The NAME of its certificate [default: the address]
    #[arg(long, value_name = "NAME")]
    pub(crate) certificate_name: Option<String>,
}

/// Which routers of which fleet file.
#[derive(Debug, Args)]
pub(crate) struct FleetArguments {
    /// The fleet file
    #[arg(long, value_name = "FILE", default_value = "fleet.toml")]
    pub(crate) fleet: PathBuf,
    /// Names of routers [default: all]
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
}

/// Which routers, and over which doors.
#[derive(Debug, Args)]
pub(crate) struct ReachArguments {
    #[command(flatten)]
    pub(crate) fleet: FleetArguments,
    /// Let the password of routers with a plain door go over the network in the clear
    #[arg(long)]
    pub(crate) insecure_plain: bool,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Eight routers at once; one failure stops nothing. A certificate below a third of its life gets a \
    successor with a new key. Nothing to do: nothing is sent.\n\nA line for cron: ca-client router push --fleet \
    fleet.toml --yes"
)]
pub(crate) struct PushArguments {
    #[command(flatten)]
    pub(crate) reach: ReachArguments,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
    /// Count a binding as done that nobody has used yet, such as a tunnel without a peer
    #[arg(long)]
    pub(crate) accept_unproved: bool,
    /// Change the only service through which the router is reached
    #[arg(long)]
    pub(crate) accept_lockout: bool,
}

const DOCTOR: &str = "Needs no CA: it looks at the router and the fleet file. Says nothing of a healthy router; exit code 1 when \
    something does not work.\n\nExample: ca-client router doctor berlin-01";

#[derive(Debug, Args)]
#[command(
    after_help = "Shows what goes and asks. Certificates in use, current CAs and certificates of others stay.\n\n\
    Example: ca-client router clean berlin-01 --certificate old-web"
)]
pub(crate) struct CleanArguments {
    #[command(flatten)]
    pub(crate) reach: ReachArguments,
    /// Remove this certificate of somebody else too, when it is expired and nothing refers to it; repeatable
    #[arg(long, value_name = "ROW")]
    pub(crate) certificate: Vec<String>,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Values go to the router as they are: nothing in them is read as a command. Rows come back with the \
    names of RouterOS.\n\nExamples:\n  ca-client router call berlin-01 /ip/service/print ?name=www-ssl\n  ca-client router \
    call berlin-01 /ip/service/set numbers=telnet disabled=yes\n  ca-client router call berlin-01 /user/add name=anna \
    group=read --secret password=anna.password"
)]
pub(crate) struct CallArguments {
    /// The router
    #[arg(value_name = "NAME")]
    pub(crate) router: String,
    /// The path of a menu and a command: /ip/service/print
    #[arg(value_name = "COMMAND")]
    pub(crate) command: String,
    /// Arguments, NAME=VALUE; numbers=ITEM or .id=*1A names the item; ?FIELD=VALUE filters what `print` shows
    #[arg(value_name = "NAME=VALUE")]
    pub(crate) words: Vec<String>,
    /// An argument whose value is in FILE; one trailing newline is stripped; never shown, never sent in the clear
    #[arg(long, value_name = "NAME=FILE")]
    pub(crate) secret: Vec<String>,
    /// The fleet file
    #[arg(long, value_name = "FILE", default_value = "fleet.toml")]
    pub(crate) fleet: PathBuf,
    /// Let the password of a router with a plain door go over the network in the clear
    #[arg(long)]
    pub(crate) insecure_plain: bool,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Shows what it will ask, and asks you; shows what it would keep, and asks again. The questions are reads, and \
    requests that every router refuses: they change nothing. Kept are names of fields, words of RouterOS and texts of \
    refusals; of every other value only what it looks like. `routeros-sim --replay-check FILE` compares the simulator \
    with it.\n\nExample: ca-client router record berlin-01 --out berlin.json"
)]
pub(crate) struct RecordArguments {
    /// The router
    #[arg(value_name = "NAME")]
    pub(crate) router: String,
    /// The file for what is kept
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Replace a file that is there already
    #[arg(long)]
    pub(crate) force: bool,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
    /// The fleet file
    #[arg(long, value_name = "FILE", default_value = "fleet.toml")]
    pub(crate) fleet: PathBuf,
    /// Let the password of a router with a plain door go over the network in the clear
    #[arg(long)]
    pub(crate) insecure_plain: bool,
}

/// The doors that keys and passwords may go through.
fn encrypted_doors() -> impl TypedValueParser<Value = Door> {
    let doors = [Door::Rest, Door::ApiSsl, Door::Ssh];
    PossibleValuesParser::new(doors.map(Door::as_str)).map(move |word| {
        let named = doors.into_iter().find(|door| door.as_str() == word);
        named.unwrap_or(Door::Rest)
    })
}
