//! What the console answers when a command fails.

use std::fmt;

/// A failed command: the text and category of an API `!trap`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trap {
    kind: Kind,
    message: String,
}

/// The sorts of failure that doors treat differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The menu is not in the tree; the message is the offending word.
    Menu,
    /// The command is not in the menu; the message is the offending word.
    Command,
    /// No item has that id or name.
    Item,
    /// An argument is unknown or has a wrong value.
    Argument,
    /// The command was cancelled.
    Interrupted,
    /// The user's group lacks a policy.
    Permission,
    /// Everything else.
    Failure,
}

impl Trap {
    /// The sort of failure.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The text as REST and the console say it.
    pub fn message(&self) -> String {
        match self.kind {
            Kind::Menu | Kind::Command => {
                format!("no such command or directory ({})", self.message)
            }
            _ => self.message.clone(),
        }
    }

    /// The text as the binary API says it.
    pub fn api_message(&self) -> String {
        match self.kind {
            Kind::Menu => "no such command prefix".to_owned(),
            Kind::Command => "no such command".to_owned(),
            _ => self.message.clone(),
        }
    }

    /// The category of the binary API.
    pub fn category(&self) -> Option<u8> {
        match self.kind {
            Kind::Menu | Kind::Command | Kind::Item => Some(0),
            Kind::Argument => Some(1),
            Kind::Interrupted => Some(2),
            Kind::Permission => None,
            Kind::Failure => Some(4),
        }
    }

    pub(crate) fn menu(word: &str) -> Self {
        Self::new(Kind::Menu, word)
    }

    pub(crate) fn command(word: &str) -> Self {
        Self::new(Kind::Command, word)
    }

    pub(crate) fn item() -> Self {
        Self::new(Kind::Item, "no such item")
    }

    pub(crate) fn parameter(name: &str) -> Self {
        Self::new(Kind::Argument, format!("unknown parameter {name}"))
    }

    pub(crate) fn missing(name: &str) -> Self {
        Self::new(
            Kind::Argument,
            format!("missing value(s) of argument(s) {name}"),
        )
    }

    pub(crate) fn no_match(name: &str) -> Self {
        Self::new(
            Kind::Argument,
            format!("input does not match any value of {name}"),
        )
    }

    pub(crate) fn ambiguous(name: &str) -> Self {
        Self::new(
            Kind::Argument,
            format!("ambiguous value of {name}, more than one possible value matches input"),
        )
    }

    pub(crate) fn invalid(name: &str) -> Self {
        Self::new(Kind::Argument, format!("invalid value for argument {name}"))
    }

    pub(crate) fn permission() -> Self {
        Self::new(Kind::Permission, "not enough permissions (9)")
    }

    pub(crate) fn taken(what: &str) -> Self {
        Self::failure(format!("already have {what} with such name"))
    }

    pub(crate) fn interrupted() -> Self {
        Self::new(Kind::Interrupted, "interrupted")
    }

    pub(crate) fn failure(text: impl fmt::Display) -> Self {
        Self::new(Kind::Failure, format!("failure: {text}"))
    }

    pub(crate) fn bare(text: impl Into<String>) -> Self {
        Self::new(Kind::Failure, text)
    }

    fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }
}

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message())
    }
}

impl std::error::Error for Trap {}
