//! Programs disagree on which of two counts.

use crate::lint::rule::{Applies, LintRule, ListRule, Severity, Verdict};

pub(in crate::lint) static RULE: ListRule = ListRule {
    rule: LintRule {
        name: "crl-extension-once",
        source: "RFC 5280 §5.2",
        severity: Severity::Error,
        applies: Applies::Lists,
        asks: "each extension once",
    },
    check: |judged| {
        let twice = judged.tbs.extensions.duplicate();
        Verdict::broken_by(twice.map(|twice| format!("extension {twice} stands there twice")))
    },
};
