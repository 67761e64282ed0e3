//! Basic constraints (RFC 5280 §4.2.1.9).

use super::{Findings, Judged, Purpose, Rule, form};
use crate::{BasicConstraints, oid};

const CRITICAL: Rule = Rule::error("basic-constraints-critical-in-ca", "RFC 5280 §4.2.1.9");
const IS_CA: Rule = Rule::error("basic-constraints-ca", "RFC 5280 §4.2.1.9");
const IS_NO_CA: Rule = Rule::error("basic-constraints-no-ca", "RFC 5280 §4.2.1.9");
const PATH_LENGTH: Rule = Rule::error("path-length", "RFC 5280 §4.2.1.9");

pub(super) fn judge(judged: &Judged<'_>, findings: &mut Findings) {
    let extension = judged.tbs.extensions.find(oid::BASIC_CONSTRAINTS);
    let constraints = extension.and_then(|extension| {
        findings.value(&form::READABLE, BasicConstraints::read(extension.value))
    });
    let is_ca = constraints.is_some_and(|constraints| constraints.ca);
    let path_len = constraints.and_then(|constraints| constraints.path_len);
    let wanted_path_len = match judged.context.purpose {
        Purpose::EndEntity(_) => {
            findings.expect(!is_ca, &IS_NO_CA, "wanted no CA");
            None
        }
        purpose @ (Purpose::Root | Purpose::IssuingCa) => {
            let is_critical = extension.is_some_and(|extension| extension.critical);
            findings.expect(is_ca, &IS_CA, "wanted a CA");
            findings.expect(is_critical, &CRITICAL, "wanted critical basic constraints");
            (purpose == Purpose::IssuingCa).then_some(0)
        }
    };
    findings.expect(
        path_len == wanted_path_len,
        &PATH_LENGTH,
        "wanted a path length of 0 in an issuing CA, and none elsewhere",
    );
}
