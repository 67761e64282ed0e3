//! RouterOS reads one full CRL per CA.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "one-crl-url",
        source: "RouterOS manual, Certificates: one CRL per CA",
        severity: Severity::Error,
        applies: Applies::BelowRoot,
        asks: "one CRL URL",
    },
    check: |judged| Verdict::kept_if(judged.crl_urls().is_none_or(|found| found.urls.len() <= 1)),
};
