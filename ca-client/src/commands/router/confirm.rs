//! The question before something is changed.

use std::io::{self, BufRead as _};

use super::Context;
use crate::error::CommandError;
use crate::printer::Format;

/// Asks the person who typed the command; without one, `--yes` is needed.
pub(super) fn confirm(what: &str, context: &mut Context) -> Result<(), CommandError> {
    if !is_asked(context) {
        return Err(CommandError::Usage {
            what: format!("`{what}` is asked, and nobody is here to answer"),
            hint: "--yes does it without asking; `router plan` and `router doctor` show what there is to do"
                .to_owned(),
        });
    }
    ask(what, context)
}

/// Asks whether what a router shows at first contact is its own; without a person, the option has to say it.
pub(super) fn confirm_first(
    what: &str,
    option: &'static str,
    context: &mut Context,
) -> Result<(), CommandError> {
    if !is_asked(context) {
        return Err(CommandError::Usage {
            what: format!("{what}, and nobody is here to compare it"),
            hint: format!("{option} says what the console of the router shows. Nothing was sent"),
        });
    }
    ask(&format!("{what}; is it the one of the router"), context)
}

fn is_asked(context: &Context) -> bool {
    context.printer.format() == Format::Text && context.environment.is_attended
}

fn ask(what: &str, context: &mut Context) -> Result<(), CommandError> {
    context.printer.talk(format_args!("{what}? [y/N]"))?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    if matches!(answer.trim(), "y" | "Y" | "yes") {
        return Ok(());
    }
    Err(CommandError::Usage {
        what: "not done: the answer was not y".to_owned(),
        hint: "nothing was changed".to_owned(),
    })
}
