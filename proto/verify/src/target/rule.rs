//! What a rule consists of.

use std::fmt;

use crate::{Severity, oid};

use super::check::Check;
use super::{ChainLink, Target, rules};

/// One rule, for one or more targets.
#[derive(Debug)]
pub struct TargetRule {
    /// Its name, such as `server-auth`.
    pub id: &'static str,
    /// Where it holds.
    pub applies: &'static [Applies],
    /// The side of the connection that it is about; none for both.
    pub role: Option<Role>,
    /// What is wanted, to be read behind "wanted".
    pub want: &'static str,
    /// What a person sees when it is broken.
    pub symptom: &'static str,
    /// Where the rule comes from.
    pub source: &'static str,
    pub(super) check: Check,
}

impl TargetRule {
    /// Returns all rules.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        [
            rules::keys::RULES,
            rules::usages::RULES,
            rules::names::RULES,
            rules::urls::RULES,
            rules::chain::RULES,
        ]
        .into_iter()
        .flatten()
    }
}

/// A target that a rule holds for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Applies {
    /// The target.
    pub target: Target,
    /// How bad it is there to break the rule.
    pub severity: Severity,
    /// Where it was seen; nowhere when the rule is as good as its source.
    pub seen: &'static [Seen],
}

/// A program of the target that was seen to refuse what breaks a rule, and to take what keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// The program.
    pub program: &'static str,
    /// The name of the test function in `tests/it/targets` that sees it.
    pub test: &'static str,
}

impl Applies {
    /// Breaking the rule makes a certificate useless there.
    pub(super) const fn error(target: Target) -> Self {
        Self {
            target,
            severity: Severity::Error,
            seen: &[],
        }
    }

    /// Breaking the rule may do harm there.
    pub(super) const fn notice(target: Target) -> Self {
        Self {
            target,
            severity: Severity::Notice,
            seen: &[],
        }
    }

    /// Tests see programs of the target mind the rule.
    pub(super) const fn by(self, seen: &'static [Seen]) -> Self {
        Self {
            target: self.target,
            severity: self.severity,
            seen,
        }
    }

    /// Names the programs that were seen to mind the rule.
    pub fn programs(&self) -> Vec<&'static str> {
        self.seen.iter().map(|seen| seen.program).collect()
    }
}

/// The side of a connection that a certificate stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// The side that is dialled.
    Server,
    /// The side that dials.
    Client,
}

impl Role {
    /// Returns the roles that the extended key usage names; both when it names neither.
    pub fn presumed(leaf: &ChainLink) -> &'static [Self] {
        match (
            leaf.has_purpose(oid::SERVER_AUTH),
            leaf.has_purpose(oid::CLIENT_AUTH),
        ) {
            (true, false) => &[Self::Server],
            (false, true) => &[Self::Client],
            (true, true) | (false, false) => &[Self::Server, Self::Client],
        }
    }

    /// Returns the word of the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Client => "client",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
