//! They must not be critical.

use crate::lint::rule::{Applies, LintRule, ListRule, Severity, Verdict};
use crate::tbs_cert_list::EntryFaults;

pub(in crate::lint) static RULE: ListRule = ListRule {
    rule: LintRule {
        name: "crl-entry-reason-not-critical",
        source: "RFC 5280 §5.3.1",
        severity: Severity::Error,
        applies: Applies::Lists,
        asks: "reasons that are not critical",
    },
    check: |judged| Verdict::kept_if(!judged.entries.faults.has(EntryFaults::CRITICAL_REASON)),
};
