//! The signer can sign with the algorithm.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "algorithm-fits-key",
        source: "CA/B BR 7.1.3.2",
        severity: Severity::Error,
        applies: Applies::Certificates,
        asks: "an algorithm that the key of the CA signs with: SHA-256 on P-256, SHA-384 on P-384",
    },
    check: |judged| match (judged.signer(), judged.algorithm) {
        (Some(signer), Some(algorithm)) => Verdict::kept_if(algorithm.fits(signer.algorithm())),
        (_, _) => Verdict::Kept,
    },
};
