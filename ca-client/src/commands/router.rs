//! `router`: certificates into routers.

mod add;
mod bootstrap;
mod call;
mod clean;
mod confirm;
mod doctor;
mod each;
mod host_key;
mod list;
mod plan;
mod probe;
mod push;
mod record;
mod verify;

use super::Context;
use crate::cli::RouterCommand;
use crate::error::{CommandError, ExitStatus};

pub(super) async fn run(
    command: RouterCommand,
    context: &mut Context,
) -> Result<ExitStatus, CommandError> {
    match command {
        RouterCommand::Bootstrap(arguments) => bootstrap::run(&arguments, context).await,
        RouterCommand::Add(arguments) => add::run(arguments, context).await,
        RouterCommand::List(arguments) => list::run(&arguments, context),
        RouterCommand::Probe(arguments) => probe::run(&arguments, context).await,
        RouterCommand::Plan(arguments) => plan::run(&arguments, context).await,
        RouterCommand::Push(arguments) => push::run(&arguments, context).await,
        RouterCommand::Verify(arguments) => verify::run(&arguments, context).await,
        RouterCommand::Doctor(arguments) => doctor::run(&arguments, context).await,
        RouterCommand::Clean(arguments) => clean::run(&arguments, context).await,
        RouterCommand::Call(arguments) => call::run(&arguments, context).await,
        RouterCommand::Record(arguments) => record::run(&arguments, context).await,
    }
}
