//! A certificate that outlives its CA ends with it, by surprise.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "validity-inside-issuer",
        source: "RFC 5280 §6.1.3",
        severity: Severity::Error,
        applies: Applies::BelowRoot,
        asks: "a validity that lies inside the one of the CA",
    },
    check: |judged| {
        let Some(issuer) = judged.issuer else {
            return Verdict::Kept;
        };
        let outer = issuer.validity();
        let (start, end) = (judged.tbs.not_before.value, judged.tbs.not_after.value);
        Verdict::kept_if(outer.not_before() <= start && end <= outer.not_after() || end < start)
    },
};
