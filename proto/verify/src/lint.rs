//! Judges the final octets before a CA key signs them.
//!
//! The octets are read again here, by a reader that shares nothing with the builder, so that what is
//! judged is what relying parties will see.

mod access;
mod alternative_names;
mod basic_constraints;
mod form;
mod key_identifiers;
mod key_usage;
mod list;
mod names;
mod rule;
mod serial;
mod validity;

use ca_types::{Code, Hinted, IssuerClass, KeyId};

use crate::tbs_certificate::TbsCertificate;
use crate::{Certificate, PublicKey, SignatureAlgorithm};

pub use rule::{Finding, Severity};
use rule::{Findings, Rule};

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
}

/// Judges a `TBSCertificate`; only one without errors becomes [`Linted`].
///
/// # Errors
/// Fails with all findings when one of them is an error.
pub fn lint_certificate(tbs: Vec<u8>, context: LintContext<'_>) -> Result<Linted, LintError> {
    let (findings, signer) = judge(&tbs, context);
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
    let findings = list::judge(&tbs, issuer, algorithm);
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

/// The certificate under judgement.
#[derive(Debug, Clone, Copy)]
struct Judged<'a> {
    octets: &'a [u8],
    tbs: &'a TbsCertificate<'a>,
    key: Option<&'a PublicKey>,
    context: LintContext<'a>,
}

impl<'a> Judged<'a> {
    /// Returns the class of the issuing CA of an end entity.
    fn class(&self) -> Option<IssuerClass> {
        match self.context.purpose {
            Purpose::EndEntity(class) => Some(class),
            Purpose::Root | Purpose::IssuingCa => None,
        }
    }

    /// Returns the key that will sign.
    fn signer(&self) -> Option<&'a PublicKey> {
        match self.context.issuer {
            Some(issuer) => Some(issuer.public_key()),
            None => self.key,
        }
    }
}

fn judge(octets: &[u8], context: LintContext<'_>) -> (Findings, Option<KeyId>) {
    let mut findings = Findings::default();
    let tbs = match TbsCertificate::read(octets) {
        Ok(tbs) => tbs,
        Err(error) => {
            findings.report(&form::DER, error.to_string());
            return (findings, None);
        }
    };
    let key = match PublicKey::from_spki_der(tbs.public_key) {
        Ok(key) => Some(key),
        Err(error) => {
            findings.report(&form::KEY, error.to_string());
            None
        }
    };
    let judged = Judged {
        octets,
        tbs: &tbs,
        key: key.as_ref(),
        context,
    };
    form::judge(&judged, &mut findings);
    serial::judge(&judged, &mut findings);
    validity::judge(&judged, &mut findings);
    names::judge(&judged, &mut findings);
    alternative_names::judge(&judged, &mut findings);
    key_identifiers::judge(&judged, &mut findings);
    key_usage::judge(&judged, &mut findings);
    basic_constraints::judge(&judged, &mut findings);
    access::judge(&judged, &mut findings);
    let signer = judged.signer().map(PublicKey::key_id);
    (findings, signer)
}

fn passed(
    tbs: Vec<u8>,
    algorithm: SignatureAlgorithm,
    signer: Option<KeyId>,
    findings: Findings,
) -> Result<Passed, LintError> {
    let findings = findings.into_vec();
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
