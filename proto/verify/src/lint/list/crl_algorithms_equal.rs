//! What is named inside is what stands outside.

use crate::lint::rule::{Applies, LintRule, ListRule, Severity, Verdict};

pub(in crate::lint) static RULE: ListRule = ListRule {
    rule: LintRule {
        name: "crl-algorithms-equal",
        source: "RFC 5280 §5.1.1.2",
        severity: Severity::Error,
        applies: Applies::Lists,
        asks: "the same signature algorithm inside and outside",
    },
    check: |judged| Verdict::kept_if(judged.tbs.signature_algorithm == judged.outer),
};
