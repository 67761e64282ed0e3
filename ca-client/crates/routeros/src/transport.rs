//! The seam between what is said to a router and how it gets there.

use std::fmt;

use async_trait::async_trait;
use ca_types::KeyId;

use crate::{Call, RouterError, Row};

/// How a router is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// REST over https (`www-ssl`), RouterOS 7.
    Rest,
    /// REST over http (`www`): in the clear.
    RestPlain,
    /// The binary API over TLS (`api-ssl`).
    ApiSsl,
    /// The binary API over TCP (`api`): in the clear.
    ApiPlain,
    /// The console over SSH (`ssh`), files over SFTP.
    Ssh,
}

impl Door {
    /// Returns the word of the settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rest => "rest",
            Self::RestPlain => "rest-plain",
            Self::ApiSsl => "api-ssl",
            Self::ApiPlain => "api-plain",
            Self::Ssh => "ssh",
        }
    }

    /// Returns the service of the router that answers there: a row of `/ip/service`.
    pub fn service(self) -> &'static str {
        match self {
            Self::Rest => "www-ssl",
            Self::RestPlain => "www",
            Self::ApiSsl => "api-ssl",
            Self::ApiPlain => "api",
            Self::Ssh => "ssh",
        }
    }

    /// Returns the port that it has out of the box.
    pub fn port(self) -> u16 {
        match self {
            Self::Rest => 443,
            Self::RestPlain => 80,
            Self::ApiSsl => 8729,
            Self::ApiPlain => 8728,
            Self::Ssh => 22,
        }
    }

    /// Tells whether nobody on the way can read it.
    pub fn is_encrypted(self) -> bool {
        matches!(self, Self::Rest | Self::ApiSsl | Self::Ssh)
    }

    /// Refuses a call that holds a secret where somebody on the way could read it, or a NUL, where the router would
    /// cut the value off.
    pub(crate) fn may_carry(self, call: &Call<'_>) -> Result<(), RouterError> {
        if let Some(field) = call.field_with_nul() {
            return Err(RouterError::Nul {
                call: format!("{} {}", call.menu, call.command.as_str()),
                field: field.to_owned(),
            });
        }
        if call.has_secret() && !self.is_encrypted() {
            return Err(RouterError::SecretInTheClear {
                call: call.to_string(),
                door: self,
            });
        }
        Ok(())
    }
}

impl fmt::Display for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a router answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reply {
    /// The rows, in the order of the router.
    pub rows: Vec<Row>,
    /// The id of what `add` made, where the release returns it.
    pub added: Option<String>,
}

/// Carries calls to one router.
///
/// A call that holds a secret is refused by a transport that is not encrypted, before anything is sent.
#[async_trait]
pub trait RouterTransport: Send {
    /// Returns the door it goes through.
    fn door(&self) -> Door;

    /// Makes one call and waits for its answer.
    ///
    /// # Errors
    /// Fails when the router refuses, or the connection does; after [`RouterError::Closed`] the call may have been
    /// done: [`reconnect`](Self::reconnect) and look.
    async fn call(&mut self, call: &Call<'_>) -> Result<Reply, RouterError>;

    /// Connects and logs in anew, trying for some seconds: a service that changes drops its connections first.
    ///
    /// # Errors
    /// Fails when the router is not reached, has another key, or refuses the login.
    async fn reconnect(&mut self) -> Result<(), RouterError>;

    /// Accepts one more key from now on: the new one joins the pinned ones before it is bound to the service.
    fn trust_also(&mut self, pin: KeyId);

    /// Writes a whole file, and tells whether this way carries files at all: calls carry small texts only.
    ///
    /// # Errors
    /// Fails when the router refuses, or the connection does.
    async fn send_file(&mut self, _name: &str, _content: &[u8]) -> Result<bool, RouterError> {
        Ok(false)
    }
}
