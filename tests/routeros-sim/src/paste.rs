//! Scripts as an administrator pastes them into the console.

use std::fmt;

use crate::router::Router;
use crate::script::{self, ScriptError, Statement, Word};
use crate::shell::{Printed, Seat, Shell};
use crate::trap::Trap;
use crate::tree::Tree;

/// Why a script stopped; the commands before it were executed.
#[derive(Debug)]
pub enum PasteError {
    /// The script was not understood, and nothing was executed.
    Script(ScriptError),
    /// A command failed.
    Command {
        /// The command, such as `/ip/service set`.
        command: String,
        /// What the console said.
        trap: Trap,
    },
}

impl fmt::Display for PasteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Script(error) => error.fmt(f),
            Self::Command { command, trap } => write!(f, "{command}: {trap}"),
        }
    }
}

impl std::error::Error for PasteError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Script(error) => Some(error),
            Self::Command { trap, .. } => Some(trap),
        }
    }
}

/// Executes a script and returns what it printed.
pub async fn run(router: &Router, text: &str) -> Result<String, PasteError> {
    let shell = Shell::new(router, Seat::Console);
    let mut printed = String::new();
    let tree = Tree::of(router.world().model);
    let placed = script::parse_placed(text, &|menu, word| {
        // `update` is a command of some menus, and a menu below others.
        let below = format!("{}/{word}", menu.trim_end_matches('/'));
        match tree.arguments(menu, word) {
            Some(_) => Word::Command,
            None if tree.has_menu(&below) => Word::Menu,
            None => script::usual(word),
        }
    });
    for (_, statement) in placed.map_err(PasteError::Script)? {
        let command = match &statement {
            Statement::Put(_) => ":put".to_owned(),
            Statement::Command { menu, command, .. } => format!("{menu} {command}"),
        };
        let given = shell
            .statement(&statement)
            .await
            .map_err(|failure| PasteError::Command {
                command,
                trap: failure.into(),
            })?;
        match given {
            Printed::Text(text) => {
                printed.push_str(&text);
                printed.push('\n');
            }
            Printed::Reply { reply, .. } => {
                for row in reply.rows {
                    let line: Vec<String> = row
                        .iter()
                        .map(|(name, value)| format!("{name}={value}"))
                        .collect();
                    printed.push_str(&line.join(" "));
                    printed.push('\n');
                }
            }
        }
    }
    Ok(printed)
}
