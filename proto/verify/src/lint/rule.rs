//! Rules, verdicts and findings.

use std::fmt;

use super::judged::Judged;
use super::judged_list::JudgedList;

/// One rule: its name, where it comes from, what it asks, and how bad it is to break it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LintRule {
    /// Its name, such as `serial-positive`.
    pub name: &'static str,
    /// The section that it comes from.
    pub source: &'static str,
    /// How bad it is to break it.
    pub severity: Severity,
    /// What it judges.
    pub applies: Applies,
    /// What it wants, to be read behind "wanted".
    pub asks: &'static str,
}

/// What a rule judges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applies {
    /// Every certificate.
    Certificates,
    /// Certificates of end entities.
    EndEntities,
    /// Certificates of CAs, roots too.
    Authorities,
    /// Certificates of CAs below a root.
    IssuingAuthorities,
    /// Certificates of roots.
    Roots,
    /// Every certificate but those of roots.
    BelowRoot,
    /// CRLs.
    Lists,
}

impl fmt::Display for Applies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Certificates => "every certificate",
            Self::EndEntities => "end entities",
            Self::Authorities => "CAs",
            Self::IssuingAuthorities => "issuing CAs",
            Self::Roots => "roots",
            Self::BelowRoot => "every certificate below a root",
            Self::Lists => "CRLs",
        })
    }
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing.
    Notice,
    /// Must not be signed.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Notice => "notice",
            Self::Error => "error",
        })
    }
}

/// A rule about certificates.
#[derive(Debug)]
pub(super) struct CertificateRule {
    pub(super) rule: LintRule,
    pub(super) check: fn(&Judged<'_>) -> Verdict,
}

/// A rule about CRLs.
#[derive(Debug)]
pub(super) struct ListRule {
    pub(super) rule: LintRule,
    pub(super) check: fn(&JudgedList<'_>) -> Verdict,
}

/// What a rule says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The rule is kept.
    Kept,
    /// It is broken.
    Broken,
    /// It is broken, and by this.
    BrokenBy(String),
}

impl Verdict {
    /// A rule that is kept or broken, with nothing more to say.
    pub(super) fn kept_if(is_kept: bool) -> Self {
        if is_kept { Self::Kept } else { Self::Broken }
    }

    /// A rule that is broken by the first of several things, if there is one.
    pub(super) fn broken_by(first: Option<impl fmt::Display>) -> Self {
        first.map_or(Self::Kept, |what| Self::BrokenBy(what.to_string()))
    }

    /// A rule that is broken by an error.
    pub(super) fn kept_or<T, E: fmt::Display>(value: &Result<T, E>) -> Self {
        Self::broken_by(value.as_ref().err())
    }
}

/// One thing that a lint found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule, such as `serial-positive`.
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What was wanted and what came.
    pub message: String,
    /// The section that the rule comes from.
    pub section: &'static str,
}

impl Finding {
    /// Reports a broken rule.
    pub(super) fn of(rule: &LintRule, verdict: Verdict) -> Option<Self> {
        let message = match verdict {
            Verdict::Kept => return None,
            Verdict::Broken => format!("wanted {}", rule.asks),
            Verdict::BrokenBy(what) => format!("{what}: wanted {}", rule.asks),
        };
        Some(Self {
            rule: rule.name,
            severity: rule.severity,
            message,
            section: rule.source,
        })
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.rule, self.message, self.section)
    }
}
