//! The file format of strongSwan: settings and sections in each other (strongswan.conf(5)).

use std::fmt;

/// A section, printed as a whole file.
#[derive(Debug, Default, Clone)]
pub(super) struct Section(Vec<Entry>);

#[derive(Debug, Clone)]
enum Entry {
    Setting(String, String),
    Section(String, Section),
    Comment(String),
}

impl Section {
    pub(super) fn set(&mut self, key: &str, value: &str) {
        self.0
            .push(Entry::Setting(key.to_owned(), value.to_owned()));
    }

    /// Adds a section; `key` went through [`name`] if it is not ours.
    pub(super) fn add(&mut self, key: &str, section: Self) {
        self.0.push(Entry::Section(key.to_owned(), section));
    }

    pub(super) fn comment(&mut self, text: &str) {
        self.0
            .push(Entry::Comment(text.replace(char::is_control, " ")));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn print(&self, f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        let indent = depth * 2;
        for entry in &self.0 {
            match entry {
                Entry::Setting(key, value) => {
                    writeln!(f, "{:indent$}{key} = {}", "", quoted(value))?;
                }
                Entry::Comment(text) => writeln!(f, "{:indent$}# {text}", "")?,
                Entry::Section(key, section) => {
                    writeln!(f, "{:indent$}{key} {{", "")?;
                    section.print(f, depth + 1)?;
                    writeln!(f, "{:indent$}}}", "")?;
                }
            }
        }
        Ok(())
    }
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.print(f, 0)
    }
}

/// Returns a name that can stand as the key of a section and as a file.
///
/// Other characters become `_` and their code, so two names never become one unless they differ
/// in exactly that.
pub(super) fn name(text: &str) -> String {
    let mut name = String::new();
    for character in text.chars() {
        if character.is_ascii_alphanumeric() || "-_".contains(character) {
            name.push(character);
        } else {
            name.push_str(&format!("_{:x}", u32::from(character)));
        }
    }
    name
}

fn quoted(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || " -_./%,:@".contains(c);
    if !value.is_empty() && value.trim() == value && value.chars().all(plain) {
        return value.to_owned();
    }
    let escaped = value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n");
    format!("\"{escaped}\"")
}
