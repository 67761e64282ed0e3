//! The newest CRL is the one with the highest number.

use crate::lint::rule::{Applies, LintRule, ListRule, Severity, Verdict};
use crate::oid;

pub(in crate::lint) static RULE: ListRule = ListRule {
    rule: LintRule {
        name: "crl-number-present",
        source: "RFC 5280 §5.2.3",
        severity: Severity::Error,
        applies: Applies::Lists,
        asks: "a CRL number",
    },
    check: |judged| Verdict::kept_if(judged.tbs.extensions.find(oid::CRL_NUMBER).is_some()),
};
