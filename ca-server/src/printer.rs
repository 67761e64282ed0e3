//! The one way out of the program: data to stdout, talk to stderr.

use std::fmt;
use std::io::{self, IsTerminal as _, Write};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use crate::failure::Failure;

/// How data is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// One JSON document.
    Json,
}

/// Writes data, talk and errors.
pub struct Printer {
    stdout: Box<dyn Write + Send>,
    stderr: Box<dyn Write + Send>,
    format: Format,
    is_watched: bool,
}

impl fmt::Debug for Printer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Printer")
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
}

impl Printer {
    /// Writes to the streams of the process.
    pub fn for_process(format: Format) -> Self {
        Self {
            stdout: Box::new(io::stdout()),
            stderr: Box::new(io::stderr()),
            format,
            is_watched: io::stderr().is_terminal(),
        }
    }

    /// Writes text that is data in every format: help, the version.
    ///
    /// # Errors
    /// Fails when nobody takes it.
    pub fn text(&mut self, text: &str) -> io::Result<()> {
        self.stdout.write_all(text.as_bytes())?;
        self.stdout.flush()
    }

    /// Writes the data of a command: the JSON document, or the text for people.
    ///
    /// # Errors
    /// Fails when nobody takes it.
    pub fn data(&mut self, document: &impl Serialize, text: &str) -> io::Result<()> {
        match self.format {
            Format::Text => self.stdout.write_all(text.as_bytes())?,
            Format::Json => {
                serde_json::to_writer_pretty(&mut self.stdout, document)?;
                self.stdout.write_all(b"\n")?;
            }
        }
        self.stdout.flush()
    }

    /// Writes the one line that says that the server accepts on all its listeners.
    ///
    /// # Errors
    /// Fails when nobody takes it.
    pub fn ready(&mut self) -> io::Result<()> {
        self.stdout.write_all(b"ready\n")?;
        self.stdout.flush()
    }

    /// Tells a person something; who closed stderr does not want to hear it.
    pub fn talk(&mut self, text: impl fmt::Display) {
        drop(writeln!(self.stderr, "{}", tame(&text.to_string())));
    }

    /// Warns a person.
    pub fn warn(&mut self, text: impl fmt::Display) {
        self.talk(format_args!("warning: {text}"));
    }

    /// Writes an error: as talk, or as a JSON document on stdout.
    pub fn failure(&mut self, failure: &Failure) {
        match self.format {
            Format::Text => {
                self.talk(format_args!("error: {}", failure.message));
                if let Some(hint) = &failure.hint {
                    self.talk(format_args!("hint: {hint}"));
                }
            }
            Format::Json => {
                let error = ErrorBody {
                    code: failure.code.as_str(),
                    message: &failure.message,
                    hint: failure.hint.as_deref(),
                };
                // Who closed stdout does not want to hear it; the exit code still tells.
                drop(self.data(&ErrorDocument { error }, ""));
            }
        }
    }

    /// Shows on a terminal how far something has come; elsewhere it shows nothing.
    pub fn progress(&self, total: u64, what: &'static str) -> ProgressBar {
        let target = if self.is_watched {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len}")
            .unwrap_or_else(|_template| ProgressStyle::default_bar());
        ProgressBar::with_draw_target(Some(total), target)
            .with_style(style)
            .with_message(what)
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

/// Shows control characters instead of obeying them: what stands in a file must not steer the terminal.
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
    use std::sync::{Arc, Mutex};

    use ca_types::Code;

    use super::*;

    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl Write for Paper {
        fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(octets)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[track_caller]
    fn check(format: Format, failure: &Failure, stdout: &str, stderr: &str) {
        let (out, err) = (Paper::default(), Paper::default());
        let mut printer = Printer {
            stdout: Box::new(out.clone()),
            stderr: Box::new(err.clone()),
            format,
            is_watched: false,
        };
        printer.failure(failure);
        assert_eq!(
            String::from_utf8(out.0.lock().unwrap().clone()).unwrap(),
            stdout
        );
        assert_eq!(
            String::from_utf8(err.0.lock().unwrap().clone()).unwrap(),
            stderr
        );
    }

    #[test]
    fn errors_are_talk_or_a_document() {
        let failure = Failure {
            code: Code::InvalidRequest,
            message: "a\u{1b}[31m".to_owned(),
            hint: Some("do this".to_owned()),
        };
        check(
            Format::Text,
            &failure,
            "",
            "error: a\\u{1b}[31m\nhint: do this\n",
        );
        let document = "{\n  \"error\": {\n    \"code\": \"invalid-request\",\n    \"message\": \"a\\u001b[31m\",\n    \
                        \"hint\": \"do this\"\n  }\n}\n";
        check(Format::Json, &failure, document, "");
    }
}
