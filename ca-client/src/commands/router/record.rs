//! `router record`: what a router answers to a closed list of harmless questions, without names, addresses and secrets.

use std::path::Path;

use ca_deploy::RouterEntry;
use ca_record::{Answer, Door, EXCHANGES, Interview, Outcome, Question, Record};
use ca_routeros::{Call, Command, Reply, RouterError, RouterTransport};
use ca_types::{Code, RequestId, SystemEntropy};
use serde::Serialize;

use super::Context;
use super::confirm::confirm;
use super::each::warn_of_readers;
use crate::cli::RecordArguments;
use crate::error::{CommandError, ExitStatus};
use crate::files::{self, Existing, FileError, Mode};
use crate::router::{FleetFile, log_in};

#[derive(Debug, Serialize)]
struct RecordedDocument<'a> {
    router: &'a str,
    file: &'a Path,
    release: String,
    door: &'static str,
    /// The questions that got an answer or a refusal.
    told: Vec<&'a str>,
    /// The others.
    untold: Vec<&'a str>,
}

pub(super) async fn run(
    arguments: &RecordArguments,
    context: &mut Context,
) -> Result<ExitStatus, CommandError> {
    let file = &arguments.out;
    if files::exists(file) && !arguments.force {
        return Err(FileError::Exists { path: file.clone() }.into());
    }
    let fleet = FleetFile::read(&arguments.fleet)?;
    let entry = fleet.one(&arguments.router)?;
    if let Some(password_file) = fleet.password_file(entry) {
        warn_of_readers(&password_file, context)?;
    }
    context.printer.talk(questions(&entry.name).trim_end())?;
    if !arguments.yes {
        confirm(&format!("ask {} these", entry.name), context)?;
    }
    let spinner = context.printer.spinner(format!("asking {}", entry.name));
    let mut router = log_in(entry, &fleet, arguments.insecure_plain).await?;
    let record = ask(router.as_mut(), entry).await?;
    drop(spinner);
    let octets = record.to_json().map_err(|error| unusable(&error))?;
    if !arguments.yes {
        context
            .printer
            .talk(String::from_utf8_lossy(&octets).trim_end())?;
        confirm(
            &format!("write this, and nothing else, to {}", file.display()),
            context,
        )?;
    }
    let existing = Existing::forced(arguments.force);
    files::write(file, &octets, Mode::Private, existing)?;
    let document = document(&entry.name, file, &record);
    context.printer.data(&document, || text(&document))?;
    Ok(ExitStatus::Success)
}

/// Says what will be asked.
fn questions(router: &str) -> String {
    let mut text = format!(
        "{router} will be asked the following. Nothing of it changes anything there; of the answers only words of \
         RouterOS are kept, of everything else what it looks like.\n"
    );
    for exchange in EXCHANGES {
        text.push_str(&format!("  {}: {}\n", exchange.shown(), exchange.why));
    }
    text
}

async fn ask(
    router: &mut dyn RouterTransport,
    entry: &RouterEntry,
) -> Result<Record, CommandError> {
    let absent = format!("fleet-ca-{}", RequestId::generate(&mut SystemEntropy));
    let mut interview = Interview::new(door(entry.door), &absent);
    while let Some(question) = interview.next_question() {
        interview.take(answer(router, &question).await?);
    }
    interview.finish().map_err(|error| unusable(&error))
}

async fn answer(
    router: &mut dyn RouterTransport,
    question: &Question,
) -> Result<Answer, CommandError> {
    let error = match router.call(&call(question)).await {
        Ok(reply) => return Ok(done(reply)),
        Err(error) => error,
    };
    if let Some(text) = error.said() {
        return Ok(Answer::Refused(text.to_owned()));
    }
    let why = match &error {
        RouterError::Closed { .. } => "the router ended the connection",
        RouterError::Timeout { .. } => "no answer",
        RouterError::Answer { .. } => "the answer cannot be read",
        _ => return Err(error.into()),
    };
    // What the router still says belongs to this question.
    router.reconnect().await?;
    Ok(Answer::Untold(why.to_owned()))
}

fn call(question: &Question) -> Call<'_> {
    let command = match question.command {
        "print" => Command::Print,
        "set" => Command::Set,
        other => Command::Other(other),
    };
    let mut call = Call::new(question.menu, command);
    if let Some(item) = question.item {
        call = call.item(item);
    }
    for (name, value) in &question.arguments {
        call = call.with(name, value.as_str());
    }
    call
}

fn done(reply: Reply) -> Answer {
    let fields = |row: &ca_routeros::Row| {
        let fields = row.fields();
        fields
            .map(|(field, value)| (field.to_owned(), value.to_owned()))
            .collect()
    };
    Answer::Done {
        rows: reply.rows.iter().map(fields).collect(),
        ret: reply.added,
    }
}

fn door(door: ca_routeros::Door) -> Door {
    match door {
        ca_routeros::Door::Rest | ca_routeros::Door::RestPlain => Door::Rest,
        ca_routeros::Door::ApiSsl | ca_routeros::Door::ApiPlain => Door::Api,
        ca_routeros::Door::Ssh => Door::Ssh,
    }
}

fn unusable(error: &ca_record::RecordError) -> CommandError {
    CommandError::Check {
        code: Code::FailedPrecondition,
        what: error.to_string(),
        hint: "the user of the fleet file needs the policy read".to_owned(),
    }
}

fn document<'a>(router: &'a str, file: &'a Path, record: &'a Record) -> RecordedDocument<'a> {
    let is_untold = |outcome: &Outcome| matches!(outcome, Outcome::Untold { .. });
    let (untold, told): (Vec<_>, Vec<_>) = record
        .exchanges
        .iter()
        .partition(|one| is_untold(&one.outcome));
    let ids = |all: Vec<&'a ca_record::Exchanged>| all.iter().map(|one| one.id.as_str()).collect();
    RecordedDocument {
        router,
        file,
        release: record.release.to_string(),
        door: record.door.as_str(),
        told: ids(told),
        untold: ids(untold),
    }
}

fn text(document: &RecordedDocument<'_>) -> String {
    let untold = match document.untold.as_slice() {
        [] => String::new(),
        untold => format!("; not told: {}", untold.join(", ")),
    };
    format!(
        "wrote {}: {} over {}, {} answers{untold}\n",
        document.file.display(),
        document.release,
        document.door,
        document.told.len()
    )
}
