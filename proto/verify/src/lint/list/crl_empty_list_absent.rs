//! An empty list must be absent.

use crate::lint::rule::{Applies, LintRule, ListRule, Severity, Verdict};

pub(in crate::lint) static RULE: ListRule = ListRule {
    rule: LintRule {
        name: "crl-empty-list-absent",
        source: "RFC 5280 §5.1.2.6",
        severity: Severity::Error,
        applies: Applies::Lists,
        asks: "no list of revoked certificates when there are none",
    },
    check: |judged| Verdict::kept_if(!judged.tbs.has_empty_list),
};
