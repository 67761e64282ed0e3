//! Two CRLs of the same certificates have the same octets.

use crate::lint::rule::{Applies, LintRule, ListRule, Severity, Verdict};
use crate::tbs_cert_list::EntryFaults;

pub(in crate::lint) static RULE: ListRule = ListRule {
    rule: LintRule {
        name: "crl-entries-ascending",
        source: "RouterOS manual, Certificates: small CRLs",
        severity: Severity::Notice,
        applies: Applies::Lists,
        asks: "serial numbers in ascending order",
    },
    check: |judged| {
        Verdict::kept_if(
            !judged.entries.faults.has(EntryFaults::ORDER) || judged.entries.twice.is_some(),
        )
    },
};
