//! `clock show|confirm`: what the server takes for the time.

use ca_types::{Clock as _, RequestId, SystemClock, SystemEntropy};

use super::Context;
use crate::cli::ClockCommand;
use crate::error::{CommandError, ExitStatus};
use crate::json::ClockDocument;
use crate::report::lines;

pub(super) async fn run(
    command: ClockCommand,
    context: &mut Context,
) -> Result<ExitStatus, CommandError> {
    let client = context.client().await?;
    if let ClockCommand::Confirm = command {
        let id = RequestId::generate(&mut SystemEntropy);
        client.confirm_clock(id, SystemClock.now()).await?;
    }
    let clock = client.clock().await?;
    let document = ClockDocument {
        clock: clock.clock,
        taken: clock.taken,
        distrust: clock.distrust.as_deref(),
    };
    context.printer.data(&document, || {
        lines(&[
            ("clock", document.clock.to_string()),
            ("taken for", document.taken.to_string()),
            ("trusted", document.distrust.unwrap_or("yes").to_owned()),
        ])
    })?;
    Ok(ExitStatus::Success)
}
