//! Rows of a menu, and the commands that ask for them.

use std::collections::BTreeMap;

/// The fields of one row, all as text; `.id` first.
pub type Row = BTreeMap<String, String>;

/// One command at the console.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// The menu, such as `/ip/service`.
    pub menu: String,
    /// The command in it, such as `print`.
    pub command: String,
    /// Names and values.
    pub arguments: Vec<(String, String)>,
    /// Query words without the leading `?`.
    pub query: Vec<String>,
    /// The fields wanted; all when absent.
    pub proplist: Option<Vec<String>>,
}

/// What a command answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reply {
    /// `!re` sentences.
    pub rows: Vec<Row>,
    /// `=ret=` of `!done`.
    pub ret: Option<String>,
}

impl Request {
    /// A command without arguments.
    pub fn new(menu: &str, command: &str) -> Self {
        Self {
            menu: menu.to_owned(),
            command: command.to_owned(),
            ..Self::default()
        }
    }

    /// Adds an argument.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.arguments.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The last value of an argument.
    pub fn argument(&self, name: &str) -> Option<&str> {
        self.arguments
            .iter()
            .rev()
            .find(|(own, _)| own == name)
            .map(|(_, value)| value.as_str())
    }
}
