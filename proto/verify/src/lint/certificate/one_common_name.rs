//! Programs disagree on which of two common names counts.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "one-common-name",
        source: "CA/B BR 7.1.4.3",
        severity: Severity::Error,
        applies: Applies::Certificates,
        asks: "exactly one common name",
    },
    check: |judged| {
        Verdict::kept_if(judged.subject().is_empty() || judged.common_names().count() == 1)
    },
};
