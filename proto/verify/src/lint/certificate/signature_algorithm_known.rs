//! No SHA-1, no MD5, no PSS, which Apple and old RouterOS do not verify.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "signature-algorithm-known",
        source: "CA/B BR 7.1.3.2",
        severity: Severity::Error,
        applies: Applies::Certificates,
        asks: "SHA-2 with RSA PKCS#1 v1.5 or ECDSA, encoded as RFC 4055 and RFC 5758 say",
    },
    check: |judged| Verdict::kept_if(judged.algorithm.is_some()),
};
