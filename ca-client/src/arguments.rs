//! From words of the command line to types.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use ca_types::{Code, GeneralName, SubjectName};
use ca_verify::{Certificate, CertificationRequest};

use crate::cli::{PlaceArguments, ProtectionArguments};
use crate::enrollment::Protection;
use crate::error::CommandError;
use crate::files::{self, Existing};

/// Reads the value of an argument.
pub(crate) fn value<T>(argument: &'static str, text: &str) -> Result<T, CommandError>
where
    T: FromStr<Err: fmt::Display>,
{
    text.parse()
        .map_err(|error: T::Err| CommandError::argument(argument, Code::InvalidRequest, error))
}

/// Reads the value of an argument that may be absent.
pub(crate) fn optional<T>(
    argument: &'static str,
    text: Option<&String>,
) -> Result<Option<T>, CommandError>
where
    T: FromStr<Err: fmt::Display>,
{
    text.map(|text| value(argument, text)).transpose()
}

/// Reads the values of an argument that may be repeated.
pub(crate) fn values<T>(argument: &'static str, texts: &[String]) -> Result<Vec<T>, CommandError>
where
    T: FromStr<Err: fmt::Display>,
{
    texts.iter().map(|text| value(argument, text)).collect()
}

/// Reads a NAME.
pub(crate) fn subject_name(text: &str) -> Result<SubjectName, CommandError> {
    text.parse()
        .map_err(|error| CommandError::argument("--name", Code::InvalidName, error))
}

/// Reads further names.
pub(crate) fn sans(texts: &[String]) -> Result<Vec<GeneralName>, CommandError> {
    texts
        .iter()
        .map(|text| text.parse())
        .collect::<Result<_, _>>()
        .map_err(|error| CommandError::argument("--san", Code::InvalidName, error))
}

/// Reads a certificate file.
pub(crate) fn certificate(file: &Path) -> Result<Certificate, CommandError> {
    Certificate::from_pem_or_der(&files::read(file)?).map_err(|source| CommandError::Certificate {
        file: file.to_owned(),
        source,
    })
}

/// Reads a file with any number of certificates in PEM, or one in DER.
pub(crate) fn certificates(file: &Path) -> Result<Vec<Certificate>, CommandError> {
    let read = Certificate::all_from_pem_or_der(&files::read(file)?);
    read.map_err(|source| CommandError::Certificate {
        file: file.to_owned(),
        source,
    })
}

/// Reads a file with a certification request.
pub(crate) fn certification_request(file: &Path) -> Result<CertificationRequest, CommandError> {
    CertificationRequest::from_pem_or_der(&files::read(file)?).map_err(|source| {
        CommandError::Request {
            file: file.to_owned(),
            source,
        }
    })
}

impl PlaceArguments {
    pub(crate) fn existing(&self) -> Existing {
        Existing::forced(self.force)
    }
}

impl ProtectionArguments {
    pub(crate) fn protection(&self) -> Protection {
        match (&self.key_passphrase_file, self.generate_passphrase) {
            (Some(file), _) => Protection::PassphraseFile(file.clone()),
            (None, true) => Protection::GeneratedPassphrase,
            (None, false) => Protection::Rights,
        }
    }
}

/// A length of time on the command line: a number and a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Length {
    pub(crate) seconds: u64,
}

impl FromStr for Length {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refuse = || "wanted a time such as 90m, 12h, 30d or 8w".to_owned();
        let (number, unit) = text
            .char_indices()
            .next_back()
            .and_then(|(at, unit)| Some((text.get(..at)?, unit)))
            .ok_or_else(refuse)?;
        let factor = match unit {
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            'w' => 604_800,
            _ => return Err(refuse()),
        };
        let is_plain = number.bytes().all(|byte| byte.is_ascii_digit());
        let number: u64 = number.parse().map_err(|_source| refuse())?;
        match number.checked_mul(factor) {
            Some(seconds) if is_plain && seconds > 0 => Ok(Self { seconds }),
            Some(_) | None => Err(refuse()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_unit() {
        for (text, seconds) in [
            ("90m", 5_400),
            ("12h", 43_200),
            ("30d", 2_592_000),
            ("1w", 604_800),
        ] {
            assert_eq!(text.parse(), Ok(Length { seconds }));
        }
        for text in [
            "",
            "d",
            "30",
            "-1d",
            "+1d",
            "0d",
            "1y",
            "1.5d",
            "99999999999999999999d",
            "3ä",
        ] {
            assert!(text.parse::<Length>().is_err(), "{text}");
        }
    }
}
