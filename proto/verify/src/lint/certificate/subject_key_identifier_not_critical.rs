//! It must not be critical.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};
use crate::oid;

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "subject-key-identifier-not-critical",
        source: "RFC 5280 §4.2.1.2",
        severity: Severity::Error,
        applies: Applies::Certificates,
        asks: "a subject key identifier that is not critical",
    },
    check: |judged| Verdict::kept_if(judged.is_not_critical(oid::SUBJECT_KEY_IDENTIFIER)),
};
