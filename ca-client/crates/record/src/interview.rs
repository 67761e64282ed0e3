//! Asking a router: one question after the other, and at the end what is kept of the answers.

use std::collections::BTreeMap;

use crate::exchange::{ABSENT, Condition, EXCHANGES, Exchange};
use crate::record::{Door, Exchanged, Outcome, Record, RecordError, Release};
use crate::redact::Redactor;
use crate::vocabulary::is_known_field;

/// A router that is being asked.
#[derive(Debug)]
pub struct Interview {
    door: Door,
    /// The name of a file that the router does not have.
    absent: String,
    redactor: Redactor,
    answers: Vec<Answer>,
}

/// What is to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The menu.
    pub menu: &'static str,
    /// The command.
    pub command: &'static str,
    /// The item.
    pub item: Option<&'static str>,
    /// The arguments.
    pub arguments: Vec<(&'static str, String)>,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It was done.
    Done {
        /// The rows.
        rows: Vec<BTreeMap<String, String>>,
        /// What it returned beside them.
        ret: Option<String>,
    },
    /// The router refused it with this text.
    Refused(String),
    /// No answer, and why.
    Untold(String),
}

impl Interview {
    /// Begins; the router has no file of this name.
    pub fn new(door: Door, absent: &str) -> Self {
        let mut redactor = Redactor::default();
        redactor.sends(absent);
        for exchange in EXCHANGES {
            let item = exchange.item.into_iter();
            let words = exchange
                .arguments
                .iter()
                .flat_map(|(name, value)| [*name, *value]);
            let own = exchange.menu.rsplit('/').next();
            for word in item.chain(words).chain(own).chain([exchange.command]) {
                if word.starts_with("fleet-ca-") || word.starts_with('*') || word == "perhaps" {
                    redactor.sends(word);
                }
            }
        }
        Self {
            door,
            absent: absent.to_owned(),
            redactor,
            answers: Vec::new(),
        }
    }

    /// Returns the next question. Answer it by [`take`](Self::take) before the next.
    pub fn next_question(&mut self) -> Option<Question> {
        loop {
            let exchange = EXCHANGES.get(self.answers.len())?;
            match self.excuse(exchange) {
                Some(why) => self.answers.push(Answer::Untold(why)),
                None => return Some(self.question(exchange)),
            }
        }
    }

    /// Takes the answer to the last question.
    pub fn take(&mut self, answer: Answer) {
        self.answers.push(answer.bounded());
    }

    /// Returns what is kept.
    ///
    /// # Errors
    /// Fails when the router did not say which release it has.
    pub fn finish(mut self) -> Result<Record, RecordError> {
        let release = self.release()?;
        // Before 7.13 the console separates names and values by signs that a value may have in it.
        let is_plain = self.door == Door::Ssh
            && release
                < Release {
                    major: 7,
                    minor: 13,
                    patch: 0,
                };
        let answers = std::mem::take(&mut self.answers);
        let exchanges = EXCHANGES
            .iter()
            .zip(answers)
            .map(|(exchange, answer)| Exchanged {
                id: exchange.id.to_owned(),
                call: exchange.shown(),
                assumptions: exchange
                    .assumptions
                    .iter()
                    .map(ToString::to_string)
                    .collect(),
                outcome: self.outcome(exchange, answer, is_plain),
            })
            .collect();
        Ok(Record {
            release,
            door: self.door,
            exchanges,
        })
    }

    fn question(&self, exchange: &Exchange) -> Question {
        let value = |value: &str| match value {
            ABSENT => self.absent.clone(),
            other => other.to_owned(),
        };
        Question {
            menu: exchange.menu,
            command: exchange.command,
            item: exchange.item,
            arguments: exchange
                .arguments
                .iter()
                .map(|(name, own)| (*name, value(own)))
                .collect(),
        }
    }

    /// Tells why a question is not asked.
    fn excuse(&self, exchange: &Exchange) -> Option<String> {
        match exchange.condition {
            Condition::Always => None,
            Condition::NotOverSsh => {
                (self.door == Door::Ssh).then(|| "over SSH it says nothing new".to_owned())
            }
            Condition::ModeForbids(feature) => {
                let forbids = matches!(self.field("device-mode", feature), Some("no" | "false"));
                (!forbids).then(|| format!("the device mode does not forbid {feature}"))
            }
        }
    }

    fn release(&self) -> Result<Release, RecordError> {
        if let Some(text) = self.field("resource", "version") {
            let shown = text.chars().take(40).collect::<String>();
            return text
                .parse()
                .map_err(|()| RecordError::NoRelease(shown.escape_default().to_string()));
        }
        let why = match self.answers.first() {
            Some(Answer::Refused(text) | Answer::Untold(text)) => self.redactor.text(text),
            Some(Answer::Done { .. }) | None => "no version".to_owned(),
        };
        Err(RecordError::NoRelease(why))
    }

    /// Returns a field of the first row that a question got.
    fn field(&self, id: &str, field: &str) -> Option<&str> {
        let place = EXCHANGES.iter().position(|one| one.id == id)?;
        match self.answers.get(place)? {
            Answer::Done { rows, .. } => rows.first()?.get(field).map(String::as_str),
            Answer::Refused(_) | Answer::Untold(_) => None,
        }
    }

    fn outcome(&mut self, exchange: &Exchange, answer: Answer, is_plain: bool) -> Outcome {
        match answer {
            Answer::Done { rows, ret } => {
                let more = rows.len() > MOST_ROWS;
                let rows = rows.iter().take(MOST_ROWS);
                Outcome::Answered {
                    rows: rows
                        .map(|row| self.row(exchange.menu, row, is_plain))
                        .collect(),
                    more,
                    ret: ret.map(|value| self.redactor.value(exchange.menu, "ret", &value)),
                }
            }
            Answer::Refused(text) => Outcome::Refused {
                text: self.redactor.text(&text),
            },
            Answer::Untold(why) => Outcome::Untold { why },
        }
    }

    fn row(
        &mut self,
        menu: &str,
        row: &BTreeMap<String, String>,
        is_plain: bool,
    ) -> BTreeMap<String, String> {
        row.iter()
            .filter(|(field, _)| is_field(field) && (!is_plain || is_known_field(field)))
            .take(MOST_FIELDS)
            .map(|(field, value)| (field.clone(), self.redactor.value(menu, field, value)))
            .collect()
    }
}

impl Answer {
    /// One row more than is kept shows that there were more.
    fn bounded(mut self) -> Self {
        if let Self::Done { rows, .. } = &mut self {
            rows.truncate(MOST_ROWS + 1);
        }
        self
    }
}

impl Exchange {
    /// Writes the question as one would type it.
    pub fn shown(&self) -> String {
        let words = self.item.map(str::to_owned).into_iter().chain(
            self.arguments
                .iter()
                .map(|(name, value)| format!("{name}={value}")),
        );
        let words: String = words.map(|word| format!(" {word}")).collect();
        format!("{} {}{words}", self.menu, self.command)
    }
}

/// Tells whether a text is the name of a field.
fn is_field(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c);
    (1..=LONGEST_NAME).contains(&name.len()) && name.chars().all(fits)
}

const MOST_ROWS: usize = 64;
const MOST_FIELDS: usize = 128;
const LONGEST_NAME: usize = 48;

#[cfg(test)]
mod tests;
