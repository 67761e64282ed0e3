//! The one way out: data to stdout, talk to stderr.

use std::fmt;
use std::io::{self, Write};
use std::time::Duration;

use ca_types::Code;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

/// How data is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// One JSON document.
    Json,
}

/// Where output goes, and whether a person watches.
pub struct Streams {
    /// Data.
    pub stdout: Box<dyn Write + Send>,
    /// Talk.
    pub stderr: Box<dyn Write + Send>,
    /// Whether stdout is a terminal.
    pub stdout_is_terminal: bool,
    /// Whether stderr is a terminal.
    pub stderr_is_terminal: bool,
}

impl fmt::Debug for Streams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Streams").finish_non_exhaustive()
    }
}

/// Writes data, talk, errors and progress.
#[derive(Debug)]
pub(crate) struct Printer {
    streams: Streams,
    format: Format,
}

/// A sign of life on the terminal while something takes its time; gone when dropped.
#[derive(Debug)]
pub(crate) struct Spinner(ProgressBar);

impl Printer {
    pub(crate) fn new(streams: Streams, format: Format) -> Self {
        Self { streams, format }
    }

    pub(crate) fn format(&self) -> Format {
        self.format
    }

    pub(crate) fn stdout_is_terminal(&self) -> bool {
        self.streams.stdout_is_terminal
    }

    /// Writes the data of a command: the JSON document, or the text for people.
    pub(crate) fn data(
        &mut self,
        document: &impl Serialize,
        text: impl FnOnce() -> String,
    ) -> io::Result<()> {
        match self.format {
            Format::Text => self.streams.stdout.write_all(tame(&text()).as_bytes())?,
            Format::Json => {
                serde_json::to_writer_pretty(&mut self.streams.stdout, document)?;
                self.streams.stdout.write_all(b"\n")?;
            }
        }
        self.streams.stdout.flush()
    }

    /// Writes octets to stdout as they are.
    pub(crate) fn octets(&mut self, octets: &[u8]) -> io::Result<()> {
        self.streams.stdout.write_all(octets)?;
        self.streams.stdout.flush()
    }

    /// Tells a person something.
    pub(crate) fn talk(&mut self, text: impl fmt::Display) -> io::Result<()> {
        writeln!(self.streams.stderr, "{}", tame(&text.to_string()))
    }

    /// Warns a person.
    pub(crate) fn warn(&mut self, text: impl fmt::Display) -> io::Result<()> {
        self.talk(format_args!("warning: {text}"))
    }

    /// Writes an error: as talk, or as a JSON document on stdout.
    pub(crate) fn error(
        &mut self,
        code: Code,
        message: &str,
        hint: Option<&str>,
    ) -> io::Result<()> {
        match self.format {
            Format::Json => {
                let error = ErrorBody {
                    code: code.as_str(),
                    message,
                    hint,
                };
                let said = self.data(&ErrorDocument { error }, String::new);
                said.or_else(|_unwritable| self.error_as_talk(message, hint))
            }
            Format::Text => self.error_as_talk(message, hint),
        }
    }

    /// Writes an error as talk, whatever the format.
    pub(crate) fn error_as_talk(&mut self, message: &str, hint: Option<&str>) -> io::Result<()> {
        self.talk(format_args!("error: {message}"))?;
        match hint {
            Some(hint) => self.talk(format_args!("hint: {hint}")),
            None => Ok(()),
        }
    }

    /// Shows that something takes its time, on a terminal only.
    pub(crate) fn spinner(&self, text: impl Into<String>) -> Spinner {
        let target = if self.streams.stderr_is_terminal {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(None, target)
            .with_style(ProgressStyle::default_spinner())
            .with_message(text.into());
        bar.enable_steady_tick(Duration::from_millis(100));
        Spinner(bar)
    }
}

impl Spinner {
    /// Changes what it says.
    pub(crate) fn say(&self, text: String) {
        self.0.set_message(text);
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

#[derive(Serialize)]
struct ErrorDocument<'a> {
    error: ErrorBody<'a>,
}

#[derive(Serialize)]
struct ErrorBody<'a> {
    code: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
}

/// Lays out rows under a heading; every column is as wide as its widest cell.
pub(crate) fn table<const N: usize>(heading: [&str; N], rows: &[[String; N]]) -> String {
    let heading = heading.map(str::to_owned);
    let widths: Vec<usize> = (0..N)
        .map(|column| {
            let cells = std::iter::once(&heading).chain(rows);
            let widths = cells
                .filter_map(|row| row.get(column))
                .map(|cell| cell.chars().count());
            widths.max().unwrap_or(0)
        })
        .collect();
    let line = |row: &[String; N]| {
        let cells = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:width$}"));
        let line = cells.collect::<Vec<_>>().join("  ");
        format!("{}\n", line.trim_end())
    };
    std::iter::once(&heading).chain(rows).map(line).collect()
}

/// Shows control characters instead of obeying them: what the server says must not steer the terminal.
fn tame(text: &str) -> String {
    let mut tamed = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() && c != '\n' {
            tamed.extend(c.escape_default());
        } else {
            tamed.push(c);
        }
    }
    tamed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [["a", "bcd"], ["efgh", ""]].map(|row| row.map(str::to_owned));
        assert_eq!(table(["X", "NAME"], &rows), "X     NAME\na     bcd\nefgh\n");
    }

    #[test]
    fn escape_sequences_do_not_reach_the_terminal() {
        assert_eq!(tame("a\u{1b}[2J\nb"), "a\\u{1b}[2J\nb");
    }
}
