//! The issuer is never empty.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "issuer-not-empty",
        source: "RFC 5280 §4.1.2.4",
        severity: Severity::Error,
        applies: Applies::Certificates,
        asks: "an issuer with attributes",
    },
    check: |judged| {
        let is_empty = judged.issuer_name.as_ref().is_ok_and(Vec::is_empty);
        Verdict::kept_if(!is_empty)
    },
};
