//! `/log`: what the router noted since it was switched on.

use std::collections::VecDeque;

use super::table::print_id;
use super::{World, found, listed, not_here};
use crate::row::{Reply, Request, Row};
use crate::trap::Trap;

/// The lines that the action `memory` keeps.
#[derive(Debug, Default)]
pub(crate) struct Log {
    lines: VecDeque<Line>,
    next: u32,
}

#[derive(Debug)]
struct Line {
    id: u32,
    at: i64,
    topics: String,
    message: String,
}

impl World {
    pub(super) fn logs(&mut self, command: &str, request: &Request) -> Result<Reply, Trap> {
        match command {
            "print" => Ok(listed(self.log_rows())),
            "find" => Ok(found(&self.log_rows())),
            "debug" | "info" | "warning" | "error" => {
                let message = request
                    .argument("message")
                    .ok_or_else(|| Trap::missing("message"))?;
                self.note(&format!("script,{command}"), message);
                Ok(Reply::default())
            }
            _ => Err(not_here("/log", command)),
        }
    }

    /// Writes a line into the log.
    pub(crate) fn note(&mut self, topics: &str, message: &str) {
        let at = self.now();
        self.log.next += 1;
        self.log.lines.push_back(Line {
            id: self.log.next,
            at,
            topics: topics.to_owned(),
            message: message.to_owned(),
        });
        if self.log.lines.len() > KEPT {
            self.log.lines.pop_front();
        }
    }

    /// `/system/logging/action/clear`: forgets the lines of an action; `memory` is the one that `/log` shows.
    pub(super) fn clear_log(&mut self, request: &Request) -> Result<Reply, Trap> {
        let named = request
            .argument("action")
            .ok_or_else(|| Trap::missing("action"))?;
        let known = self.names("/system/logging/action");
        if known.iter().all(|(_, name)| name != named) {
            return Err(Trap::no_match("action"));
        }
        if named == "memory" {
            self.log.lines.clear();
        }
        Ok(Reply::default())
    }

    fn log_rows(&self) -> Vec<Row> {
        let form = self.model.date_form();
        self.log
            .lines
            .iter()
            .map(|line| {
                [
                    (".id", print_id(line.id)),
                    ("time", self.local(line.at).print(form)),
                    ("topics", line.topics.clone()),
                    ("message", line.message.clone()),
                ]
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect()
            })
            .collect()
    }
}

/// `memory-lines` of the action `memory`.
const KEPT: usize = 1_000;
