//! One call to a router: a menu, a command, its arguments.

use std::fmt;

use zeroize::Zeroizing;

/// One call to a router, in the words of its console tree.
pub struct Call<'a> {
    /// The menu: `/ip/service`.
    pub menu: &'a str,
    /// What is done there.
    pub command: Command<'a>,
    /// The item that `set`, `remove` and others act on: an id such as `*1A`, or a name.
    pub item: Option<String>,
    /// The arguments, in the order in which they are sent.
    arguments: Vec<(&'a str, Zeroizing<String>, Secrecy)>,
    /// What rows of `print` must match: field and value, all of them.
    pub filter: Vec<(&'a str, String)>,
}

/// What is done in a menu.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command<'a> {
    /// Lists rows; of a menu of settings, its one row.
    Print,
    /// Adds a row.
    Add,
    /// Changes a row, or the settings of a menu.
    Set,
    /// Removes a row.
    Remove,
    /// Any other command of the menu: `import`, `download`.
    Other(&'a str),
}

/// Whether a value may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secrecy {
    /// It may.
    Open,
    /// It is a key or a password, and goes over an encrypted channel only.
    Secret,
}

impl<'a> Call<'a> {
    /// Begins a call.
    pub fn new(menu: &'a str, command: Command<'a>) -> Self {
        Self {
            menu,
            command,
            item: None,
            arguments: Vec::new(),
            filter: Vec::new(),
        }
    }

    /// Says which item is meant.
    #[must_use]
    pub fn item(mut self, item: impl Into<String>) -> Self {
        self.item = Some(item.into());
        self
    }

    /// Adds an argument.
    #[must_use]
    pub fn with(mut self, name: &'a str, value: impl Into<String>) -> Self {
        let value = Zeroizing::new(value.into());
        self.arguments.push((name, value, Secrecy::Open));
        self
    }

    /// Adds an argument that is never shown and never sent in the clear.
    #[must_use]
    pub fn with_secret(mut self, name: &'a str, value: Zeroizing<String>) -> Self {
        self.arguments.push((name, value, Secrecy::Secret));
        self
    }

    /// Wants only rows whose field has this value.
    #[must_use]
    pub fn matching(mut self, field: &'a str, value: impl Into<String>) -> Self {
        self.filter.push((field, value.into()));
        self
    }

    /// Returns the arguments with their values, for the wire.
    pub fn arguments(&self) -> impl Iterator<Item = (&'a str, &str)> {
        self.arguments
            .iter()
            .map(|(name, value, _)| (*name, value.as_str()))
    }

    /// Returns the argument, the condition or the item whose value has a NUL in it.
    pub(crate) fn field_with_nul(&self) -> Option<&str> {
        let item = self.item.iter().map(|item| ("numbers", item.as_str()));
        let filter = self.filter.iter();
        let filter = filter.map(|(field, value)| (*field, value.as_str()));
        self.arguments()
            .chain(filter)
            .chain(item)
            .find(|(_, value)| value.contains('\0'))
            .map(|(field, _)| field)
    }

    /// Tells whether a value in it is secret.
    pub fn has_secret(&self) -> bool {
        self.arguments
            .iter()
            .any(|(_, _, secrecy)| *secrecy == Secrecy::Secret)
    }
}

impl<'a> Command<'a> {
    /// Returns the word of the console tree.
    pub fn as_str(self) -> &'a str {
        match self {
            Self::Print => "print",
            Self::Add => "add",
            Self::Set => "set",
            Self::Remove => "remove",
            Self::Other(word) => word,
        }
    }
}

impl fmt::Display for Call<'_> {
    /// Writes the call as one would type it, with secrets left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.menu, self.command.as_str())?;
        if let Some(item) = &self.item {
            write!(f, " {item}")?;
        }
        for (name, value, secrecy) in &self.arguments {
            match secrecy {
                Secrecy::Open if value.len() > LONGEST_SHOWN => {
                    write!(f, " {name}=({} octets)", value.len())?;
                }
                Secrecy::Open => write!(f, " {name}={}", value.as_str())?,
                Secrecy::Secret => write!(f, " {name}=…")?,
            }
        }
        for (field, value) in &self.filter {
            write!(f, " where {field}={value}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Call<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Call({self})")
    }
}

/// The octets of a value that are shown; of a longer one, the content of a file, only their number is.
const LONGEST_SHOWN: usize = 200;
