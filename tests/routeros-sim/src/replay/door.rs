//! Questions to a router in this process, answered as its doors answer them.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use ca_record::{Answer, Door, Question};
use hyper::Method;
use serde_json::{Map, Value};

use super::scene::USER;
use crate::door::{API, REST, SSH};
use crate::rest;
use crate::router::{self, Connected, Router};
use crate::row::{Request, Row};
use crate::shell::{self, Outcome};

/// Shows the connection that the questions come through, as the router of the record did.
pub(super) fn connected(router: &Arc<Router>, door: Door) -> Option<Connected> {
    let end = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    router.connect(own(door).service, end(443), end(50_000))
}

/// Asks.
pub(super) async fn answer(router: &Router, door: Door, question: &Question) -> Answer {
    match door {
        Door::Api => over_api(router, question).await,
        Door::Rest => over_rest(router, question).await,
        Door::Ssh => over_ssh(router, question).await,
    }
}

fn own(door: Door) -> router::Door {
    match door {
        Door::Api => API,
        Door::Rest => REST,
        Door::Ssh => SSH,
    }
}

fn request(question: &Question) -> Request {
    let mut request = Request::new(question.menu, question.command);
    if let Some(item) = question.item {
        request = request.with(".id", item);
    }
    for (name, value) in &question.arguments {
        request = request.with(name, value);
    }
    request
}

async fn over_api(router: &Router, question: &Question) -> Answer {
    match router.answer(API, USER, &request(question)).await {
        router::Answer::Send(Ok(reply)) => Answer::Done {
            rows: reply.rows,
            ret: reply.ret,
        },
        router::Answer::Send(Err(trap)) => Answer::Refused(trap.api_message()),
        router::Answer::Cut | router::Answer::TooLate => cut(),
    }
}

async fn over_rest(router: &Router, question: &Question) -> Answer {
    let menu = question.menu;
    let mut body: Map<String, Value> = question
        .arguments
        .iter()
        .map(|(name, value)| ((*name).to_owned(), Value::String(value.clone())))
        .collect();
    let (method, path) = match (question.command, question.item) {
        ("print", None) if body.is_empty() => (Method::GET, menu.to_owned()),
        ("set", Some(item)) => (Method::PATCH, format!("{menu}/{item}")),
        (command, item) => {
            if let Some(item) = item {
                body.insert(".id".to_owned(), Value::String(item.to_owned()));
            }
            (Method::POST, format!("{menu}/{command}"))
        }
    };
    let value = match rest::ask(router, USER, method, &path, body).await {
        Ok(value) => value,
        Err(text) => return Answer::Refused(text),
    };
    let objects = match value {
        Value::Array(objects) => objects,
        one => vec![one],
    };
    let (mut rows, mut ret) = (Vec::new(), None);
    for object in objects {
        let mut row: Row = serde_json::from_value(object).unwrap_or_default();
        match row.remove("ret") {
            Some(text) if question.command != "print" => ret = Some(text),
            _ => rows.push(row),
        }
    }
    Answer::Done { rows, ret }
}

async fn over_ssh(router: &Router, question: &Question) -> Answer {
    let is_print = question.command == "print";
    let mut line = format!(
        "{} {}",
        question.menu.replace('/', " ").replacen(' ', "/", 1),
        question.command
    );
    if is_print {
        line.push_str(" as-value");
    }
    if let Some(item) = question.item {
        line.push_str(&format!(" {item}"));
    }
    for (name, value) in &question.arguments {
        line.push_str(&format!(" {name}=\"{value}\""));
    }
    if is_print {
        line = format!(":put [{line}]");
    }
    let text = match shell::run(router, SSH, USER, &format!("{line}; :put \"{MARK}\"")).await {
        Outcome::Text(text) => text.replace("\r\n", "\n"),
        Outcome::Cut => return cut(),
    };
    if !text.trim_end().ends_with(MARK) {
        return Answer::Refused(text.trim().to_owned());
    }
    if !is_print {
        return Answer::Done {
            rows: Vec::new(),
            ret: None,
        };
    }
    // The rows are those that the console made its text from.
    match router.answer(SSH, USER, &request(question)).await {
        router::Answer::Send(Ok(reply)) => Answer::Done {
            rows: reply.rows,
            ret: None,
        },
        router::Answer::Send(Err(trap)) => Answer::Refused(trap.message()),
        router::Answer::Cut | router::Answer::TooLate => cut(),
    }
}

fn cut() -> Answer {
    Answer::Untold("the router ended the connection".to_owned())
}

/// Printed behind a command that was done.
const MARK: &str = "fleet-ca-done";
