//! A call as a line of the console: only words of the tree stand bare in it, every value is quoted.

use crate::written::is_word;
use crate::{Call, Command, RouterError, quoted};

/// A command with its menu, to which words and arguments are added.
#[derive(Debug)]
pub(super) struct Line(String);

impl Line {
    /// Begins the line of a call. Releases before 7 want blanks between menus.
    pub(super) fn of(call: &Call<'_>) -> Result<Self, RouterError> {
        Self::command(call, call.command.as_str())
    }

    /// Begins a search for an item by its name.
    pub(super) fn find(call: &Call<'_>, name: &str, more: &str) -> Result<Self, RouterError> {
        let line = Self::command(call, "find")?;
        Ok(line.word(&format!("name={}{more}", quoted(name))))
    }

    fn command(call: &Call<'_>, command: &str) -> Result<Self, RouterError> {
        let menu = call.menu.strip_prefix('/').unwrap_or(call.menu);
        let words: Vec<&str> = menu.split('/').filter(|word| !word.is_empty()).collect();
        for word in words.iter().chain([&command]) {
            if !is_word(word) {
                return Err(refuse(
                    call,
                    format!("`{}` is no word", word.escape_default()),
                ));
            }
        }
        let mut line = format!("/{}", words.join(" "));
        if !words.is_empty() {
            line.push(' ');
        }
        line.push_str(command);
        Ok(Self(line))
    }

    /// Adds a word as it is.
    pub(super) fn word(mut self, word: &str) -> Self {
        self.0.push(' ');
        self.0.push_str(word);
        self
    }

    /// Adds the arguments of a call.
    pub(super) fn arguments(mut self, call: &Call<'_>) -> Result<Self, RouterError> {
        for (name, own) in call.arguments() {
            // Which fields are wanted is chosen after the rows came.
            if call.command == Command::Print && name == ".proplist" {
                continue;
            }
            if !name.split('.').all(is_word) {
                return Err(refuse(
                    call,
                    format!("`{}` is no word", name.escape_default()),
                ));
            }
            self = self.word(&format!("{name}={}", quoted(own)));
        }
        Ok(self)
    }

    /// Returns the line.
    pub(super) fn text(&self) -> &str {
        &self.0
    }

    /// Returns a line that prints what this one returns.
    pub(super) fn put(&self) -> String {
        format!(":put [{}]", self.0)
    }

    /// The same, as JSON where the release has it.
    pub(super) fn serialized(&self, json: bool) -> String {
        match json {
            true => format!(":put [:serialize to=json [{}]]", self.0),
            false => self.put(),
        }
    }
}

/// Tells whether a text is an id: `*1A`, or `**` and letters on new releases.
pub(super) fn is_id(text: &str) -> bool {
    let rest = text.strip_prefix('*').unwrap_or_default();
    let rest = rest.strip_prefix('*').unwrap_or(rest);
    !rest.is_empty() && rest.chars().all(|c| c.is_ascii_alphanumeric())
}

fn refuse(call: &Call<'_>, what: String) -> RouterError {
    RouterError::Refused {
        call: call.to_string(),
        what,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_words_of_the_tree_stand_bare() {
        let call = Call::new("/ip/service", Command::Set)
            .with("certificate", "a\"] ; /quit\n$x")
            .with("disabled", "no");
        let line = Line::of(&call)
            .unwrap()
            .word("*3")
            .arguments(&call)
            .unwrap();
        assert_eq!(
            line.text(),
            r#"/ip service set *3 certificate="a\"] ; /quit\n\$x" disabled="no""#
        );
        let find = Line::find(&call, "a b", " dynamic=no").unwrap();
        assert_eq!(
            find.put(),
            r#":put [/ip service find name="a b" dynamic=no]"#
        );
        for (menu, command, name, own) in [
            ("/ip;quit", "set", "name", "x"),
            ("/ip", "set x", "name", "x"),
            ("/ip", "set", "name=x y", "x"),
        ] {
            let call = Call::new(menu, Command::Other(command)).with(name, own);
            let refused = Line::of(&call).and_then(|line| line.arguments(&call));
            assert!(
                matches!(refused, Err(RouterError::Refused { .. })),
                "{menu}"
            );
        }
    }

    #[test]
    fn ids_are_told_from_names() {
        for (text, expect) in [
            ("*1A", true),
            ("**Qx7", true),
            ("*", false),
            ("web", false),
            ("*1 ]", false),
        ] {
            assert_eq!(is_id(text), expect, "{text}");
        }
    }
}
