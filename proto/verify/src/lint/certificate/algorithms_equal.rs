//! What is named inside is what stands outside.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "algorithms-equal",
        source: "RFC 5280 §4.1.1.2",
        severity: Severity::Error,
        applies: Applies::Certificates,
        asks: "the same signature algorithm inside and outside",
    },
    check: |judged| Verdict::kept_if(judged.tbs.signature_algorithm == judged.outer),
};
