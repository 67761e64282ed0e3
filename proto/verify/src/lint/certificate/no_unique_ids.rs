//! Conforming CAs write no unique identifiers.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "no-unique-ids",
        source: "RFC 5280 §4.1.2.8",
        severity: Severity::Error,
        applies: Applies::Certificates,
        asks: "no unique identifiers",
    },
    check: |judged| Verdict::kept_if(!judged.tbs.has_unique_ids),
};
