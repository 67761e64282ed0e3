//! A program that knows no purpose of it would refuse.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "extended-key-usage-not-critical",
        source: "RFC 5280 §4.2.1.12",
        severity: Severity::Error,
        applies: Applies::EndEntities,
        asks: "an extended key usage that is not critical",
    },
    check: |judged| {
        Verdict::kept_if(
            judged
                .extended_key_usage
                .as_ref()
                .is_none_or(|usage| !usage.critical),
        )
    },
};
