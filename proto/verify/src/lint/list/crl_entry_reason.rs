//! Unspecified is said by leaving the reason out.

use crate::lint::rule::{Applies, LintRule, ListRule, Severity, Verdict};
use crate::tbs_cert_list::EntryFaults;

pub(in crate::lint) static RULE: ListRule = ListRule {
    rule: LintRule {
        name: "crl-entry-reason",
        source: "RFC 5280 §5.3.1",
        severity: Severity::Error,
        applies: Applies::Lists,
        asks: "a known reason that is not unspecified and not removeFromCRL",
    },
    check: |judged| Verdict::kept_if(!judged.entries.faults.has(EntryFaults::REASON)),
};
