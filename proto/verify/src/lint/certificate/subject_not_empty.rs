//! RouterOS shows, and IKE identities match, the subject.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "subject-not-empty",
        source: "RouterOS: rows are told apart by their subject",
        severity: Severity::Error,
        applies: Applies::Certificates,
        asks: "a subject with attributes",
    },
    check: |judged| {
        let is_empty = judged.subject.as_ref().is_ok_and(Vec::is_empty);
        Verdict::kept_if(!is_empty)
    },
};
