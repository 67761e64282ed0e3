//! Programs disagree on which of two entries counts.

use crate::lint::rule::{Applies, LintRule, ListRule, Severity, Verdict};

pub(in crate::lint) static RULE: ListRule = ListRule {
    rule: LintRule {
        name: "crl-entries-once",
        source: "RFC 5280 §5.1.2.6",
        severity: Severity::Error,
        applies: Applies::Lists,
        asks: "each serial number once",
    },
    check: |judged| {
        let hexadecimal = |octets: &[u8]| {
            octets
                .iter()
                .map(|octet| format!("{octet:02x}"))
                .collect::<String>()
        };
        Verdict::broken_by(judged.entries.twice.map(hexadecimal))
    },
};
