//! Why a router was left as it was.

use ca_routeros::RouterError;
use ca_types::{Code, Hinted, UnixTime};

use crate::{EnrollError, PlanError};

/// Why a router was left as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeployError {
    /// The router refused or was not reached.
    #[error(transparent)]
    Router(RouterError),
    /// The user may not do this.
    #[error("{source}: the user lacks the policy `{policy}`")]
    Policy {
        /// The policy that its group needs.
        policy: &'static str,
        /// What the router said.
        source: RouterError,
    },
    /// The clock of the router is wrong.
    #[error("the clock of the router says {router}, and it is {now}: more than 5 minutes off")]
    Clock {
        /// Its time.
        router: UnixTime,
        /// The time.
        now: UnixTime,
        /// What sets it right.
        command: &'static str,
    },
    /// The router cannot be made as the fleet file wants it.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The only open door would get another certificate.
    #[error("{service} is the only open door of the router, and it would get another certificate")]
    Lockout {
        /// The service.
        service: String,
    },
    /// There is no certificate to install.
    #[error(transparent)]
    Enroll(#[from] EnrollError),
    /// The router did not take a certificate or a key.
    #[error("the router did not take {what}: {why}")]
    Import {
        /// The certificate or the key.
        what: String,
        /// What its counters and flags say.
        why: String,
    },
    /// A certificate that shall go and is in use, or is not there.
    #[error("{0} is no certificate that nothing refers to and that is expired or superseded")]
    InUse(String),
    /// It failed, and a file that may hold a key could not be deleted.
    #[error("{source}; and the file {file} may still be on the router, perhaps with a key in it")]
    FileStays {
        /// The file.
        file: String,
        /// Why it failed.
        source: Box<Self>,
    },
    /// It failed, and the certificate that was issued for it could not be revoked.
    #[error("{source}; and the certificate {serial}, whose key is gone, stays valid: {why}")]
    CertificateStays {
        /// Its serial number.
        serial: String,
        /// Why it was not revoked.
        why: String,
        /// Why it failed.
        source: Box<Self>,
    },
}

impl From<RouterError> for DeployError {
    fn from(error: RouterError) -> Self {
        let policy = match &error {
            RouterError::Permission { call, .. } => policy_of(call),
            _ => return Self::Router(error),
        };
        Self::Policy {
            policy,
            source: error,
        }
    }
}

/// Names the policy that a call needs.
fn policy_of(call: &str) -> &'static str {
    match call.split(' ').nth(1) {
        Some("print") => "read",
        Some(_) | None => "write",
    }
}

impl Hinted for DeployError {
    fn code(&self) -> Code {
        match self {
            Self::Router(error) => error.code(),
            Self::Policy { .. } => Code::PermissionDenied,
            Self::Clock { .. } | Self::Lockout { .. } | Self::Import { .. } | Self::InUse(_) => {
                Code::FailedPrecondition
            }
            Self::Plan(error) => error.code(),
            Self::Enroll(error) => error.code(),
            Self::FileStays { source, .. } | Self::CertificateStays { source, .. } => source.code(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Router(error) => error.hint(),
            Self::Policy { policy, .. } => Some(format!(
                "add `{policy}` to the policies of its group: `/user group print` on the router"
            )),
            Self::Clock { command, .. } => Some(format!("`{command}` on the router")),
            Self::Plan(error) => error.hint(),
            Self::Lockout { .. } => Some(
                "open another one for the time being (`/ip service enable ssh`), or say `--accept-lockout`".to_owned(),
            ),
            Self::Enroll(error) => error.hint(),
            Self::FileStays { file, .. } => Some(format!(
                "`/file remove {file}` on the router, before anything else"
            )),
            Self::CertificateStays { source, .. } => source.hint(),
            Self::InUse(_) => Some("`ca-client router doctor` lists those that can go".to_owned()),
            Self::Import { .. } => Some("`/log print` on the router may say more".to_owned()),
        }
    }
}
