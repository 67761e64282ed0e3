//! It must not be critical.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};
use crate::oid;

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "access-not-critical",
        source: "RFC 5280 §4.2.2.1",
        severity: Severity::Error,
        applies: Applies::Certificates,
        asks: "an authority information access that is not critical",
    },
    check: |judged| Verdict::kept_if(judged.is_not_critical(oid::AUTHORITY_INFO_ACCESS)),
};
