//! An end entity must not issue.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "end-entity-no-ca",
        source: "RFC 5280 §4.2.1.9",
        severity: Severity::Error,
        applies: Applies::EndEntities,
        asks: "no CA",
    },
    check: |judged| {
        Verdict::kept_if(
            !judged
                .basic_constraints()
                .is_some_and(|constraints| constraints.ca),
        )
    },
};
