//! Words of the command line that do not parse.

use std::ffi::OsString;

use ca_types::Code;
use clap::error::ErrorKind;

use crate::failure::Failure;
use crate::printer::Format;

/// What the words amount to when they are no command.
#[derive(Debug)]
pub enum Usage {
    /// Help or the version was asked for.
    Asked(String),
    /// The words are wrong.
    Wrong(Failure),
}

impl From<clap::Error> for Usage {
    fn from(error: clap::Error) -> Self {
        let text = error.render().to_string();
        if matches!(
            error.kind(),
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
        ) {
            return Self::Asked(text);
        }
        let is_bare = error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
        let said = text.strip_prefix("error: ").unwrap_or(&text);
        let said = said.split("\n\nUsage:").next().unwrap_or(said);
        let said = said
            .split("\n\nFor more information")
            .next()
            .unwrap_or(said);
        let message = if is_bare {
            "wanted a command, none came"
        } else {
            said.trim()
        };
        Self::Wrong(Failure {
            code: Code::InvalidRequest,
            message: message.to_owned(),
            hint: Some(
                "`ca-server --help`, or `ca-server COMMAND --help`, shows what there is".to_owned(),
            ),
        })
    }
}

/// Finds the wanted format in words that do not parse.
pub fn wanted_format(words: &[OsString]) -> Format {
    let joined = words.iter().any(|word| word == "--output=json");
    let parted = words
        .windows(2)
        .any(|pair| matches!(pair, [flag, value] if flag == "--output" && value == "json"));
    if joined || parted {
        Format::Json
    } else {
        Format::Text
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::Cli;

    #[track_caller]
    fn check(words: &[&str], expect: &str) {
        let Usage::Wrong(failure) = Usage::from(Cli::try_parse_from(words).unwrap_err()) else {
            panic!("{words:?} asks for help");
        };
        assert!(failure.message.starts_with(expect), "{}", failure.message);
        assert!(!failure.message.contains("Usage"), "{}", failure.message);
        assert!(failure.hint.is_some());
    }

    #[test]
    fn wrong_words_are_told_in_one_message_with_a_hint() {
        check(&["ca-server"], "wanted a command, none came");
        check(&["ca-server", "bogus"], "unrecognized subcommand 'bogus'");
        check(
            &["ca-server", "init"],
            "the following required arguments were not provided",
        );
    }

    #[test]
    fn the_format_is_found_in_words_that_do_not_parse() {
        for (words, expect) in [
            (vec!["--output", "json", "bogus"], Format::Json),
            (vec!["bogus", "--output=json"], Format::Json),
            (vec!["bogus", "json"], Format::Text),
        ] {
            let words: Vec<OsString> = words.into_iter().map(Into::into).collect();
            assert_eq!(wanted_format(&words), expect);
        }
    }
}
