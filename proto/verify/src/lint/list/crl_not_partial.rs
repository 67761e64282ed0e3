//! RouterOS reads one CRL for everything that a CA issued.

use crate::lint::rule::{Applies, LintRule, ListRule, Severity, Verdict};
use crate::oid;

pub(in crate::lint) static RULE: ListRule = ListRule {
    rule: LintRule {
        name: "crl-not-partial",
        source: "RFC 5280 §5.2.5, RouterOS manual: Certificates",
        severity: Severity::Error,
        applies: Applies::Lists,
        asks: "no issuing distribution point",
    },
    check: |judged| {
        Verdict::kept_if(
            judged
                .tbs
                .extensions
                .find(oid::ISSUING_DISTRIBUTION_POINT)
                .is_none(),
        )
    },
};
