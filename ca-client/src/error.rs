//! Why a command did not do its work, and the exit code that says so.

use std::io;
use std::path::{Path, PathBuf};

use ca_deploy::{DeployError, FleetError};
use ca_routeros::RouterError;
use ca_types::{Code, Hinted};
use ca_verify::target::ChainError;
use ca_verify::{CertificateError, CertificateListError, RequestError};

use crate::bundle::BundleError;
use crate::client::ClientError;
use crate::download::DownloadError;
use crate::files::FileError;
use crate::keys::KeyError;
use crate::p12::P12Error;
use crate::passphrase::PassphraseError;
use crate::pending::PendingError;
use crate::settings::SettingsError;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitStatus {
    /// It did its work: 0.
    Success,
    /// It was refused: policy, a bad request, a check that failed: 1.
    Refused,
    /// It could not be done: usage, network, disk, a bug: 2.
    Failed,
}

impl ExitStatus {
    /// Returns the exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Refused => 1,
            Self::Failed => 2,
        }
    }
}

/// Why a command did not do its work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandError {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Pending(#[from] PendingError),
    #[error(transparent)]
    Passphrase(#[from] PassphraseError),
    #[error(transparent)]
    P12(#[from] P12Error),
    #[error(transparent)]
    Bundle(#[from] BundleError),
    #[error(transparent)]
    Download(#[from] DownloadError),
    #[error("{argument}: {what}")]
    Argument {
        argument: &'static str,
        what: String,
        code: Code,
    },
    #[error("{what}")]
    Usage { what: String, hint: String },
    #[error("{what}")]
    Check {
        code: Code,
        what: String,
        hint: String,
    },
    #[error("{}: {source}", file.display())]
    Key {
        file: PathBuf,
        source: KeyError,
        /// What names the passphrase of this key.
        passphrase_option: &'static str,
    },
    #[error(transparent)]
    NewKey(KeyError),
    #[error("{}: {source}", file.display())]
    Certificate {
        file: PathBuf,
        source: CertificateError,
    },
    #[error("{}: {source}", file.display())]
    Chain { file: PathBuf, source: ChainError },
    #[error("{}: {source}", file.display())]
    Request { file: PathBuf, source: RequestError },
    #[error("{from}: {source}")]
    CertificateList {
        from: String,
        source: CertificateListError,
    },
    #[error("{}: {source}", file.display())]
    Fleet { file: PathBuf, source: FleetError },
    #[error(transparent)]
    Router(#[from] RouterError),
    #[error(transparent)]
    Deploy(#[from] DeployError),
    #[error("cannot write the output: {0}")]
    Output(#[from] io::Error),
    #[error("a task of this program stopped: {0}")]
    Task(#[from] tokio::task::JoinError),
}

impl CommandError {
    /// Says that a value on the command line cannot be used.
    pub(crate) fn argument(argument: &'static str, code: Code, what: impl ToString) -> Self {
        Self::Argument {
            argument,
            what: what.to_string(),
            code,
        }
    }

    /// Tells a refusal from what could not be done.
    ///
    /// One rule: what is only about the words, the files and the machine here is 2. A name, serial number, request,
    /// certificate or CRL that will not do, and whatever the server answers, is 1.
    pub(crate) fn exit_status(&self) -> ExitStatus {
        match self {
            Self::Client(error) if error.is_refusal() => ExitStatus::Refused,
            Self::Router(error) if error.is_refusal() => ExitStatus::Refused,
            Self::Argument { .. }
            | Self::Check { .. }
            | Self::Deploy(_)
            | Self::Certificate { .. }
            | Self::Chain { .. }
            | Self::Request { .. }
            | Self::CertificateList { .. } => ExitStatus::Refused,
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitStatus::Success,
            Self::Client(_)
            | Self::Settings(_)
            | Self::File(_)
            | Self::Pending(_)
            | Self::Passphrase(_)
            | Self::P12(_)
            | Self::Bundle(_)
            | Self::Download(_)
            | Self::Usage { .. }
            | Self::Fleet { .. }
            | Self::Router(_)
            | Self::Key { .. }
            | Self::NewKey(_)
            | Self::Output(_)
            | Self::Task(_) => ExitStatus::Failed,
        }
    }
}

impl Hinted for CommandError {
    fn code(&self) -> Code {
        match self {
            Self::Settings(error) => error.code(),
            Self::Client(error) => error.code(),
            Self::File(error) => error.code(),
            Self::Pending(error) => error.code(),
            Self::Passphrase(error) => error.code(),
            Self::P12(error) => error.code(),
            Self::Bundle(error) => error.code(),
            Self::Download(error) => error.code(),
            Self::Argument { code, .. } | Self::Check { code, .. } => *code,
            Self::Usage { .. } => Code::InvalidRequest,
            Self::Fleet { source, .. } => source.code(),
            Self::Router(error) => error.code(),
            Self::Deploy(error) => error.code(),
            Self::Key { source, .. } | Self::NewKey(source) => source.code(),
            Self::Certificate { source, .. } => source.code(),
            Self::Chain { source, .. } => source.code(),
            Self::Request { source, .. } => source.code(),
            Self::CertificateList { source, .. } => source.code(),
            Self::Output(_) => Code::FailedPrecondition,
            Self::Task(_) => Code::Internal,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Settings(error) => error.hint(),
            Self::Client(error) => error.hint(),
            Self::File(error) => error.hint(),
            Self::Pending(error) => error.hint(),
            Self::Passphrase(error) => error.hint(),
            Self::P12(error) => error.hint(),
            Self::Bundle(error) => error.hint(),
            Self::Download(error) => error.hint(),
            Self::Fleet { source, .. } => source.hint(),
            Self::Router(error) => error.hint(),
            Self::Deploy(error) => error.hint(),
            Self::Usage { hint, .. } | Self::Check { hint, .. } => Some(hint.clone()),
            Self::Key {
                source: KeyError::PassphraseMissing | KeyError::PassphraseWrong,
                passphrase_option,
                ..
            } => Some(format!(
                "name the file that holds its passphrase with {passphrase_option}"
            )),
            Self::Key { source, .. } | Self::NewKey(source) => source.hint(),
            Self::Certificate { source, file } => {
                source.hint().or_else(|| look_with("x509", "-text", file))
            }
            Self::Chain { file, .. } => look_with("x509", "-text", file),
            Self::Request { source, file } => {
                source.hint().or_else(|| look_with("req", "-text", file))
            }
            Self::CertificateList { source, from } => source.hint().or_else(|| {
                Some(format!(
                    "`openssl asn1parse -i -in {from}` shows what is in a file; `ca-client issuer list` shows whose \
                     CRLs there are"
                ))
            }),
            Self::Argument { .. } => {
                Some("`ca-client COMMAND --help` shows what each argument takes".to_owned())
            }
            Self::Output(_) => {
                Some("look at where stdout goes, and at the space there".to_owned())
            }
            Self::Task(_) => None,
        };
        hint.or_else(|| Some(next_step(self.code()).to_owned()))
    }
}

/// Says what to do about an error that brings no hint of its own, such as one of a server of another version.
fn next_step(code: Code) -> &'static str {
    match code {
        Code::InvalidRequest | Code::InvalidName => {
            "`ca-client COMMAND --help` shows what each argument takes"
        }
        Code::UnacceptableKey | Code::KeyTaken => "make a new key for every name",
        Code::ProofOfPossession => "sign with the private key that belongs to it",
        Code::TargetRefused => "`ca-client check --list-targets` shows the rules of every target",
        Code::PolicyRefused | Code::Unauthenticated | Code::PermissionDenied => {
            "`ca-client actor list` shows who may do what; ask an admin"
        }
        Code::NotFound | Code::NameTaken | Code::Ambiguous => {
            "`ca-client list` and `ca-client issuer list` show what there is"
        }
        Code::RequestIdReused => "repeat the command: it draws a new request id",
        Code::FailedPrecondition => "`ca-client audit show` shows what changed lately",
        Code::ResourceExhausted => "ask for less at once, or repeat the command later",
        Code::Unavailable => "repeat the command in a while",
        Code::Internal => "the log of the server says more; `ca-server check` looks at its data",
    }
}

/// Says how another program shows what is in a file.
fn look_with(command: &str, form: &str, file: &Path) -> Option<String> {
    Some(format!(
        "`openssl {command} -in {} -noout {form}` shows what is in it",
        file.display()
    ))
}
