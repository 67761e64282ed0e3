//! A CA that is renewed would break the chain.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "authority-key-identifier-key-only",
        source: "CA/B BR 7.1.2.11.1",
        severity: Severity::Error,
        applies: Applies::Certificates,
        asks: "no issuer and serial number in the authority key identifier",
    },
    check: |judged| {
        let found = judged.authority_key_identifier();
        Verdict::kept_if(!found.is_some_and(|found| found.names_issuer))
    },
};
