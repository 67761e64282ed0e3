//! The same rules on what others signed.

use super::judged::{Judged, Surroundings};
use super::judged_list::JudgedList;
use super::{Finding, Purpose, certificate, judge_certificate, judge_list, list, unreadable};
use crate::extension::BasicConstraints;
use crate::signed::Signed;
use crate::tbs_certificate::TbsCertificate;
use crate::{Certificate, oid};

/// A certificate that was judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspected {
    /// What it was taken for; none when it cannot be read.
    pub purpose: Option<Purpose>,
    /// Everything that was found.
    pub findings: Vec<Finding>,
}

/// Judges a certificate in DER; the rules about its issuer only when that is given.
pub fn inspect_certificate(der: &[u8], issuer: Option<&Certificate>) -> Inspected {
    let read = Signed::read(der, "certificate").and_then(|signed| {
        let tbs = TbsCertificate::read(signed.content)?;
        let around = Surroundings {
            purpose: purpose_of(&tbs),
            issuer,
            outer: signed.algorithm,
        };
        Judged::read(signed.content, around)
    });
    match read {
        Ok(judged) => Inspected {
            purpose: Some(judged.purpose),
            findings: judge_certificate(&judged),
        },
        Err(error) => Inspected {
            purpose: None,
            findings: unreadable(&certificate::DER.rule, &error),
        },
    }
}

/// Judges a CRL in DER; the rules about its issuer only when that is given.
pub fn inspect_list(der: &[u8], issuer: Option<&Certificate>) -> Vec<Finding> {
    let read = Signed::read(der, "CRL")
        .and_then(|signed| JudgedList::read(signed.content, issuer, signed.algorithm));
    match read {
        Ok(judged) => judge_list(&judged),
        Err(error) => unreadable(&list::DER.rule, &error),
    }
}

/// Tells what a certificate is meant to be from its basic constraints and its names.
fn purpose_of(tbs: &TbsCertificate<'_>) -> Purpose {
    let is_ca = tbs
        .extensions
        .find(oid::BASIC_CONSTRAINTS)
        .and_then(|extension| BasicConstraints::read(extension.value).ok())
        .is_some_and(|constraints| constraints.ca);
    match (is_ca, tbs.issuer == tbs.subject) {
        (true, true) => Purpose::Root,
        (true, false) => Purpose::IssuingCa,
        (false, _) => Purpose::SomeEndEntity,
    }
}
