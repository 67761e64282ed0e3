//! A certificate ends after it begins.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "validity-order",
        source: "RFC 5280 §4.1.2.5",
        severity: Severity::Error,
        applies: Applies::Certificates,
        asks: "a notAfter that is not before notBefore",
    },
    check: |judged| Verdict::kept_if(judged.tbs.not_before.value <= judged.tbs.not_after.value),
};
