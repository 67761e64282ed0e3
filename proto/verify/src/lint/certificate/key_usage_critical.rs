//! A program that does not know it must not use the key.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "key-usage-critical",
        source: "RFC 5280 §4.2.1.3",
        severity: Severity::Error,
        applies: Applies::Certificates,
        asks: "a critical key usage",
    },
    check: |judged| Verdict::kept_if(judged.key_usage.as_ref().is_none_or(|usage| usage.critical)),
};
