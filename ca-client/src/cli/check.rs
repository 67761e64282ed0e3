//! The words of `check`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
#[command(
    after_help = "Judges the certificate and its chain by the rules of each target. Nothing is fetched and no server is \
    asked. Exit code 1 when it will not work on one of them; what may do harm there is a notice.\n\n\
    Example: ca-client check gw/gw.example.net.pem --target windows-ikev2 --target ios"
)]
pub(crate) struct CheckArguments {
    /// The certificate in PEM or DER; in PEM its chain may follow
    #[arg(required_unless_present = "list_targets")]
    pub(crate) file: Option<PathBuf>,
    /// Where it has to work; repeatable
    #[arg(long, value_name = "TARGET", required_unless_present = "list_targets")]
    pub(crate) target: Vec<String>,
    /// The CAs above it in PEM [default: chain.pem beside the certificate, if there is one and FILE has no CA]
    #[arg(long, value_name = "FILE")]
    pub(crate) chain: Option<PathBuf>,
    /// The side that the certificate stands on [default: by its extended key usage]
    #[arg(long, value_enum)]
    pub(crate) role: Option<RoleArgument>,
    /// List the targets and their rules, all or those of --target
    #[arg(long, conflicts_with_all = ["file", "chain", "role"])]
    pub(crate) list_targets: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum RoleArgument {
    /// It is dialled: a gateway, a web server
    Server,
    /// It dials
    Client,
}
