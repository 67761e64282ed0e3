//! A CRL ends after it begins.

use crate::lint::rule::{Applies, LintRule, ListRule, Severity, Verdict};

pub(in crate::lint) static RULE: ListRule = ListRule {
    rule: LintRule {
        name: "crl-time-order",
        source: "RFC 5280 §5.1.2.5",
        severity: Severity::Error,
        applies: Applies::Lists,
        asks: "a nextUpdate after thisUpdate",
    },
    check: |judged| {
        let end = judged.tbs.next_update;
        Verdict::kept_if(end.is_none_or(|end| judged.tbs.this_update.value < end.value))
    },
};
