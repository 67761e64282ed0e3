//! Path validation does not look at it, some programs do.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "root-path-length-absent",
        source: "RFC 5280 §4.2.1.9",
        severity: Severity::Error,
        applies: Applies::Roots,
        asks: "no path length in a root",
    },
    check: |judged| {
        Verdict::kept_if(
            judged
                .basic_constraints()
                .is_none_or(|constraints| constraints.path_len.is_none()),
        )
    },
};
