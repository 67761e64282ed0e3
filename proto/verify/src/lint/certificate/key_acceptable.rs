//! The key is of a kind and size that relying parties read.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "key-acceptable",
        source: "CA/B BR 6.1.6",
        severity: Severity::Error,
        applies: Applies::Certificates,
        asks: "RSA of 2048 to 8192 bits, P-256 or P-384, in its one encoding",
    },
    check: |judged| Verdict::kept_or(&judged.key),
};
