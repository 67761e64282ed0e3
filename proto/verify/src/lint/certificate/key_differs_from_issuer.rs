//! Whoever holds the key of a CA is the CA.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "key-differs-from-issuer",
        source: "CA/B BR 6.1.1.1",
        severity: Severity::Error,
        applies: Applies::BelowRoot,
        asks: "a key that is not the one of the CA",
    },
    check: |judged| match (&judged.key, judged.issuer) {
        (Ok(key), Some(issuer)) => Verdict::kept_if(key != issuer.public_key()),
        (_, _) => Verdict::Kept,
    },
};
