//! An old CRL hides revocations.

use crate::lint::rule::{Applies, LintRule, ListRule, Severity, Verdict};

pub(in crate::lint) static RULE: ListRule = ListRule {
    rule: LintRule {
        name: "crl-length",
        source: "CA/B BR 7.2 and 4.9.7",
        severity: Severity::Error,
        applies: Applies::Lists,
        asks: "a nextUpdate after at most 10 days, or 366 for a root",
    },
    check: |judged| {
        let limit = if judged.may_be_of_root() {
            ROOT_SECONDS
        } else {
            ISSUING_SECONDS
        };
        let start = judged.tbs.this_update.value;
        Verdict::kept_if(
            judged
                .tbs
                .next_update
                .is_none_or(|end| end.value.since(start) <= limit),
        )
    },
};

/// 10 days for the CRL of an issuing CA; 366 for the one of a root, which is signed at a ceremony.
const ISSUING_SECONDS: u64 = 10 * 86_400;
const ROOT_SECONDS: u64 = 366 * 86_400;
