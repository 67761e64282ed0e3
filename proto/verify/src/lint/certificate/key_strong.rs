//! No small factor, no ROCA, no close primes.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "key-strong",
        source: "CA/B BR 6.1.1.3",
        severity: Severity::Error,
        applies: Applies::Certificates,
        asks: "a key that is not known to be weak",
    },
    check: |judged| match &judged.key {
        Ok(key) => Verdict::kept_or(&key.check_strength()),
        Err(_) => Verdict::Kept,
    },
};
