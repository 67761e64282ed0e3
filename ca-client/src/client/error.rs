//! Why the API did not do what was asked.

use std::error::Error as _;
use std::path::PathBuf;

use ca_proto::ApiError;
use ca_types::{Code, Hinted};

use crate::files::FileError;

/// An error of the API, or of the way to it.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The server refused, or could not.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The profile file names no credential.
    #[error("profile file {} has no `certificate` and `key`", file.display())]
    NoCredential {
        /// The profile file.
        file: PathBuf,
    },
    /// A file of the settings cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file of the settings has something else in it.
    #[error("{}: {what}", file.display())]
    Credential {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The server was not reached, or the connection broke.
    #[error("{server}: {what}")]
    Connection {
        /// The server.
        server: Box<str>,
        /// What happened, the cause last.
        what: String,
    },
    /// The answer cannot be read.
    #[error("the answer of the server has no usable {field}: {what}")]
    Answer {
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        what: String,
    },
}

impl ClientError {
    /// Tells the API's own errors from those of the transport, which carry their cause as a source.
    pub(super) fn from_status(status: tonic::Status, server: &str) -> Self {
        let is_ours = status.source().is_none() && !is_of_transport(status.code());
        if is_ours {
            return Self::Api(status.into());
        }
        let what = match (status.code(), status.source()) {
            (tonic::Code::Cancelled | tonic::Code::DeadlineExceeded, _) => {
                "no answer in time".to_owned()
            }
            (_, Some(source)) => chain(source),
            (_, None) => return Self::Api(status.into()),
        };
        Self::Connection {
            server: server.into(),
            what,
        }
    }

    pub(crate) fn answer(field: &'static str, what: impl ToString) -> Self {
        Self::Answer {
            field,
            what: what.to_string(),
        }
    }

    pub(super) fn absent(field: &'static str) -> Self {
        Self::answer(field, "it is absent")
    }

    /// Tells whether the server decided: then nothing was changed, and repeating it unchanged is of no use.
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Api(error) => !matches!(error.code(), Code::Unavailable | Code::Internal),
            Self::NoCredential { .. }
            | Self::File(_)
            | Self::Credential { .. }
            | Self::Connection { .. }
            | Self::Answer { .. } => false,
        }
    }
}

fn is_of_transport(code: tonic::Code) -> bool {
    matches!(code, tonic::Code::Cancelled | tonic::Code::DeadlineExceeded)
}

/// The causes of an error in one line, without the words that say nothing and what a parent said already.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let text = error.to_string();
        let is_empty = text == "transport error" && error.source().is_some();
        if !is_empty && parts.last().is_none_or(|last| !last.contains(&text)) {
            parts.push(text);
        }
        next = error.source();
    }
    parts.join(": ")
}

impl Hinted for ClientError {
    fn code(&self) -> Code {
        match self {
            Self::Api(error) => error.code(),
            Self::NoCredential { .. } => Code::Unauthenticated,
            Self::File(error) => error.code(),
            Self::Credential { .. } => Code::FailedPrecondition,
            Self::Connection { .. } => Code::Unavailable,
            Self::Answer { .. } => Code::Internal,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Api(error) => error.hint(),
            Self::NoCredential { .. } => Some(
                "only renew and rekey work without one; ask an admin for `ca-client actor add`".to_owned(),
            ),
            Self::File(_) | Self::Credential { .. } => {
                Some("check `ca`, `certificate` and `key` in the profile file".to_owned())
            }
            Self::Connection { what, .. } if what.contains("UnknownIssuer") => Some(
                "the server is not the one that `ca` in the profile file vouches for".to_owned(),
            ),
            Self::Connection { what, .. } if what.contains("received fatal alert") => Some(
                "the server does not take the certificate of the profile file: it may be expired, revoked or foreign"
                    .to_owned(),
            ),
            Self::Connection { .. } => {
                Some("check that the server runs and that `server` in the profile file is right".to_owned())
            }
            Self::Answer { .. } => {
                Some("use a client and a server of the same version".to_owned())
            }
        }
    }
}
