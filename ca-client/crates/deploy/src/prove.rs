//! Proof that a binding works, from outside.

use std::time::Duration;

use async_trait::async_trait;
use ca_routeros::{RouterError, RouterTransport, ipsec, service, sstp};
use ca_types::{GeneralName, UnixTime};
use ca_verify::{Certificate, verify_chain};

use crate::report::Outcome;
use crate::{Binding, CertificateWish, Hierarchy, IpsecBinding, RouterEntry};

/// Sees a router as its clients do.
#[async_trait]
pub trait Outside: Send + Sync {
    /// Makes a TLS handshake and returns the certificates that the server sent, its own first, in DER.
    ///
    /// # Errors
    /// Fails with what went wrong when there is no handshake.
    async fn tls(&self, address: &str, port: u16) -> Result<Vec<Vec<u8>>, String>;
}

/// What must be seen.
#[derive(Clone, Copy)]
pub(crate) struct Expected<'a> {
    pub(crate) entry: &'a RouterEntry,
    pub(crate) wish: &'a CertificateWish,
    pub(crate) hierarchy: &'a Hierarchy,
    /// The SHA-256 of the certificate.
    pub(crate) fingerprint: &'a str,
    pub(crate) now: UnixTime,
}

/// Looks once whether a binding works; `since` is when it was made.
pub(crate) async fn look(
    router: &mut dyn RouterTransport,
    outside: &dyn Outside,
    binding: &Binding,
    expected: Expected<'_>,
    since: UnixTime,
) -> Outcome {
    match binding {
        Binding::WwwSsl => service_works(router, outside, "www-ssl", expected).await,
        Binding::ApiSsl => service_works(router, outside, "api-ssl", expected).await,
        Binding::Ipsec(ipsec) => tunnel_is_up(router, ipsec, since, expected.now).await,
        Binding::SstpServer => sstp_works(router, outside, expected).await,
        Binding::SstpClient { interface } => Outcome::Unproved(format!(
            "which certificate the connection of {interface} was made with cannot be seen"
        )),
    }
}

async fn service_works(
    router: &mut dyn RouterTransport,
    outside: &dyn Outside,
    name: &str,
    expected: Expected<'_>,
) -> Outcome {
    let port = if router.door().service() == name {
        expected.entry.port
    } else {
        match service::list(router).await {
            Ok(rows) => match rows.iter().find(|row| row.name == name) {
                Some(row) => row.port,
                None => return Outcome::Failed(format!("there is no service {name}")),
            },
            Err(error) => return Outcome::Failed(cut(router, &error).await),
        }
    };
    let seen = outside.tls(&expected.entry.address, port).await;
    match seen.and_then(|chain| check(&chain, expected)) {
        Ok(()) => Outcome::Proved,
        Err(cause) => Outcome::Failed(cause),
    }
}

async fn sstp_works(
    router: &mut dyn RouterTransport,
    outside: &dyn Outside,
    expected: Expected<'_>,
) -> Outcome {
    let server = match sstp::server(router).await {
        Ok(server) => server,
        Err(error) => return Outcome::Failed(cut(router, &error).await),
    };
    if !server.enabled {
        return Outcome::Unproved("the server is switched off".to_owned());
    }
    match outside.tls(&expected.entry.address, server.port).await {
        Ok(chain) => match check(&chain, expected) {
            Ok(()) => Outcome::Proved,
            Err(cause) => Outcome::Failed(cause),
        },
        // With `pfs=no` it offers only suites that this program does not speak.
        Err(cause) => Outcome::Unproved(cause),
    }
}

async fn tunnel_is_up(
    router: &mut dyn RouterTransport,
    ipsec: &IpsecBinding,
    since: UnixTime,
    now: UnixTime,
) -> Outcome {
    let rows = match ipsec::active_peers(router).await {
        Ok(rows) => rows,
        Err(error) => return Outcome::Unproved(cut(router, &error).await),
    };
    let mut up = rows
        .iter()
        .filter(|row| row.is_of(&ipsec.remote_id) && row.state == "established")
        .peekable();
    if up.peek().is_none() {
        return Outcome::Unproved(format!("no tunnel with {} is up", ipsec.remote_id));
    }
    if up.any(|row| row.uptime.is_some_and(|uptime| uptime <= now.since(since))) {
        return Outcome::Proved;
    }
    Outcome::Unproved(format!(
        "the tunnel with {} is older than the binding",
        ipsec.remote_id
    ))
}

/// Mends a cut connection for the next look, and says what happened.
async fn cut(router: &mut dyn RouterTransport, error: &RouterError) -> String {
    let mended = if error.is_unsure() {
        router.reconnect().await
    } else {
        Ok(())
    };
    match mended {
        Ok(()) => error.to_string(),
        Err(again) => again.to_string(),
    }
}

/// Checks what a server sent: the certificate that was bound, its whole chain, and its name.
fn check(chain: &[Vec<u8>], expected: Expected<'_>) -> Result<(), String> {
    let certificates: Result<Vec<Certificate>, _> =
        chain.iter().map(|der| Certificate::from_der(der)).collect();
    let certificates =
        certificates.map_err(|error| format!("a certificate is unreadable: {error}"))?;
    let Some((leaf, above)) = certificates.split_first() else {
        return Err("no certificate was shown".to_owned());
    };
    let shown = leaf.fingerprint().to_string();
    if shown != expected.fingerprint {
        return Err(format!(
            "another certificate was shown: {} ({shown})",
            leaf.subject()
        ));
    }
    let root = &expected.hierarchy.root.certificate;
    let intermediates: Vec<Certificate> = above
        .iter()
        .filter(|certificate| certificate.fingerprint() != root.fingerprint())
        .cloned()
        .collect();
    verify_chain(leaf, &intermediates, root, expected.now).map_err(|error| chained(&error))?;
    let named = |name: &GeneralName| {
        let value = name.value();
        value.eq_ignore_ascii_case(&expected.entry.address)
            || value.eq_ignore_ascii_case(expected.wish.name.as_str())
    };
    if leaf.sans().iter().any(named) {
        return Ok(());
    }
    Err(format!(
        "the certificate names neither {} nor {}",
        expected.entry.address, expected.wish.name
    ))
}

/// Writes an error with its causes.
fn chained(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// How long something that was just bound may take until it is seen.
pub(crate) const PAUSE: Duration = Duration::from_secs(1);
