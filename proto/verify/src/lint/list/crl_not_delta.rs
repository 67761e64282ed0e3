//! RouterOS reads no deltas.

use crate::lint::rule::{Applies, LintRule, ListRule, Severity, Verdict};
use crate::oid;

pub(in crate::lint) static RULE: ListRule = ListRule {
    rule: LintRule {
        name: "crl-not-delta",
        source: "RFC 5280 §5.2.4, RouterOS manual: Certificates",
        severity: Severity::Error,
        applies: Applies::Lists,
        asks: "a full CRL",
    },
    check: |judged| {
        Verdict::kept_if(
            judged
                .tbs
                .extensions
                .find(oid::DELTA_CRL_INDICATOR)
                .is_none(),
        )
    },
};
