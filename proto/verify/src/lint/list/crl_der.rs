//! The octets are DER of the right form.

use crate::lint::rule::{Applies, LintRule, ListRule, Severity, Verdict};

pub(in crate::lint) static RULE: ListRule = ListRule {
    rule: LintRule {
        name: "crl-der",
        source: "RFC 5280 §5.1",
        severity: Severity::Error,
        applies: Applies::Lists,
        asks: "a CRL in DER",
    },
    check: |_judged| {
        // The judge reports it: without a reading there is nothing to look at.
        Verdict::Kept
    },
};
