//! Paths are built by it.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "subject-key-identifier-present",
        source: "RFC 5280 §4.2.1.2",
        severity: Severity::Error,
        applies: Applies::Certificates,
        asks: "a subject key identifier",
    },
    check: |judged| Verdict::kept_if(judged.subject_key_identifier.is_some()),
};
