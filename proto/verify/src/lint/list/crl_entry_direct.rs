//! An indirect CRL speaks for other CAs; RouterOS reads none.

use crate::lint::rule::{Applies, LintRule, ListRule, Severity, Verdict};
use crate::tbs_cert_list::EntryFaults;

pub(in crate::lint) static RULE: ListRule = ListRule {
    rule: LintRule {
        name: "crl-entry-direct",
        source: "RFC 5280 §5.3.3, CA/B BR 7.2",
        severity: Severity::Error,
        applies: Applies::Lists,
        asks: "no certificate issuer in an entry",
    },
    check: |judged| Verdict::kept_if(!judged.entries.faults.has(EntryFaults::INDIRECT)),
};
