//! Scripts as an administrator pastes them into the console.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use crate::console::Caller;
use crate::router::Router;
use crate::row::{Reply, Request};
use crate::script::{self, ScriptError, Statement, Value};
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
    let mut printed = String::new();
    for statement in script::parse(text).map_err(PasteError::Script)? {
        match statement {
            Statement::Put(value) => {
                let text =
                    evaluate(router, &value, "/")
                        .await
                        .map_err(|trap| PasteError::Command {
                            command: ":put".to_owned(),
                            trap,
                        })?;
                printed.push_str(&text);
                printed.push('\n');
            }
            Statement::Command {
                menu,
                command,
                arguments,
                unnamed,
            } => {
                let shown = format!("{menu} {command}");
                let reply = execute(router, Request::new(&menu, &command), arguments, unnamed)
                    .await
                    .map_err(|trap| PasteError::Command {
                        command: shown,
                        trap,
                    })?;
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

async fn execute(
    router: &Router,
    mut request: Request,
    arguments: Vec<(String, Value)>,
    unnamed: Vec<Value>,
) -> Result<Reply, Trap> {
    let menu = request.menu.clone();
    for (name, value) in &arguments {
        let value = evaluate(router, value, &menu).await?;
        request.arguments.push((name.clone(), value));
    }
    let model = router.world().model;
    let known = Tree::of(model)
        .arguments(&menu, &request.command)
        .unwrap_or_default();
    let item = ["numbers", "number"]
        .iter()
        .find(|&&name| known.iter().any(|one| one == name));
    for value in &unnamed {
        let text = evaluate(router, value, &menu).await?;
        match (item, value) {
            (Some(_), Value::Find { .. }) if text.is_empty() => return Ok(Reply::default()),
            (Some(name), _) => request.arguments.push(((*name).to_owned(), text)),
            (None, _) if known.contains(&text) || text == "where" => {}
            (None, _) if request.command == "print" => {}
            (None, _) => return Err(Trap::parameter(&text)),
        }
    }
    router.execute(Caller::Console, &request).await.0
}

fn evaluate<'a>(
    router: &'a Router,
    value: &'a Value,
    menu: &'a str,
) -> Pin<Box<dyn Future<Output = Result<String, Trap>> + Send + 'a>> {
    Box::pin(async move {
        match value {
            Value::Text(text) => Ok(text.clone()),
            Value::Find {
                menu: named,
                conditions,
            } => {
                let mut request = Request::new(named.as_deref().unwrap_or(menu), "print");
                request.query = conditions
                    .iter()
                    .map(|(name, value)| format!("={name}={value}"))
                    .collect();
                let rows = router.execute(Caller::Console, &request).await.0?.rows;
                let ids: Vec<&str> = rows
                    .iter()
                    .filter_map(|row| row.get(".id"))
                    .map(String::as_str)
                    .collect();
                Ok(ids.join(","))
            }
            Value::Get { menu, item, field } => {
                let item = evaluate(router, item, menu).await?;
                let mut request = Request::new(menu, "get").with("value-name", field);
                if !item.is_empty() {
                    request = request.with("number", &item);
                } else if !Tree::of(router.world().model).is_settings(menu) {
                    return Err(Trap::item());
                }
                Ok(router
                    .execute(Caller::Console, &request)
                    .await
                    .0?
                    .ret
                    .unwrap_or_default())
            }
            Value::Join(parts) => {
                let mut joined = String::new();
                for part in parts {
                    joined.push_str(&evaluate(router, part, menu).await?);
                }
                Ok(joined)
            }
        }
    })
}
