//! No SHA-1, no MD5, no PSS.

use crate::lint::rule::{Applies, LintRule, ListRule, Severity, Verdict};

pub(in crate::lint) static RULE: ListRule = ListRule {
    rule: LintRule {
        name: "crl-signature-algorithm-known",
        source: "CA/B BR 7.1.3.2",
        severity: Severity::Error,
        applies: Applies::Lists,
        asks: "SHA-2 with RSA PKCS#1 v1.5 or ECDSA, encoded as RFC 4055 and RFC 5758 say",
    },
    check: |judged| Verdict::kept_if(judged.algorithm.is_some()),
};
