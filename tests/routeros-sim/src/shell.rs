//! The console as a person or a script uses it: statements in, text out.

use std::future::Future;
use std::pin::Pin;

use serde_json::{Map, json};

use crate::console::Caller;
use crate::listing;
use crate::router::{Answer, Door, Router};
use crate::row::{Reply, Request, Row};
use crate::script::{self, ScriptError, Statement, Value, Word};
use crate::trap::Trap;
use crate::tree::Tree;

/// Whoever sits at the console.
#[derive(Debug, Clone, Copy)]
pub enum Seat<'a> {
    /// The person at the serial console.
    Console,
    /// A user who came through a door.
    Guest {
        /// The door.
        door: Door,
        /// The user.
        user: &'a str,
    },
}

/// A console that runs statements.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shell<'a> {
    router: &'a Router,
    seat: Seat<'a>,
}

/// Why a statement gave nothing.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command was refused.
    Trap(Trap),
    /// The router cut the connection after the command.
    Cut,
}

/// What a statement gave.
#[derive(Debug)]
pub(crate) enum Printed {
    /// The text of `:put`.
    Text(String),
    /// The answer to a command.
    Reply {
        /// The command, with its arguments.
        request: Request,
        /// The answer.
        reply: Reply,
    },
}

/// What a whole script gave.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The text it printed; after an error the script went no further.
    Text(String),
    /// The router cut the connection after a command.
    Cut,
}

type Boxed<'f, T> = Pin<Box<dyn Future<Output = Result<T, Failure>> + Send + 'f>>;

/// Runs a script as a user who came through a door, and returns what the user sees.
pub async fn run(router: &Router, door: Door, user: &str, text: &str) -> Outcome {
    let shell = Shell::new(router, Seat::Guest { door, user });
    let mut printed = String::new();
    match shell.script(text, &mut printed).await {
        Ok(()) => {}
        Err(Failure::Cut) => return Outcome::Cut,
        Err(Failure::Trap(trap)) => {
            printed.push_str(&trap.message());
            printed.push('\n');
        }
    }
    Outcome::Text(printed.replace('\n', "\r\n"))
}

/// Reads a script as the console of the version does: an unknown word is a bad command.
pub(crate) fn parse(router: &Router, text: &str) -> Result<Vec<(usize, Statement)>, ScriptError> {
    let tree = Tree::of(router.world().model);
    script::parse_placed(text, &|menu, word| {
        let below = format!("{}/{word}", menu.trim_end_matches('/'));
        let everywhere = menu == "/" && word == "import";
        if everywhere || tree.arguments(menu, word).is_some() {
            Word::Command
        } else if tree.has_menu(&below) {
            Word::Menu
        } else {
            Word::Unknown
        }
    })
}

impl<'a> Shell<'a> {
    pub(crate) fn new(router: &'a Router, seat: Seat<'a>) -> Self {
        Self { router, seat }
    }

