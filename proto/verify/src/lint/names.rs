//! Issuer and subject (RFC 5280 §4.1.2.4 and §4.1.2.6).

use super::{Findings, Judged, Purpose, Rule};
use crate::der_reader::tag;
use crate::distinguished_name::{Attribute, attributes};
use crate::oid;

const READABLE: Rule = Rule::error("name-readable", "RFC 5280 §4.1.2.4");
const NOT_EMPTY: Rule = Rule::error("name-not-empty", "RFC 5280 §4.1.2.4");
const CHAINS: Rule = Rule::error("issuer-is-subject-of-ca", "RFC 5280 §4.1.2.4");
const ONE_COMMON_NAME: Rule = Rule::error("one-common-name", "CA/B BR 7.1.4.3");
const COMMON_NAME_ONLY: Rule = Rule::error("end-entity-common-name-only", "CA/B BR 7.1.2.7.2");
const LENGTH: Rule = Rule::error("name-at-most-64-characters", "RFC 5280 appendix A.1");
const STRING: Rule = Rule::error("name-utf8-string", "RFC 5280 §4.1.2.4");
const CHARACTERS: Rule = Rule::error("name-without-control-characters", "RFC 5280 §4.1.2.4");

pub(super) fn judge(judged: &Judged<'_>, findings: &mut Findings) {
    let tbs = judged.tbs;
    let subject_of_ca = match judged.context.issuer {
        Some(issuer) => issuer.subject().der(),
        None => tbs.subject,
    };
    findings.expect(
        tbs.issuer == subject_of_ca,
        &CHAINS,
        "wanted an issuer that is, octet by octet, the subject of the CA",
    );
    let issuer = findings.value(&READABLE, attributes(tbs.issuer));
    findings.expect(
        issuer.is_some_and(|issuer| !issuer.is_empty()),
        &NOT_EMPTY,
        "wanted an issuer",
    );
    if let Some(subject) = findings.value(&READABLE, attributes(tbs.subject)) {
        judge_subject(&subject, judged, findings);
    }
}

fn judge_subject(subject: &[Attribute<'_>], judged: &Judged<'_>, findings: &mut Findings) {
    findings.expect(!subject.is_empty(), &NOT_EMPTY, "wanted a subject");
    let common_names = subject
        .iter()
        .filter(|attribute| attribute.oid == oid::COMMON_NAME)
        .count();
    findings.expect(
        common_names == 1,
        &ONE_COMMON_NAME,
        "wanted exactly one common name",
    );
    if matches!(judged.context.purpose, Purpose::EndEntity(_)) {
        findings.expect(
            subject.len() == common_names,
            &COMMON_NAME_ONLY,
            "wanted a subject of a common name alone",
        );
    }
    for attribute in subject {
        findings.expect(
            attribute.tag == tag::UTF8_STRING,
            &STRING,
            "wanted UTF8String in the subject",
        );
        let text = attribute.text();
        findings.expect(
            (1..=64).contains(&text.chars().count()),
            &LENGTH,
            "wanted 1 to 64 characters in each attribute of the subject",
        );
        findings.expect(
            !text.chars().any(char::is_control),
            &CHARACTERS,
            "wanted no control characters in the subject",
        );
    }
}
