//! A clock was set back, or a revocation dated ahead.

use crate::lint::rule::{Applies, LintRule, ListRule, Severity, Verdict};
use crate::tbs_cert_list::EntryFaults;

pub(in crate::lint) static RULE: ListRule = ListRule {
    rule: LintRule {
        name: "crl-entry-not-in-future",
        source: "RFC 5280 §5.3.2",
        severity: Severity::Notice,
        applies: Applies::Lists,
        asks: "revocations that happened before thisUpdate",
    },
    check: |judged| Verdict::kept_if(!judged.entries.faults.has(EntryFaults::FUTURE)),
};
