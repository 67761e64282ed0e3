//! Critical names are for certificates without a subject.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "san-not-critical",
        source: "RFC 5280 §4.2.1.6",
        severity: Severity::Error,
        applies: Applies::EndEntities,
        asks: "subject alternative names that are not critical beside a subject",
    },
    check: |judged| {
        let is_critical = judged.sans.as_ref().is_some_and(|sans| sans.critical);
        Verdict::kept_if(!is_critical || judged.subject().is_empty())
    },
};
