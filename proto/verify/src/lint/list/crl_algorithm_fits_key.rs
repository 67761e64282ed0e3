//! The signer can sign with the algorithm.

use crate::lint::rule::{Applies, LintRule, ListRule, Severity, Verdict};

pub(in crate::lint) static RULE: ListRule = ListRule {
    rule: LintRule {
        name: "crl-algorithm-fits-key",
        source: "CA/B BR 7.1.3.2",
        severity: Severity::Error,
        applies: Applies::Lists,
        asks: "an algorithm that the key of the CA signs with",
    },
    check: |judged| match (judged.issuer, judged.algorithm) {
        (Some(issuer), Some(algorithm)) => {
            Verdict::kept_if(algorithm.fits(issuer.public_key().algorithm()))
        }
        (_, _) => Verdict::Kept,
    },
};
