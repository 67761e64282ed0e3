//! Only CAs have one.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "end-entity-path-length-absent",
        source: "RFC 5280 §4.2.1.9",
        severity: Severity::Error,
        applies: Applies::EndEntities,
        asks: "no path length in an end entity",
    },
    check: |judged| {
        Verdict::kept_if(
            judged
                .basic_constraints()
                .is_none_or(|constraints| constraints.path_len.is_none()),
        )
    },
};
