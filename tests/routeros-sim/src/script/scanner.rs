//! The characters of a script: strings, bare words, blanks, line ends and their count.

use super::{Parsed, Parser, ScriptError, Value};
use std::mem;

impl Parser<'_> {
    pub(super) fn quoted(&mut self) -> Parsed<Value> {
        let opened = self.line;
        self.next();
        let mut parts = Vec::new();
        let mut text = String::new();
        loop {
            match self.peek() {
                None => {
                    self.line = opened;
                    return Err(self.error("a string that is not closed".to_owned()));
                }
                Some('"') => break,
                Some('\\') => self.escape(&mut text)?,
                Some('$') => {
                    self.next();
                    if self.peek() != Some('[') {
                        let what = "variables are not understood; a dollar sign is written `\\$`";
                        return Err(self.error(what.to_owned()));
                    }
                    if !text.is_empty() {
                        parts.push(Value::Text(mem::take(&mut text)));
                    }
                    parts.push(self.nested(Self::bracket)?);
                }
                Some(character) => {
                    text.push(character);
                    self.next();
                }
            }
        }
        self.next();
        if parts.is_empty() {
            return Ok(Value::Text(text));
        }
        if !text.is_empty() {
            parts.push(Value::Text(text));
        }
        Ok(Value::Join(parts))
    }

    fn escape(&mut self, text: &mut String) -> Parsed<()> {
        self.next();
        if self.skip_line_end() {
            // The indentation of the continued line is not part of the string.
            while matches!(self.peek(), Some(' ' | '\t')) {
                self.next();
            }
            return Ok(());
        }
        let Some(escaped) = self.peek() else {
            return Err(self.error("`\\` at the end of the script".to_owned()));
        };
        text.push(match escaped {
            '"' | '\\' | '$' | '?' => escaped,
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'a' => '\x07',
            'b' => '\x08',
            'f' => '\x0c',
            'v' => '\x0b',
            '_' => ' ',
            _ => {
                let second = self.rest.get(self.at + 1).copied();
                let code = match (upper_hex(escaped), second.and_then(upper_hex)) {
                    (Some(high), Some(low)) if high < 8 => high << 4 | low,
                    _ => return Err(self.error(format!("`\\{escaped}` is not a known escape"))),
                };
                self.next();
                char::from(code)
            }
        });
        self.next();
        Ok(())
    }

    /// Reads unquoted text up to a blank, a separator or `=`.
    pub(super) fn bare(&mut self, wanted: &str) -> Parsed<String> {
        let mut text = String::new();
        while let Some(character) = self.peek() {
            match character {
                ' ' | '\t' | '\r' | '\n' | ';' | ']' | ')' | '=' => break,
                _ if character.is_ascii_alphanumeric() || BARE.contains(character) => {
                    text.push(character);
                    self.next();
                }
                '\\' if self.continues() => break,
                _ => {
                    return Err(self.error(format!(
                        "`{character}`: wanted {wanted}; quote it if it is text"
                    )));
                }
            }
        }
        if text.is_empty() {
            let found = self
                .peek()
                .map_or_else(|| "the end".to_owned(), |c| format!("{c:?}"));
            return Err(self.error(format!("{found}: wanted {wanted}")));
        }
        Ok(text)
    }

    pub(super) fn end_of_value(&mut self) -> Parsed<()> {
        match self.peek() {
            None | Some(' ' | '\t' | '\r' | '\n' | ';' | ']') => Ok(()),
            Some('\\') if self.continues() => Ok(()),
            Some(other) => Err(self.error(format!("`{other}` right after a value"))),
        }
    }

    pub(super) fn end_of_statement(&mut self, after: &str) -> Parsed<()> {
        self.skip_blanks();
        if self.at_end_of_statement() {
            return Ok(());
        }
        let found = self.peek().unwrap_or_default();
        Err(self.error(format!("`{found}` after {after}")))
    }

    pub(super) fn at_end_of_statement(&self) -> bool {
        matches!(self.peek(), None | Some('\n' | ';'))
    }

    pub(super) fn at_closing_bracket(&self) -> Parsed<bool> {
        match self.peek() {
            None | Some('\n' | ';') => Err(self.error("a bracket that is not closed".to_owned())),
            other => Ok(other == Some(']')),
        }
    }

    /// Skips separators, empty lines and comments; tells whether a statement follows.
    pub(super) fn skip_to_statement(&mut self) -> bool {
        loop {
            self.skip_blanks();
            match self.peek() {
                None => return false,
                Some('\n' | ';') => self.next(),
                Some('#') => {
                    while self.peek().is_some_and(|character| character != '\n') {
                        self.next();
                    }
                }
                Some(_) => return true,
            }
        }
    }

    /// Skips blanks and continued line ends.
    pub(super) fn skip_blanks(&mut self) {
        loop {
            match self.peek() {
                Some(' ' | '\t' | '\r' | '\u{feff}') => self.next(),
                Some('\\') if self.continues() => {
                    self.next();
                    self.skip_line_end();
                }
                _ => return,
            }
        }
    }

    /// Tells whether the backslash here ends its line.
    fn continues(&self) -> bool {
        match self.rest.get(self.at + 1) {
            Some('\n') => true,
            Some('\r') => self.rest.get(self.at + 2) == Some(&'\n'),
            _ => false,
        }
    }

    fn skip_line_end(&mut self) -> bool {
        if self.peek() == Some('\r') && self.rest.get(self.at + 1) == Some(&'\n') {
            self.next();
        }
        let found = self.peek() == Some('\n');
        if found {
            self.next();
        }
        found
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest.get(self.at).copied()
    }

    pub(super) fn next(&mut self) {
        let ends_line = self.peek() == Some('\n');
        self.at += 1;
        if ends_line {
            self.line += 1;
            self.line_begin = self.at;
        }
    }

    pub(super) fn error(&self, what: String) -> ScriptError {
        ScriptError {
            line: self.line,
            column: self.column(),
            what,
            bad_command: false,
        }
    }

    pub(super) fn column(&self) -> usize {
        self.at.saturating_sub(self.line_begin) + 1
    }
}

fn upper_hex(digit: char) -> Option<u8> {
    (!digit.is_ascii_lowercase())
        .then(|| digit.to_digit(16))??
        .try_into()
        .ok()
}

/// Characters beside letters and digits that need no quotes.
const BARE: &str = "-_./:,@*+%!";
