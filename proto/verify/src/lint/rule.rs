//! Rules and findings.

use std::fmt;

/// One rule: its name, where it comes from, and how bad it is to break it.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) name: &'static str,
    pub(super) section: &'static str,
    pub(super) severity: Severity,
}

impl Rule {
    /// Makes a rule that must not be broken.
    pub(super) const fn error(name: &'static str, section: &'static str) -> Self {
        Self {
            name,
            section,
            severity: Severity::Error,
        }
    }

    /// Makes a rule whose breach is worth knowing.
    pub(super) const fn notice(name: &'static str, section: &'static str) -> Self {
        Self {
            name,
            section,
            severity: Severity::Notice,
        }
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

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing.
    Notice,
    /// Must not be signed.
    Error,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.rule, self.message, self.section)
    }
}

/// Collects what the rules find.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<Finding>);

impl Findings {
    /// Reports a breach.
    pub(super) fn report(&mut self, rule: &Rule, message: impl Into<String>) {
        self.0.push(Finding {
            rule: rule.name,
            severity: rule.severity,
            message: message.into(),
            section: rule.section,
        });
    }

    /// Reports a breach unless the rule is kept.
    pub(super) fn expect(&mut self, is_kept: bool, rule: &Rule, message: &'static str) {
        if !is_kept {
            self.report(rule, message);
        }
    }

    /// Returns a value that could be read, or reports why it could not.
    pub(super) fn value<T, E: fmt::Display>(
        &mut self,
        rule: &Rule,
        value: Result<T, E>,
    ) -> Option<T> {
        match value {
            Ok(value) => Some(value),
            Err(error) => {
                self.report(rule, error.to_string());
                None
            }
        }
    }

    pub(super) fn into_vec(self) -> Vec<Finding> {
        self.0
    }
}
