//! The upper bounds of X.520.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "name-at-most-64-characters",
        source: "RFC 5280 appendix A.1",
        severity: Severity::Error,
        applies: Applies::Certificates,
        asks: "1 to 64 characters in each attribute of the subject",
    },
    check: |judged| {
        let mut lengths = judged
            .subject()
            .iter()
            .map(|attribute| attribute.text().chars().count());
        Verdict::kept_if(lengths.all(|length| (1..=64).contains(&length)))
    },
};
