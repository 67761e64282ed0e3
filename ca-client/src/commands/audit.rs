//! `audit show|verify|submit`: the log of everything that changed, its proof, and what a restored one lacks.

mod memory;
mod show;
mod submit;
mod verify;

use super::Context;
use crate::cli::AuditCommand;
use crate::error::{CommandError, ExitStatus};

pub(super) async fn run(
    command: AuditCommand,
    context: &mut Context,
) -> Result<ExitStatus, CommandError> {
    match command {
        AuditCommand::Show(arguments) => show::run(arguments, context).await,
        AuditCommand::Verify(arguments) => verify::run(arguments, context).await,
        AuditCommand::Submit(arguments) => submit::run(&arguments, context).await,
    }
}
