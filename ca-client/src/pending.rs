//! Requests that were begun and not yet answered: a repeat of the command goes on with them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ca_types::{Code, Hinted, RequestId};
use pkcs8::der::pem::{self, LineEnding};
use serde::{Deserialize, Serialize};

use crate::files::{self, Existing, FileError, Mode};

/// What was asked, by the words of the command line.
pub(crate) type Asked = BTreeMap<String, String>;

/// A request that is written down before it is sent.
#[derive(Debug)]
pub(crate) struct PendingRequest {
    file: PathBuf,
    request_id: RequestId,
    certification_request: Vec<u8>,
}

/// What stands in the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PendingFile {
    request_id: String,
    asked: Asked,
    certification_request: String,
}

impl PendingRequest {
    /// Finds the request of an earlier run that asked the same.
    pub(crate) fn find(file: PathBuf, asked: &Asked) -> Result<Option<Self>, PendingError> {
        if !files::exists(&file) {
            return Ok(None);
        }
        let content = PendingFile::read(&file)?;
        if content.asked != *asked {
            let differences = differences(&content.asked, asked);
            return Err(PendingError::Other { file, differences });
        }
        Self::from_content(file, &content).map(Some)
    }

    /// Reads the request of an earlier run, whatever it asked.
    pub(crate) fn read(file: &Path) -> Result<Self, PendingError> {
        Self::from_content(file.to_owned(), &PendingFile::read(file)?)
    }

    fn from_content(file: PathBuf, content: &PendingFile) -> Result<Self, PendingError> {
        let broken = |what: String| PendingError::Broken {
            file: file.clone(),
            what,
        };
        let request_id = content
            .request_id
            .parse()
            .map_err(|_source| broken("no request id".to_owned()))?;
        let (label, certification_request) =
            pem::decode_vec(content.certification_request.as_bytes())
                .map_err(|error| broken(error.to_string()))?;
        if label != LABEL {
            return Err(broken(format!("wanted a {LABEL}, a {label} came")));
        }
        Ok(Self {
            file,
            request_id,
            certification_request,
        })
    }

    /// Writes a new request down, in place of an older one.
    pub(crate) fn begin(
        file: PathBuf,
        request_id: RequestId,
        certification_request: Vec<u8>,
        asked: &Asked,
    ) -> Result<Self, PendingError> {
        let text =
            pem::encode_string(LABEL, LineEnding::LF, &certification_request).map_err(|error| {
                PendingError::Broken {
                    file: file.clone(),
                    what: error.to_string(),
                }
            })?;
        let content = PendingFile {
            request_id: request_id.to_string(),
            asked: asked.clone(),
            certification_request: text,
        };
        let octets = serde_json::to_vec_pretty(&content).map_err(|error| PendingError::Broken {
            file: file.clone(),
            what: error.to_string(),
        })?;
        files::write(&file, &octets, Mode::Private, Existing::Replace)?;
        Ok(Self {
            file,
            request_id,
            certification_request,
        })
    }

    pub(crate) fn request_id(&self) -> RequestId {
        self.request_id
    }

    /// Returns the PKCS#10 request in DER: the very octets that were sent before.
    pub(crate) fn certification_request(&self) -> &[u8] {
        &self.certification_request
    }

    /// Forgets the request: it was answered.
    pub(crate) fn finish(self) -> Result<(), FileError> {
        files::remove(&self.file)
    }
}

impl PendingFile {
    fn read(file: &Path) -> Result<Self, PendingError> {
        serde_json::from_slice(&files::read(file)?).map_err(|error| PendingError::Broken {
            file: file.to_owned(),
            what: error.to_string(),
        })
    }
}

fn differences(before: &Asked, now: &Asked) -> String {
    let value = |asked: &Asked, key: &String| match asked.get(key).map(String::as_str) {
        Some("") | None => "nothing".to_owned(),
        Some(value) => format!("`{value}`"),
    };
    let keys: std::collections::BTreeSet<&String> = before.keys().chain(now.keys()).collect();
    let changed = keys
        .into_iter()
        .filter(|key| before.get(*key) != now.get(*key));
    let lines =
        changed.map(|key| format!("{key} was {}, now {}", value(before, key), value(now, key)));
    lines.collect::<Vec<_>>().join("; ")
}

/// Returns where the pending request for a name stands.
pub(crate) fn pending_file(directory: &Path, name: &str) -> PathBuf {
    directory.join(format!("{name}.pending"))
}

/// Why a pending request is of no use.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PendingError {
    /// It cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// It is not what this program writes.
    #[error("{}: {what}", file.display())]
    Broken {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// It asked something else.
    #[error("{} holds an unanswered request with other arguments: {differences}", file.display())]
    Other {
        /// The file.
        file: PathBuf,
        /// What differs.
        differences: String,
    },
}

impl Hinted for PendingError {
    fn code(&self) -> Code {
        match self {
            Self::File(error) => error.code(),
            Self::Broken { .. } | Self::Other { .. } => Code::FailedPrecondition,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::File(error) => error.hint(),
            Self::Broken { .. } => Some(
                "remove the file to begin anew; a certificate may have been issued for it"
                    .to_owned(),
            ),
            Self::Other { .. } => Some(
                "repeat the command as it was to finish it, or remove the file to begin anew"
                    .to_owned(),
            ),
        }
    }
}

const LABEL: &str = "CERTIFICATE REQUEST";

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(pairs: &[(&str, &str)]) -> Asked {
        pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    }

    fn begun(directory: &Path, asked: &Asked) -> PathBuf {
        let file = pending_file(directory, "r1.example");
        PendingRequest::begin(file.clone(), RequestId::from([7; 16]), vec![0x30, 0], asked)
            .unwrap();
        file
    }

    #[test]
    fn the_same_question_goes_on_with_the_same_id_and_octets() {
        let directory = tempfile::tempdir().unwrap();
        let asked = asked(&[("--name", "r1.example"), ("--days", "30")]);
        let file = begun(directory.path(), &asked);
        let found = PendingRequest::find(file.clone(), &asked).unwrap().unwrap();
        assert_eq!(found.request_id(), RequestId::from([7; 16]));
        assert_eq!(found.certification_request(), [0x30, 0]);
        found.finish().unwrap();
        assert!(PendingRequest::find(file, &asked).unwrap().is_none());
    }

    #[test]
    fn another_question_is_told_what_differs() {
        let directory = tempfile::tempdir().unwrap();
        let file = begun(
            directory.path(),
            &asked(&[("--name", "r1.example"), ("--days", "30")]),
        );
        let now = asked(&[("--name", "r1.example"), ("--replace", "yes")]);
        let error = PendingRequest::find(file.clone(), &now).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "{} holds an unanswered request with other arguments: --days was `30`, now nothing; \
                 --replace was nothing, now `yes`",
                file.display()
            )
        );
    }

    #[test]
    fn a_file_of_something_else_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("x.pending");
        for content in [
            "",
            "{}",
            "[]",
            "{\"request_id\":\"1\",\"asked\":{},\"certification_request\":\"\"}",
        ] {
            files::write(&file, content.as_bytes(), Mode::Private, Existing::Replace).unwrap();
            let error = PendingRequest::find(file.clone(), &Asked::new()).unwrap_err();
            assert!(matches!(error, PendingError::Broken { .. }), "{error}");
        }
    }
}
