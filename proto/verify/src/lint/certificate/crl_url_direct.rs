//! RouterOS and OpenSSL read full and direct CRLs.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "crl-url-direct",
        source: "RFC 5280 §4.2.1.13, RouterOS manual: Certificates",
        severity: Severity::Error,
        applies: Applies::BelowRoot,
        asks: "a distribution point of a full name alone: no reasons, no other CRL issuer, no relative name",
    },
    check: |judged| Verdict::kept_if(judged.crl_urls().is_none_or(|found| found.plain)),
};
