//! Extensions need version 2.

use crate::lint::rule::{Applies, LintRule, ListRule, Severity, Verdict};

pub(in crate::lint) static RULE: ListRule = ListRule {
    rule: LintRule {
        name: "crl-version-2",
        source: "RFC 5280 §5.1.2.1",
        severity: Severity::Error,
        applies: Applies::Lists,
        asks: "version 2",
    },
    check: |judged| Verdict::kept_if(judged.tbs.version == 1),
};
