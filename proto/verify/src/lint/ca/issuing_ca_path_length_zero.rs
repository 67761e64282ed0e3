//! An issuing CA makes no CAs.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "issuing-ca-path-length-zero",
        source: "RFC 5280 §4.2.1.9",
        severity: Severity::Error,
        applies: Applies::IssuingAuthorities,
        asks: "a path length of 0 in an issuing CA",
    },
    check: |judged| {
        let constraints = judged
            .basic_constraints()
            .filter(|constraints| constraints.ca);
        Verdict::kept_if(constraints.is_none_or(|constraints| constraints.path_len == Some(0)))
    },
};
