//! Judges the final octets before a CA key signs them.

use ca_types::{Code, Hinted, IssuerClass};

use crate::{Certificate, SignatureAlgorithm};

/// What a certificate is meant to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A self-signed root.
    Root,
    /// An issuing CA below the root.
    IssuingCa,
    /// An end entity below an issuing CA of this class.
    EndEntity(IssuerClass),
}

/// What the octets are judged against.
#[derive(Debug, Clone, Copy)]
pub struct LintContext<'a> {
    /// What the certificate is meant to be.
    pub purpose: Purpose,
    /// The CA that will sign; none for a root, which signs itself.
    pub issuer: Option<&'a Certificate>,
    /// The algorithm of the signature that will stand outside.
    pub algorithm: SignatureAlgorithm,
}

/// A `TBSCertificate` that passed every lint; the only thing that a CA key signs. Not `Clone`.
#[derive(Debug)]
pub struct Linted {
    tbs: Vec<u8>,
    algorithm: SignatureAlgorithm,
}

impl Linted {
    /// Returns the octets that passed.
    pub fn tbs_der(&self) -> &[u8] {
        &self.tbs
    }

    /// Returns the algorithm that they were judged for.
    pub fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }
}

/// A `TBSCertList` that passed every lint. Not `Clone`.
#[derive(Debug)]
pub struct LintedList {
    tbs: Vec<u8>,
    algorithm: SignatureAlgorithm,
}

impl LintedList {
    /// Returns the octets that passed.
    pub fn tbs_der(&self) -> &[u8] {
        &self.tbs
    }

    /// Returns the algorithm that they were judged for.
    pub fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }
}

/// Judges a `TBSCertificate`; only one without errors becomes [`Linted`].
///
/// # Errors
/// Fails with all findings when one of them is an error.
pub fn lint_certificate(_tbs: Vec<u8>, _context: LintContext<'_>) -> Result<Linted, LintError> {
    todo!()
}

/// Judges a `TBSCertList` that `issuer` will sign; only one without errors becomes [`LintedList`].
///
/// # Errors
/// Fails with all findings when one of them is an error.
pub fn lint_list(
    _tbs: Vec<u8>,
    _issuer: &Certificate,
    _algorithm: SignatureAlgorithm,
) -> Result<LintedList, LintError> {
    todo!()
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

/// The octets must not be signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("lint refuses: {}", describe(findings))]
pub struct LintError {
    /// All findings.
    pub findings: Vec<Finding>,
}

impl Hinted for LintError {
    fn code(&self) -> Code {
        Code::Internal
    }
}

fn describe(findings: &[Finding]) -> String {
    findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .map(|finding| format!("{}: {} ({})", finding.rule, finding.message, finding.section))
        .collect::<Vec<_>>()
        .join("; ")
}
