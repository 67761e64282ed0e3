//! RouterOS picks issuers by name, and breaks with two CAs of one.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "issuing-ca-other-name",
        source: "RouterOS: issuers are found by their name",
        severity: Severity::Error,
        applies: Applies::IssuingAuthorities,
        asks: "a subject that is not the issuer",
    },
    check: |judged| Verdict::kept_if(judged.tbs.issuer != judged.tbs.subject),
};
