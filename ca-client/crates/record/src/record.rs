//! A record: what a router was asked, and what was kept of its answers.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::redact::shapes;

/// What a router was asked, and what was kept of its answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The release of the router.
    pub release: Release,
    /// The door that it was asked through.
    pub door: Door,
    /// The answers, in the order of the questions.
    pub exchanges: Vec<Exchanged>,
}

/// One question and its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchanged {
    /// Which of the [`EXCHANGES`](crate::EXCHANGES) it is.
    pub id: String,
    /// What was sent, as one would type it.
    pub call: String,
    /// The assumptions of the simulator that it may settle.
    pub assumptions: Vec<String>,
    /// The answer.
    pub outcome: Outcome,
}

/// What was kept of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Outcome {
    /// It was done.
    Answered {
        /// Rows: fields, and what is kept of their values.
        rows: Vec<BTreeMap<String, String>>,
        /// There were more rows than are kept.
        #[serde(default, skip_serializing_if = "is_false")]
        more: bool,
        /// What is kept of a value that it returned.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ret: Option<String>,
    },
    /// It was refused.
    Refused {
        /// What the router said, without names and values.
        text: String,
    },
    /// It was not asked, or there was no answer.
    Untold {
        /// Why.
        why: String,
    },
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_false(value: &bool) -> bool {
    !value
}

/// A release of RouterOS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Release {
    /// 6 or 7.
    pub major: u16,
    /// The second number.
    pub minor: u16,
    /// The third, 0 when there is none.
    pub patch: u16,
}

/// The door that a router was asked through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// REST.
    Rest,
    /// The binary API.
    Api,
    /// SSH.
    Ssh,
}

impl Door {
    const ALL: [(Self, &str); 3] = [(Self::Rest, "rest"), (Self::Api, "api"), (Self::Ssh, "ssh")];

    /// Returns the word of a record.
    pub fn as_str(self) -> &'static str {
        let named = Self::ALL.into_iter().find(|(door, _)| *door == self);
        named.map_or("rest", |(_, word)| word)
    }
}

impl fmt::Display for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)?;
        match self.patch {
            0 => Ok(()),
            patch => write!(f, ".{patch}"),
        }
    }
}

impl FromStr for Release {
    type Err = ();

    /// Reads `7.24.4 (stable)`, `7.26beta4`; a beta counts as what it leads to.
    fn from_str(text: &str) -> Result<Self, ()> {
        let number = text.split(' ').next().unwrap_or_default();
        let mut parts = number.splitn(3, '.').map(|part| {
            let digits = part.find(|c: char| !c.is_ascii_digit());
            let digits = part.get(..digits.unwrap_or(part.len()));
            digits.and_then(|digits| digits.parse().ok())
        });
        let mut next = || parts.next().flatten();
        let (major, minor) = (next().ok_or(())?, next().ok_or(())?);
        Ok(Self {
            major,
            minor,
            patch: next().unwrap_or(0),
        })
    }
}

/// The document on disk.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    format: String,
    version: u32,
    release: String,
    door: String,
    exchanges: Vec<Exchanged>,
}

/// What every version of the document has.
#[derive(Deserialize)]
struct Heading {
    format: Option<String>,
    version: Option<u32>,
}

impl Record {
    /// Writes the document.
    ///
    /// # Errors
    /// Fails for one that is larger than what is read again.
    pub fn to_json(&self) -> Result<Vec<u8>, RecordError> {
        let document = Document {
            format: FORMAT.to_owned(),
            version: VERSION,
            release: self.release.to_string(),
            door: self.door.to_string(),
            exchanges: self.exchanges.clone(),
        };
        let mut octets = serde_json::to_vec_pretty(&document).map_err(malformed)?;
        octets.push(b'\n');
        if octets.len() > LARGEST {
            return Err(RecordError::TooLarge);
        }
        Ok(octets)
    }

    /// Reads the document.
    ///
    /// # Errors
    /// Fails for what is no record, one of a newer program, and one that is larger than any record is.
    pub fn from_json(octets: &[u8]) -> Result<Self, RecordError> {
        if octets.len() > LARGEST {
            return Err(RecordError::TooLarge);
        }
        let heading: Heading = serde_json::from_slice(octets).map_err(malformed)?;
        if heading.format.as_deref() != Some(FORMAT) {
            return Err(RecordError::OtherFormat);
        }
        match heading.version {
            Some(VERSION) => {}
            Some(version) if version > VERSION => return Err(RecordError::Newer(version)),
            _ => return Err(RecordError::OtherFormat),
        }
        let document: Document = serde_json::from_slice(octets).map_err(malformed)?;
        let wrong = |what: &str| RecordError::Malformed(what.to_owned());
        let door = Door::ALL
            .into_iter()
            .find(|(_, word)| *word == document.door)
            .ok_or_else(|| wrong("its door is none of rest, api, ssh"))?;
        let record = Self {
            release: document
                .release
                .parse()
                .map_err(|()| wrong("its release is none of RouterOS"))?,
            door: door.0,
            exchanges: document.exchanges,
        };
        for exchanged in &record.exchanges {
            exchanged.check()?;
        }
        Ok(record)
    }

    /// Returns the answer to a question.
    pub fn outcome(&self, id: &str) -> Option<&Outcome> {
        let one = self.exchanges.iter().find(|one| one.id == id)?;
        Some(&one.outcome)
    }
}

impl Exchanged {
    fn check(&self) -> Result<(), RecordError> {
        let Outcome::Answered { rows, ret, .. } = &self.outcome else {
            return Ok(());
        };
        let values = rows.iter().flat_map(BTreeMap::values).chain(ret);
        for value in values {
            if shapes(value).is_none() {
                let shown: String = value.chars().take(40).collect();
                return Err(RecordError::Malformed(format!(
                    "exchange `{}`: `{}` is nothing that a record keeps",
                    self.id.escape_default(),
                    shown.escape_default()
                )));
            }
        }
        Ok(())
    }
}

/// Why something is no record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Another document, or none.
    #[error("it is no record of a router: wanted \"format\": \"{FORMAT}\" and a version")]
    OtherFormat,
    /// A later program wrote it.
    #[error(
        "it has version {0}, and this program reads version {VERSION}: take the one that wrote it"
    )]
    Newer(u32),
    /// Larger than any record.
    #[error("it has more than {LARGEST} octets")]
    TooLarge,
    /// Something in it is wrong.
    #[error("{0}")]
    Malformed(String),
    /// The router did not say which release it has.
    #[error("the router does not say which release it has: {0}")]
    NoRelease(String),
}

#[expect(clippy::needless_pass_by_value, reason = "it is the end of an error")]
fn malformed(error: serde_json::Error) -> RecordError {
    RecordError::Malformed(error.to_string())
}

const FORMAT: &str = "fleet-ca-router-record";
const VERSION: u32 = 1;
const LARGEST: usize = 1 << 20;
