//! The commands: from arguments to an exit status.

mod actor;
mod audit;
mod blocked_key;
mod bundle;
mod check;
mod clock;
mod crl;
mod export;
mod issue;
mod issuer;
mod lint;
mod list;
mod profile;
mod rekey;
mod renew;
mod revoke;
mod router;
mod show;
mod sign;
mod successor;

use std::path::PathBuf;

use crate::cli::Command;
use crate::client::{Client, ClientError};
use crate::error::{CommandError, ExitStatus};
use crate::printer::Printer;
use crate::settings::{Environment, Settings, SettingsError};

pub(crate) use issue::{all_names, default_algorithm};

/// What a command works with besides its arguments.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) profile_file: Option<PathBuf>,
    pub(crate) environment: Environment,
    pub(crate) printer: Printer,
}

impl Context {
    fn settings(&self) -> Result<Settings, SettingsError> {
        Settings::find(self.profile_file.as_deref(), &self.environment)
    }

    async fn client(&self) -> Result<Client, CommandError> {
        let settings = self.settings()?;
        let connected: Result<Client, ClientError> = Client::connect(&settings).await;
        Ok(connected?)
    }
}

/// Runs one command.
pub(crate) async fn run(
    command: Command,
    context: &mut Context,
) -> Result<ExitStatus, CommandError> {
    match command {
        Command::Issue(arguments) => issue::run(arguments, context).await,
        Command::Sign(arguments) => sign::run(arguments, context).await,
        Command::Renew(arguments) => renew::run(arguments, context).await,
        Command::Rekey(arguments) => rekey::run(arguments, context).await,
        Command::Revoke(arguments) => revoke::run(arguments, context).await,
        Command::List(arguments) => list::run(arguments, context).await,
        Command::Show(arguments) => show::run(arguments, context).await,
        Command::Lint(arguments) => lint::run(&arguments, context),
        Command::Export(arguments) => export::run(arguments, context).await,
        Command::Check(arguments) => check::run(&arguments, context),
        Command::Bundle(arguments) => bundle::run(arguments, context).await,
        Command::Issuer(command) => issuer::run(command, context).await,
        Command::Actor(command) => actor::run(command, context).await,
        Command::BlockedKey(command) => blocked_key::run(command, context).await,
        Command::Profile(command) => profile::run(command, context).await,
        Command::Crl(command) => crl::run(command, context).await,
        Command::Audit(command) => audit::run(command, context).await,
        Command::Clock(command) => clock::run(command, context).await,
        Command::Router(command) => router::run(command, context).await,
    }
}
