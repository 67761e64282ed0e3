//! No other certificate can be meant.

use crate::lint::rule::{Applies, LintRule, ListRule, Severity, Verdict};
use crate::tbs_cert_list::EntryFaults;

pub(in crate::lint) static RULE: ListRule = ListRule {
    rule: LintRule {
        name: "crl-entry-serial-form",
        source: "RFC 5280 §4.1.2.2",
        severity: Severity::Error,
        applies: Applies::Lists,
        asks: "serial numbers above zero of at most 20 octets",
    },
    check: |judged| Verdict::kept_if(!judged.entries.faults.has(EntryFaults::SERIAL)),
};
