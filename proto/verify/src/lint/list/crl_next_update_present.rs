//! Without it nobody knows that a CRL is old.

use crate::lint::rule::{Applies, LintRule, ListRule, Severity, Verdict};

pub(in crate::lint) static RULE: ListRule = ListRule {
    rule: LintRule {
        name: "crl-next-update-present",
        source: "RFC 5280 §5.1.2.5",
        severity: Severity::Error,
        applies: Applies::Lists,
        asks: "a nextUpdate",
    },
    check: |judged| Verdict::kept_if(judged.tbs.next_update.is_some()),
};
