//! They must not be critical.

use crate::lint::rule::{Applies, LintRule, ListRule, Severity, Verdict};
use crate::oid;

pub(in crate::lint) static RULE: ListRule = ListRule {
    rule: LintRule {
        name: "crl-extension-not-critical",
        source: "RFC 5280 §5.2",
        severity: Severity::Error,
        applies: Applies::Lists,
        asks: "a number and a key identifier that are not critical",
    },
    check: |judged| {
        let mut extensions = judged.tbs.extensions.0.iter();
        let odd = extensions.find(|extension| {
            let is_plain =
                [oid::CRL_NUMBER, oid::AUTHORITY_KEY_IDENTIFIER].contains(&extension.oid);
            is_plain && extension.critical
        });
        Verdict::broken_by(odd.map(|odd| format!("extension {}", odd.oid)))
    },
};
