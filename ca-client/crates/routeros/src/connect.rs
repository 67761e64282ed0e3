//! A connection to one router.

use std::fmt;
use std::time::Duration;

use ca_types::{KeyId, Passphrase};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use crate::api::Api;
use crate::rest::Rest;
use crate::ssh::Ssh;
use crate::tls::{Accepted, secure, silent};
use crate::{Door, RouterError, RouterTransport, Trust};

/// Where a router is, and who logs in.
#[derive(Debug)]
pub struct Target {
    /// The host: a name or an address.
    pub address: String,
    /// The port of the service.
    pub port: u16,
    /// The door.
    pub door: Door,
    /// The user.
    pub user: String,
    /// The password.
    pub password: Passphrase,
    /// The keys that the router may have; a plain door shows none.
    pub trust: Trust,
}

/// Connects and logs in.
///
/// On an encrypted door nothing of the login is sent before the key of the router is proved to be an accepted one.
///
/// # Errors
/// Fails when the router is not reached within 10 seconds, has another key, or refuses the login.
pub async fn connect(target: Target) -> Result<Box<dyn RouterTransport>, RouterError> {
    let peer = Peer::from(target);
    match peer.door {
        Door::Rest | Door::RestPlain => Ok(Box::new(Box::pin(Rest::open(peer)).await?)),
        Door::ApiSsl | Door::ApiPlain => Ok(Box::new(Box::pin(Api::open(peer)).await?)),
        Door::Ssh => Ok(Box::new(Box::pin(Ssh::open(peer)).await?)),
    }
}

/// What a transport must know to connect anew.
#[derive(Debug)]
pub(crate) struct Peer {
    address: String,
    port: u16,
    pub(crate) door: Door,
    pub(crate) user: String,
    pub(crate) password: Passphrase,
    accepted: Accepted,
}

impl Peer {
    /// Returns host and port.
    pub(crate) fn place(&self) -> String {
        authority(&self.address, self.port)
    }

    /// Accepts one more key.
    pub(crate) fn trust_also(&mut self, pin: KeyId) {
        self.accepted.add(pin);
    }

    /// Returns the pins, which for SSH are digests of host keys.
    pub(crate) fn pins(&self) -> Vec<KeyId> {
        self.accepted.pins()
    }

    /// Connects over TCP only.
    pub(crate) async fn dial_open(&self) -> Result<TcpStream, RouterError> {
        dial(&self.address, self.port).await
    }

    /// Says that the login was refused.
    pub(crate) fn refuses_login(&self) -> RouterError {
        RouterError::Login {
            address: self.place(),
            user: self.user.clone(),
        }
    }

    /// Opens a session again and again until it succeeds, the failure is final, or the time is over.
    pub(crate) async fn reopen<S: Open>(&self) -> Result<S, RouterError> {
        let end = Instant::now() + RECONNECT;
        loop {
            match S::open(self).await {
                Ok(session) => return Ok(session),
                Err(error) if !passes(&error) || Instant::now() >= end => return Err(error),
                Err(_passing) => sleep(PAUSE).await,
            }
        }
    }

    /// Connects; on an encrypted door the key of the router is proved when this returns.
    pub(crate) async fn dial(&self) -> Result<Box<dyn Stream>, RouterError> {
        let steps = async {
            let stream = dial(&self.address, self.port).await?;
            if !self.door.is_encrypted() {
                let stream: Box<dyn Stream> = Box::new(stream);
                return Ok(stream);
            }
            let accepted = self.accepted.clone();
            let stream = secure(stream, &self.place(), Some(&self.address), accepted).await?;
            let stream: Box<dyn Stream> = Box::new(stream);
            Ok(stream)
        };
        timeout(CONNECT, steps)
            .await
            .map_err(|_elapsed| silent(&self.place(), CONNECT))?
    }
}

impl From<Target> for Peer {
    fn from(target: Target) -> Self {
        Self {
            accepted: Accepted::from(&target.trust),
            address: target.address,
            port: target.port,
            door: target.door,
            user: target.user,
            password: target.password,
        }
    }
}

/// A session that is opened by connecting and logging in.
pub(crate) trait Open: Sized {
    /// Connects and logs in.
    fn open(peer: &Peer) -> impl Future<Output = Result<Self, RouterError>> + Send;
}

/// A way to a router, in the clear or not.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

impl fmt::Debug for dyn Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stream")
    }
}

/// Writes host and port as one does.
pub(crate) fn authority(address: &str, port: u16) -> String {
    if address.contains(':') {
        format!("[{address}]:{port}")
    } else {
        format!("{address}:{port}")
    }
}

/// Connects over TCP.
pub(crate) async fn dial(address: &str, port: u16) -> Result<TcpStream, RouterError> {
    let unreachable = |error: std::io::Error| RouterError::Unreachable {
        address: authority(address, port),
        what: error.to_string(),
    };
    let stream = TcpStream::connect((address, port))
        .await
        .map_err(unreachable)?;
    stream.set_nodelay(true).map_err(unreachable)?;
    Ok(stream)
}

/// Tells whether a failure to connect may pass by itself.
fn passes(error: &RouterError) -> bool {
    match error {
        RouterError::Unreachable { .. }
        | RouterError::NoCommonTls { .. }
        | RouterError::Tls { .. }
        | RouterError::Ssh { .. }
        | RouterError::Closed { .. } => true,
        RouterError::WrongPin { .. }
        | RouterError::Login { .. }
        | RouterError::Permission { .. }
        | RouterError::UnknownCommand { .. }
        | RouterError::UnknownArgument { .. }
        | RouterError::DeviceMode { .. }
        | RouterError::StorageFull { .. }
        | RouterError::Nul { .. }
        | RouterError::NoSuchItem { .. }
        | RouterError::Refused { .. }
        | RouterError::Timeout { .. }
        | RouterError::Answer { .. }
        | RouterError::SecretInTheClear { .. }
        | RouterError::TooLarge { .. } => false,
    }
}

/// How long connecting and logging in may take.
pub(crate) const CONNECT: Duration = Duration::from_secs(10);
/// How long an answer may take: RouterOS itself ends a REST call after as long.
pub(crate) const CALL: Duration = Duration::from_secs(60);
const RECONNECT: Duration = Duration::from_secs(15);
const PAUSE: Duration = Duration::from_millis(250);

#[cfg(test)]
mod tests;