    /// Runs a script and adds what it prints; nothing of a script that cannot be read is run.
    pub(crate) fn script<'f>(&'f self, text: &'f str, printed: &'f mut String) -> Boxed<'f, ()> {
        Box::pin(async move {
            let statements = self.read(text).map_err(|trap| {
                if let Seat::Guest { .. } = self.seat {
                    self.router.note_unread(text);
                }
                Failure::Trap(trap)
            })?;
            for (_, statement) in &statements {
                match self.statement(statement).await? {
                    Printed::Text(text) => {
                        printed.push_str(&text);
                        printed.push('\n');
                    }
                    Printed::Reply { request, reply } => {
                        let model = self.router.world().model;
                        printed.push_str(&listing::print(model, &request, &reply));
                    }
                }
            }
            Ok(())
        })
    }

    /// Reads a script, whose words must all be those of the version.
    fn read(&self, text: &str) -> Result<Vec<(usize, Statement)>, Trap> {
        let statements = parse(self.router, text).map_err(|error| said_of(&error))?;
        for (at, statement) in &statements {
            self.check(text, *at, statement)?;
            if !self.router.world().model.since(13) && statement.serializes() {
                let place = place(text, *at, "serialize");
                return Err(Trap::bare(format!("bad command name serialize ({place})")));
            }
        }
        Ok(statements)
    }

    /// Runs one statement.
    pub(crate) async fn statement(&self, statement: &Statement) -> Result<Printed, Failure> {
        match statement {
            Statement::Put(value) => Ok(Printed::Text(self.evaluate(value, "/").await?)),
            Statement::Command {
                menu,
                command,
                arguments,
                unnamed,
            } if menu == "/" && command == "import" => {
                let name = match (arguments.as_slice(), unnamed.as_slice()) {
                    ([(name, value)], []) if name == "file-name" => value,
                    ([], [value]) => value,
                    _ => return Err(Failure::Trap(Trap::missing("file-name"))),
                };
                let name = self.evaluate(name, "/").await?;
                self.import(&name).await
            }
            Statement::Command {
                menu,
                command,
                arguments,
                unnamed,
            } => {
                let request = Request::new(menu, command);
                let (request, reply) = self.execute(request, arguments, unnamed).await?;
                Ok(Printed::Reply { request, reply })
            }
        }
    }

    /// Runs the statements of a file.
    async fn import(&self, name: &str) -> Result<Printed, Failure> {
        let text = {
            let world = self.router.world();
            let caller = self.caller();
            if !["read", "write"]
                .iter()
                .all(|one| world.has_policy(caller, one))
            {
                return Err(Failure::Trap(Trap::permission()));
            }
            let file = world.file_named("file-name", name).map_err(Failure::Trap)?;
            String::from_utf8_lossy(&file.contents.0).into_owned()
        };
        let depth = text
            .lines()
            .filter(|line| line.trim_start().starts_with("/import"));
        if depth.count() > 0 {
            return Err(Failure::Trap(Trap::failure("an import within an import")));
        }
        let mut printed = String::new();
        self.script(&text, &mut printed).await?;
        printed.push_str("\nScript file loaded and executed successfully");
        Ok(Printed::Text(printed.trim_start().to_owned()))
    }

    /// Finds arguments that the command does not take, before anything is run.
    fn check(&self, text: &str, at: usize, statement: &Statement) -> Result<(), Trap> {
        let Statement::Command {
            menu,
            command,
            arguments,
            ..
        } = statement
        else {
            return Ok(());
        };
        let tree = Tree::of(self.router.world().model);
        let Some(known) = tree.arguments(menu, command) else {
            return Ok(());
        };
        let unknown = arguments.iter().find(|(name, _)| {
            !known.contains(name) && !matches!(name.as_str(), ".id" | "number" | "numbers")
        });
        match unknown {
            None => Ok(()),
            Some((name, _)) => Err(Trap::bare(format!(
                "expected end of command ({})",
                place(text, at, &format!("{name}="))
            ))),
        }
    }

    async fn execute(
        &self,
        mut request: Request,
        arguments: &[(String, Value)],
        unnamed: &[Value],
    ) -> Result<(Request, Reply), Failure> {
        let menu = request.menu.clone();
        for (name, value) in arguments {
            let value = self.evaluate(value, &menu).await?;
            request.arguments.push((name.clone(), value));
        }
        let model = self.router.world().model;
        let known = Tree::of(model)
            .arguments(&menu, &request.command)
            .unwrap_or_default();
        let item = ["numbers", "number"]
            .iter()
            .find(|&&name| known.iter().any(|one| one == name));
        let prints = request.command == "print";
        for value in unnamed {
            if let (true, Value::Find { conditions, .. }) = (prints, value) {
                request.query.extend(query(conditions));
                continue;
            }
            let text = self.evaluate(value, &menu).await?;
            match (item, value) {
                (Some(_), Value::Find { .. }) if text.is_empty() => {
                    return Ok((request, Reply::default()));
                }
                (Some(name), _) => request.arguments.push(((*name).to_owned(), text)),
                (None, _) if known.contains(&text) => {
                    request.arguments.push((text, String::new()));
                }
                (None, _) if prints => request.arguments.push(("from".to_owned(), text)),
                (None, _) => return Err(Failure::Trap(Trap::parameter(&text))),
            }
        }
        if let Some(place) = request
            .arguments
            .iter()
            .position(|(name, _)| name == "proplist")
        {
            let (_, list) = request.arguments.remove(place);
            request.proplist = Some(list.split(',').map(ToOwned::to_owned).collect());
        }
        let reply = self.call(&request).await?;
        Ok((request, reply))
    }

    async fn call(&self, request: &Request) -> Result<Reply, Failure> {
        match self.seat {
            Seat::Console => {
                let (result, _) = self.router.execute(Caller::Console, request).await;
                result.map_err(Failure::Trap)
            }
            Seat::Guest { door, user } => match self.router.answer(door, user, request).await {
                Answer::Send(result) => result.map_err(Failure::Trap),
                Answer::Cut | Answer::TooLate => Err(Failure::Cut),
            },
        }
    }

    fn caller(&self) -> Caller<'a> {
        match self.seat {
            Seat::Console => Caller::Console,
            Seat::Guest { user, .. } => Caller::User(user),
        }
    }

    fn evaluate<'f>(&'f self, value: &'f Value, menu: &'f str) -> Boxed<'f, String> {
        Box::pin(async move {
            match value {
                Value::Text(text) => Ok(text.clone()),
                Value::Find {
                    menu: named,
                    conditions,
                } => {
                    let mut request = Request::new(named.as_deref().unwrap_or(menu), "print");
                    request.query = query(conditions);
                    let rows = self.call(&request).await?.rows;
                    let ids: Vec<&str> = rows
                        .iter()
                        .filter_map(|row| row.get(".id"))
                        .map(String::as_str)
                        .collect();
                    Ok(ids.join(";"))
                }
                Value::Get { menu, item, field } => {
                    let item = self.evaluate(item, menu).await?;
                    let mut request = Request::new(menu, "get").with("value-name", field);
                    if !item.is_empty() {
                        request = request.with("number", &item);
                    } else if !Tree::of(self.router.world().model).is_settings(menu) {
                        return Err(Failure::Trap(Trap::item()));
                    }
                    Ok(self.call(&request).await?.ret.unwrap_or_default())
                }
                Value::Join(parts) => {
                    let mut joined = String::new();
                    for part in parts {
                        joined.push_str(&self.evaluate(part, menu).await?);
                    }
                    Ok(joined)
                }
                Value::Call { .. } => {
                    let reply = self.reply(value).await?;
                    Ok(reply.ret.unwrap_or_else(|| as_value(&reply.rows)))
                }
                Value::Json(inner) => self.json(inner, menu).await,
            }
        })
    }

    async fn reply(&self, value: &Value) -> Result<Reply, Failure> {
        let Value::Call {
            menu,
            command,
            arguments,
            unnamed,
        } = value
        else {
            return Ok(Reply::default());
        };
        let request = Request::new(menu, command);
        let (request, reply) = self.execute(request, arguments, unnamed).await?;
        let silent = ["as-value", "count-only"]
            .iter()
            .all(|word| request.argument(word).is_none());
        if command == "print" && silent {
            // Its text goes to the screen, and the brackets are empty.
            return Ok(Reply::default());
        }
        Ok(reply)
    }

    async fn json(&self, value: &Value, menu: &str) -> Result<String, Failure> {
        let model = self.router.world().model;
        let Value::Call { menu: of, .. } = value else {
            return Ok(json!(self.evaluate(value, menu).await?).to_string());
        };
        let rows = self.reply(value).await?.rows;
        let mut objects = rows.iter().map(|row| {
            let fields = row.iter().map(|(name, value)| (name.clone(), typed(value)));
            serde_json::Value::Object(fields.collect::<Map<_, _>>())
        });
        let text = if Tree::of(model).is_settings(of) {
            objects.next().unwrap_or_else(|| json!({})).to_string()
        } else {
            serde_json::Value::Array(objects.collect()).to_string()
        };
        Ok(text)
    }
}

