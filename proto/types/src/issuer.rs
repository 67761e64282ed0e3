//! Issuing CAs: identifiers, classes and states.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// The identifier of a CA, unique per store and never used again: `router-2026-1`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IssuerId(Arc<str>);

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
    /// Its key is here and its certificate is not: the root has not signed it yet.
    Requested,
    /// It issues certificates and CRLs.
    Active,
    /// It issues no certificates; its CRLs go on.
    Inactive,
    /// It never issues again, or its request was withdrawn; its CRLs go on until its last certificate has expired.
    Retired,
    /// The CRL of the root names it: it never issues again.
    Revoked,
    /// Its key is offline: it signs at a ceremony only.
    Offline,
}

impl IssuerState {
    /// All states, in the order of a life.
    pub const ALL: [Self; 6] = [
        Self::Requested,
        Self::Active,
        Self::Inactive,
        Self::Retired,
        Self::Revoked,
        Self::Offline,
    ];

    /// Returns the word used in output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Retired => "retired",
            Self::Revoked => "revoked",
            Self::Offline => "offline",
        }
    }

    /// Returns what a CA of a class is when it comes into being.
    pub fn of_new(class: IssuerClass) -> Self {
        match class {
            IssuerClass::Root => Self::Offline,
            IssuerClass::Router
            | IssuerClass::VpnServer
            | IssuerClass::VpnClient
            | IssuerClass::Control => Self::Active,
        }
    }

    /// Tells whether a CA in this state may come into the other one; retired and revoked are for ever.
    pub fn may_become(self, next: Self) -> bool {
        match (self, next) {
            (Self::Active, Self::Inactive)
            | (Self::Inactive, Self::Active)
            | (Self::Requested | Self::Active | Self::Inactive, Self::Retired)
            | (Self::Active | Self::Inactive | Self::Retired, Self::Revoked) => true,
            (
                Self::Requested
                | Self::Active
                | Self::Inactive
                | Self::Retired
                | Self::Revoked
                | Self::Offline,
                _,
            ) => false,
        }
    }
}

impl FromStr for IssuerState {
    type Err = IssuerStateError;

    fn from_str(text: &str) -> Result<Self, IssuerStateError> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| IssuerStateError(text.to_owned()))
    }
}

/// A text that is no state of a CA.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("issuer state `{}`: wanted active, inactive or retired", .0.escape_default())]
pub struct IssuerStateError(String);

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
