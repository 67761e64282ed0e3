//! Issuing CAs: identifiers, classes and states.

use std::fmt;
use std::str::FromStr;

/// The identifier of a CA, unique per store and never used again: `router-2026-1`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IssuerId(Box<str>);

impl IssuerId {
    /// Returns the identifier as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for IssuerId {
    type Err = IssuerIdError;

    fn from_str(text: &str) -> Result<Self, IssuerIdError> {
        if is_slug(text, 64) {
            Ok(Self(text.into()))
        } else {
            Err(IssuerIdError(text.to_owned()))
        }
    }
}

impl fmt::Display for IssuerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that is no issuer identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("issuer id `{0}`: wanted lower-case letters, digits and dashes, at most 64")]
pub struct IssuerIdError(String);

/// A set of CAs under one root; separate roots are the only separation that a router knows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrustDomain(Box<str>);

impl TrustDomain {
    /// Returns the name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for TrustDomain {
    /// The trust domain that `init` makes.
    fn default() -> Self {
        Self("main".into())
    }
}

impl FromStr for TrustDomain {
    type Err = IssuerIdError;

    fn from_str(text: &str) -> Result<Self, IssuerIdError> {
        if is_slug(text, 64) {
            Ok(Self(text.into()))
        } else {
            Err(IssuerIdError(text.to_owned()))
        }
    }
}

impl fmt::Display for TrustDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a CA issues for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IssuerClass {
    /// The offline trust anchor: signs issuing CAs and its own CRL.
    Root,
    /// Routers: tunnels between them and their management TLS.
    Router,
    /// Gateways that clients dial.
    VpnServer,
    /// People and devices that dial.
    VpnClient,
    /// The API of this server: never installed on a router.
    Control,
}

impl IssuerClass {
    /// All classes, the root first.
    pub const ALL: [Self; 5] = [
        Self::Root,
        Self::Router,
        Self::VpnServer,
        Self::VpnClient,
        Self::Control,
    ];

    /// Returns the word used in output and identifiers: `vpn-server`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Router => "router",
            Self::VpnServer => "vpn-server",
            Self::VpnClient => "vpn-client",
            Self::Control => "control",
        }
    }
}

impl fmt::Display for IssuerClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for IssuerClass {
    type Err = IssuerIdError;

    fn from_str(text: &str) -> Result<Self, IssuerIdError> {
        Self::ALL
            .into_iter()
            .find(|class| class.as_str() == text)
            .ok_or_else(|| IssuerIdError(text.to_owned()))
    }
}

/// Whether a CA issues.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IssuerState {
    /// It issues certificates and CRLs.
    Active,
    /// Its key is offline: it signs at a ceremony only.
    Offline,
}

impl IssuerState {
    /// Returns the word used in output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Offline => "offline",
        }
    }
}

impl fmt::Display for IssuerState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Tells whether `text` is made of lower-case letters, digits and inner dashes only.
pub(crate) fn is_slug(text: &str, limit: usize) -> bool {
    !text.is_empty()
        && text.len() <= limit
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}
