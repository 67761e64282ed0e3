//! Actors: who may call the API, and what for.

use std::fmt;
use std::str::FromStr;

use crate::{IssuerId, KeyId, NamePattern, ProfileName};

/// What kind of work an actor does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Everything, the actors included.
    Admin,
    /// Issues and revokes within its scope.
    Operator,
    /// A program near the routers: issues, renews and rekeys within its scope.
    Agent,
    /// Reads everything, changes nothing.
    Auditor,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 4] = [Self::Admin, Self::Operator, Self::Agent, Self::Auditor];

    /// Returns the word used on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Operator => "operator",
            Self::Agent => "agent",
            Self::Auditor => "auditor",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = ActorNameError;

    fn from_str(text: &str) -> Result<Self, ActorNameError> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or_else(|| ActorNameError(text.to_owned()))
    }
}

/// The name of an actor: it becomes the common name of its certificate.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActorName(Box<str>);

impl ActorName {
    /// Returns the name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ActorName {
    type Err = ActorNameError;

    /// Takes letters, digits and `.`, `-`, `_`, `@`; at most 64 characters.
    fn from_str(text: &str) -> Result<Self, ActorNameError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_@".contains(&byte);
        let starts_well = text
            .bytes()
            .next()
            .is_some_and(|byte| byte.is_ascii_alphanumeric());
        if starts_well && text.len() <= 64 && text.bytes().all(allowed) {
            Ok(Self(text.into()))
        } else {
            Err(ActorNameError(text.to_owned()))
        }
    }
}

impl fmt::Display for ActorName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that names no role, or is no actor name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{}`: wanted a role (admin, operator, agent, auditor), or a name of letters, digits, `.`, `-`, `_` and `@` that \
     begins with a letter or digit, at most 64 characters", .0.escape_default()
)]
pub struct ActorNameError(String);

/// The limits of an actor; an empty list does not limit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// The CAs it may use.
    pub issuers: Vec<IssuerId>,
    /// The profiles it may use.
    pub profiles: Vec<ProfileName>,
    /// The names it may use; every name of a certificate must match one.
    pub names: Vec<NamePattern>,
}

impl Scope {
    /// Tells whether a certificate of this issuer, profile and names lies within the scope.
    pub fn allows<'a>(
        &self,
        issuer: &IssuerId,
        profile: &ProfileName,
        mut names: impl Iterator<Item = &'a str>,
    ) -> bool {
        (self.issuers.is_empty() || self.issuers.contains(issuer))
            && (self.profiles.is_empty() || self.profiles.contains(profile))
            && (self.names.is_empty()
                || names.all(|name| self.names.iter().any(|pattern| pattern.matches(name))))
    }
}

/// An actor record, keyed by the public key of its certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The key that it proves to hold in the TLS handshake.
    pub key: KeyId,
    /// What people call it; unique among actors.
    pub name: ActorName,
    /// What it may do.
    pub role: Role,
    /// What it may do it to.
    pub scope: Scope,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_must_match_a_pattern_of_the_scope() {
        let scope = Scope {
            issuers: vec![],
            profiles: vec!["router".parse().unwrap()],
            names: vec!["*.berlin.example".parse().unwrap()],
        };
        let issuer: IssuerId = "router-2026-1".parse().unwrap();
        let router: ProfileName = "router".parse().unwrap();
        let server: ProfileName = "vpn-server".parse().unwrap();
        assert!(scope.allows(&issuer, &router, ["a.berlin.example"].into_iter()));
        assert!(!scope.allows(
            &issuer,
            &router,
            ["a.berlin.example", "b.munich.example"].into_iter()
        ));
        assert!(!scope.allows(&issuer, &server, ["a.berlin.example"].into_iter()));
    }
}
