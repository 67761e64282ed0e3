//! CRLs are found by name.

use crate::lint::rule::{Applies, LintRule, ListRule, Severity, Verdict};

pub(in crate::lint) static RULE: ListRule = ListRule {
    rule: LintRule {
        name: "crl-issuer-is-subject-of-ca",
        source: "RFC 5280 §5.1.2.3",
        severity: Severity::Error,
        applies: Applies::Lists,
        asks: "an issuer that is, octet by octet, the subject of the CA",
    },
    check: |judged| {
        Verdict::kept_if(
            judged
                .issuer
                .is_none_or(|issuer| judged.tbs.issuer == issuer.subject().der()),
        )
    },
};