fn query(conditions: &[(String, String)]) -> Vec<String> {
    conditions
        .iter()
        .map(|(name, value)| format!("={name}={value}"))
        .collect()
}

/// Rows as the text of an array.
fn as_value(rows: &[Row]) -> String {
    let fields = rows.iter().flatten();
    let fields: Vec<String> = fields
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    fields.join(";")
}

/// A value as JSON has it: truths and numbers are no strings.
fn typed(value: &str) -> serde_json::Value {
    match value {
        "true" => json!(true),
        "false" => json!(false),
        _ => match value.parse::<i64>() {
            Ok(number) if number.to_string() == value => json!(number),
            _ => json!(value),
        },
    }
}

fn said_of(error: &ScriptError) -> Trap {
    let ScriptError {
        line, column, what, ..
    } = error;
    Trap::bare(match error.bad_command {
        true => format!("bad command name {what} (line {line} column {column})"),
        false => format!("syntax error (line {line} column {column})"),
    })
}

/// Where a word of a statement stands.
fn place(text: &str, at: usize, word: &str) -> String {
    let start = text
        .char_indices()
        .nth(at)
        .map_or(text.len(), |(index, _)| index);
    let found = text[start..]
        .find(word)
        .map_or(start, |offset| start + offset);
    let before = &text[..found];
    let line = before.matches('\n').count() + 1;
    let column = before
        .rsplit('\n')
        .next()
        .unwrap_or_default()
        .chars()
        .count()
        + 1;
    format!("line {line} column {column}")
}

/// A failed command as `paste` shows it.
impl From<Failure> for Trap {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Trap(trap) => trap,
            Failure::Cut => Self::interrupted(),
        }
    }
}
