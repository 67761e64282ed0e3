//! Judges the final octets before a CA key signs them, and what others signed.
//!
//! The octets are read again here, by a reader that shares nothing with the builder, so that what is
//! judged is what relying parties will see. One file per rule: its name, its source, what it asks.

mod ca;
mod certificate;
mod end_entity;
mod file;
mod judged;
mod judged_list;
mod list;
mod plain_url;
mod purposes;
mod rule;
mod time_form;

use ca_types::{Code, Hinted, IssuerClass, KeyId};

use crate::{Certificate, PublicKey, SignatureAlgorithm};
use judged::{Judged, Surroundings};
use judged_list::JudgedList;
use rule::{CertificateRule, ListRule};

pub use file::{
    Inspected, InspectedObject, ObjectKind, inspect_certificate, inspect_file, inspect_list,
};
pub use rule::{Applies, Finding, LintRule, Severity};

/// A `TBSCertificate` that passed every lint; the only thing that a CA key signs. Not `Clone`.
#[derive(Debug)]
pub struct Linted(Passed);

/// A `TBSCertList` that passed every lint. Not `Clone`.
#[derive(Debug)]
pub struct LintedList(Passed);

#[derive(Debug)]
struct Passed {
    tbs: Vec<u8>,
    algorithm: SignatureAlgorithm,
    signer: KeyId,
    notices: Vec<Finding>,
}

macro_rules! passed {
    ($name:ident) => {
        impl $name {
            /// Returns the octets that passed.
            pub fn tbs_der(&self) -> &[u8] {
                &self.0.tbs
            }

            /// Returns the algorithm that they were judged for.
            pub fn algorithm(&self) -> SignatureAlgorithm {
                self.0.algorithm
            }

            /// Returns the key that they were judged for.
            pub fn signer(&self) -> KeyId {
                self.0.signer
            }

            /// Returns what is worth knowing, and no error.
            pub fn notices(&self) -> &[Finding] {
                &self.0.notices
            }
        }
    };
}

passed!(Linted);
passed!(LintedList);

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

/// What a certificate is meant to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A self-signed root.
    Root,
    /// An issuing CA below the root.
    IssuingCa,
    /// An end entity below an issuing CA of this class.
    EndEntity(IssuerClass),
    /// An end entity of a class that is not known: one that another signed.
    SomeEndEntity,
}

/// Lists every rule, those of certificates first.
pub fn lint_rules() -> impl Iterator<Item = &'static LintRule> {
    let of_certificates = certificate_rules().map(|rule| &rule.rule);
    let of_lists = list::RULES.iter().map(|rule| &rule.rule);
    of_certificates.chain(of_lists)
}

/// Judges a `TBSCertificate`; only one without errors becomes [`Linted`].
///
/// # Errors
/// Fails with all findings when one of them is an error, or when the CA that will sign is not given.
pub fn lint_certificate(tbs: Vec<u8>, context: LintContext<'_>) -> Result<Linted, LintError> {
    let around = Surroundings {
        purpose: context.purpose,
        issuer: context.issuer,
        outer: context.algorithm.identifier_der(),
    };
    let (findings, signer) = match Judged::read(&tbs, around) {
        Ok(judged) => (
            judge_certificate(&judged),
            judged.signer().map(PublicKey::key_id),
        ),
        Err(error) => (unreadable(&certificate::DER.rule, &error), None),
    };
    passed(tbs, context.algorithm, signer, findings).map(Linted)
}

/// Judges a `TBSCertList` that `issuer` will sign; only one without errors becomes [`LintedList`].
///
/// # Errors
/// Fails with all findings when one of them is an error.
pub fn lint_list(
    tbs: Vec<u8>,
    issuer: &Certificate,
    algorithm: SignatureAlgorithm,
) -> Result<LintedList, LintError> {
    let findings = match JudgedList::read(&tbs, Some(issuer), algorithm.identifier_der()) {
        Ok(judged) => judge_list(&judged),
        Err(error) => unreadable(&list::DER.rule, &error),
    };
    let signer = Some(issuer.public_key().key_id());
    passed(tbs, algorithm, signer, findings).map(LintedList)
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

fn certificate_rules() -> impl Iterator<Item = &'static CertificateRule> {
    let all = [certificate::RULES, ca::RULES, end_entity::RULES];
    all.into_iter().flatten().copied()
}

fn judge_certificate(judged: &Judged<'_>) -> Vec<Finding> {
    certificate_rules()
        .filter(|rule| judged.is_among(rule.rule.applies))
        .filter_map(|rule| Finding::of(&rule.rule, (rule.check)(judged)))
        .collect()
}

fn judge_list(judged: &JudgedList<'_>) -> Vec<Finding> {
    let rules: &[&ListRule] = list::RULES;
    rules
        .iter()
        .filter_map(|rule| Finding::of(&rule.rule, (rule.check)(judged)))
        .collect()
}

/// The only finding about octets that are no DER of the wanted form.
fn unreadable(rule: &LintRule, error: &crate::MalformedDer) -> Vec<Finding> {
    let verdict = rule::Verdict::BrokenBy(error.to_string());
    Finding::of(rule, verdict).into_iter().collect()
}

fn passed(
    tbs: Vec<u8>,
    algorithm: SignatureAlgorithm,
    signer: Option<KeyId>,
    findings: Vec<Finding>,
) -> Result<Passed, LintError> {
    let is_refused = findings
        .iter()
        .any(|finding| finding.severity == Severity::Error);
    match signer {
        Some(signer) if !is_refused => Ok(Passed {
            tbs,
            algorithm,
            signer,
            notices: findings,
        }),
        Some(_) | None => Err(LintError { findings }),
    }
}

fn describe(findings: &[Finding]) -> String {
    findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("; ")
}
