//! What others say is read by some programs only.

use crate::lint::rule::{Applies, LintRule, ListRule, Severity, Verdict};
use crate::oid;

pub(in crate::lint) static RULE: ListRule = ListRule {
    rule: LintRule {
        name: "crl-extension-known",
        source: "RFC 5280 §5.2",
        severity: Severity::Error,
        applies: Applies::Lists,
        asks: "a number and a key identifier and no other extension",
    },
    check: |judged| {
        let mut extensions = judged.tbs.extensions.0.iter();
        let odd = extensions.find(|extension| {
            ![
                oid::CRL_NUMBER,
                oid::AUTHORITY_KEY_IDENTIFIER,
                // They have rules of their own.
                oid::DELTA_CRL_INDICATOR,
                oid::ISSUING_DISTRIBUTION_POINT,
            ]
            .contains(&extension.oid)
        });
        Verdict::broken_by(odd.map(|odd| format!("extension {}", odd.oid)))
    },
};
