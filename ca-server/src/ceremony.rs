//! Signing with the offline root: on a machine of its own, with its folder and the files that travel.
//!
//! Nothing here opens a data directory or a network connection. What was signed is kept in the folder before it
//! leaves it, so that an interrupted ceremony goes on where it stopped, and nothing is signed twice.

use std::path::{Path, PathBuf};

use ca_core::{IssuanceError, OrganizationError, SignError, Signer};
use ca_types::{Code, Hinted, IssuerId, UnixTime};
use ca_verify::{CeremonyAnswer, CeremonyError, CertificateError, Transcript};
use serde::Serialize;

use crate::atomic::{AtomicWriteError, write_new};
use crate::keystore::{KeyKindError, KeyStoreError};

mod create;
mod root_dir;
mod sign;

pub use create::{CreateOptions, create_root};
pub use root_dir::RootDir;
pub use sign::{SigningPlan, repeat_answer};

/// What is shown before anything is signed, and written into the transcript: a word and its value.
type Facts = Vec<(&'static str, String)>;

/// What a ceremony left behind.
#[derive(Debug, Clone, Serialize)]
pub struct CeremonyReport {
    /// What was signed: `issuer`, `crl` or `root`.
    pub kind: &'static str,
    /// The CA that it is about.
    pub issuer_id: String,
    /// The answer, to be taken to the server.
    pub answer: PathBuf,
    /// The transcript, when it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transcript: Option<PathBuf>,
    /// The SHA-256 of the transcript, which the log of the server will name.
    pub transcript_sha256: String,
}

/// Who signs, and when.
#[derive(Debug, Clone)]
pub struct Occasion {
    /// Who runs the ceremony.
    pub operator: String,
    /// When, by the clock of this machine.
    pub now: UnixTime,
}

impl Occasion {
    fn facts(&self) -> Facts {
        vec![
            ("time", self.now.to_string()),
            ("operator", self.operator.clone()),
            (
                "program",
                format!("ca-server {}", env!("CARGO_PKG_VERSION")),
            ),
        ]
    }
}

/// Signs the transcript, and the answer with it.
fn signed_answer(
    mut answer: CeremonyAnswer,
    facts: &[(&'static str, String)],
    signer: &dyn Signer,
) -> Result<(CeremonyAnswer, String), CeremonyFailure> {
    let transcript = Transcript::of(facts);
    answer.transcript = transcript.signed(&signer.sign(&transcript.message())?);
    let file = answer.to_pem(&signer.sign(&answer.message()?)?)?;
    // What leaves this machine is read back first, as the server will read it.
    CeremonyAnswer::from_pem_or_der(file.as_bytes(), signer.public_key())?;
    Ok((answer, file))
}

/// Writes the answer, and the transcript of it, to where the operator wants them.
fn hand_out(
    answer: &CeremonyAnswer,
    issuer: &IssuerId,
    file: &str,
    out: &Path,
    transcript: Option<&Path>,
) -> Result<CeremonyReport, CeremonyFailure> {
    if let Some(path) = transcript {
        write_new(path, &answer.transcript, 0o644)?;
    }
    write_new(out, file.as_bytes(), 0o644)?;
    Ok(CeremonyReport {
        kind: answer.answered.kind(),
        issuer_id: issuer.to_string(),
        answer: out.to_owned(),
        transcript: transcript.map(Path::to_owned),
        transcript_sha256: root_dir::sha256_hex(&answer.transcript),
    })
}

/// Refuses places that are taken, before anything is signed.
fn prove_places(out: &Path, transcript: Option<&Path>) -> Result<(), CeremonyFailure> {
    for path in std::iter::once(out).chain(transcript) {
        if path.symlink_metadata().is_ok() {
            return Err(CeremonyFailure::Taken {
                path: path.to_owned(),
            });
        }
    }
    Ok(())
}

/// Why a ceremony was not held.
#[derive(Debug, thiserror::Error)]
pub enum CeremonyFailure {
    /// The request, or a recorded answer.
    #[error(transparent)]
    Ceremony(#[from] CeremonyError),
    /// A file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A certificate in the folder does not parse.
    #[error("{}: {source}", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: CertificateError,
    },
    /// No root lies in the folder.
    #[error("{}: no root, wanted ROOT.pem beside ROOT.key", path.display())]
    NoRoot {
        /// The folder.
        path: PathBuf,
    },
    /// The request is for a root that does not lie here.
    #[error("the request is for the root with SHA-256 {wanted}, which is none of {}", here.join(", "))]
    OtherRoot {
        /// The root of the request.
        wanted: String,
        /// The roots in the folder.
        here: Vec<String>,
    },
    /// The key in the folder is not that of the certificate beside it.
    #[error("the key of `{0}` does not belong to its certificate")]
    OtherKey(IssuerId),
    /// The request asks for something else.
    #[error("wanted a request for {wanted}, came one for {came}")]
    OtherKind {
        /// What was wanted.
        wanted: &'static str,
        /// What came.
        came: &'static str,
    },
    /// The request was answered.
    #[error("this request was answered before")]
    Answered,
    /// No answer to this request is kept here.
    #[error("this request was not answered with this folder")]
    NotAnswered,
    /// What is asked contradicts what was signed before.
    #[error("refused: {0}")]
    Contradiction(String),
    /// A place for the answer is taken.
    #[error("{} is there already", path.display())]
    Taken {
        /// The file.
        path: PathBuf,
    },
    /// Nobody said yes.
    #[error("nothing was signed: nobody confirmed it")]
    NotConfirmed,
    /// What is asked does not pass the lint, or cannot be signed.
    #[error(transparent)]
    Issuance(#[from] IssuanceError),
    /// The root key.
    #[error(transparent)]
    Key(#[from] KeyStoreError),
    /// The root key does not sign.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The kind of the new key.
    #[error("--key-algorithm: {0}")]
    KeyKind(#[from] KeyKindError),
    /// The organization in the name of the root.
    #[error("the name of the root: {0}")]
    Organization(#[from] OrganizationError),
    /// A file cannot be written.
    #[error(transparent)]
    Write(#[from] AtomicWriteError),
}

impl Hinted for CeremonyFailure {
    fn code(&self) -> Code {
        match self {
            Self::Ceremony(error) => error.code(),
            Self::OtherRoot { .. }
            | Self::OtherKind { .. }
            | Self::Answered
            | Self::NotAnswered
            | Self::Contradiction(_)
            | Self::NotConfirmed
            | Self::KeyKind(_) => Code::InvalidRequest,
            Self::Unreadable { .. }
            | Self::Certificate { .. }
            | Self::NoRoot { .. }
            | Self::OtherKey(_)
            | Self::Taken { .. } => Code::FailedPrecondition,
            Self::Issuance(error) => error.code(),
            Self::Key(error) => error.code(),
            Self::Sign(error) => error.code(),
            Self::Organization(error) => error.code(),
            Self::Write(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Ceremony(error) => error.hint(),
            Self::Unreadable { .. } => {
                Some("name a file that is there, and that you may read".to_owned())
            }
            Self::Certificate { .. } | Self::OtherKey(_) => {
                Some("take the other offline copy of the folder".to_owned())
            }
            Self::NoRoot { .. } => {
                Some("name the folder root-offline that `init` made, where you moved it".to_owned())
            }
            Self::OtherRoot { .. } => {
                Some("name the folder of that root, or make a request for this one".to_owned())
            }
            Self::OtherKind { .. } => Some(
                "`ceremony root sign` answers for CAs, `ceremony root crl` for CRLs".to_owned(),
            ),
            Self::Answered => Some(
                "--again writes the same answer once more; nothing is signed for it".to_owned(),
            ),
            Self::NotAnswered => Some("leave out --again to sign it".to_owned()),
            Self::Contradiction(_) => Some(
                "make a new request on the server, which knows what was signed since".to_owned(),
            ),
            Self::Taken { .. } => Some("name another file, or move that one away".to_owned()),
            Self::NotConfirmed => {
                Some("answer `yes`, or give --yes where there is no terminal".to_owned())
            }
            Self::Issuance(error) => error.hint(),
            Self::Key(error) => error.hint(),
            Self::Sign(error) => error.hint(),
            Self::KeyKind(_) => Some("rsa3072 is what every device of a fleet reads".to_owned()),
            Self::Organization(_) => {
                Some("the common name of a root ends in `Root CA` and its generation".to_owned())
            }
            Self::Write(error) => error.hint(),
        }
    }
}
