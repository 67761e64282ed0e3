//! What others say is read by some programs only.

use crate::lint::rule::{Applies, LintRule, ListRule, Severity, Verdict};
use crate::tbs_cert_list::EntryFaults;

pub(in crate::lint) static RULE: ListRule = ListRule {
    rule: LintRule {
        name: "crl-entry-extension-known",
        source: "RFC 5280 §5.3",
        severity: Severity::Notice,
        applies: Applies::Lists,
        asks: "a reason and no other extension in an entry",
    },
    check: |judged| Verdict::kept_if(!judged.entries.faults.has(EntryFaults::UNKNOWN_EXTENSION)),
};
