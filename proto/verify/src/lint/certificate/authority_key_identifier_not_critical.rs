//! It must not be critical.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};
use crate::oid;

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "authority-key-identifier-not-critical",
        source: "RFC 5280 §4.2.1.1",
        severity: Severity::Error,
        applies: Applies::Certificates,
        asks: "an authority key identifier that is not critical",
    },
    check: |judged| Verdict::kept_if(judged.is_not_critical(oid::AUTHORITY_KEY_IDENTIFIER)),
};
