//! Times have one form.

use crate::lint::rule::{Applies, LintRule, ListRule, Severity, Verdict};
use crate::lint::time_form::has_right_form;

pub(in crate::lint) static RULE: ListRule = ListRule {
    rule: LintRule {
        name: "crl-time-form",
        source: "RFC 5280 §5.1.2.4 and §5.1.2.5",
        severity: Severity::Error,
        applies: Applies::Lists,
        asks: "UTCTime through 2049 and GeneralizedTime from 2050",
    },
    check: |judged| {
        let mut times = [Some(judged.tbs.this_update), judged.tbs.next_update]
            .into_iter()
            .flatten();
        Verdict::kept_if(times.all(has_right_form))
    },
};
