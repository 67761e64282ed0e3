//! Times have one form.

use crate::lint::rule::{Applies, LintRule, ListRule, Severity, Verdict};
use crate::tbs_cert_list::EntryFaults;

pub(in crate::lint) static RULE: ListRule = ListRule {
    rule: LintRule {
        name: "crl-entry-time-form",
        source: "RFC 5280 §5.1.2.6",
        severity: Severity::Error,
        applies: Applies::Lists,
        asks: "UTCTime through 2049 and GeneralizedTime from 2050 in entries",
    },
    check: |judged| Verdict::kept_if(!judged.entries.faults.has(EntryFaults::TIME_FORM)),
};
