//! A root is trusted because it is installed.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "root-without-urls",
        source: "RFC 5280 §4.2.1.13",
        severity: Severity::Error,
        applies: Applies::Roots,
        asks: "no CRL and no CA URL in a root, which nobody can revoke",
    },
    check: |judged| Verdict::kept_if(judged.crl_urls.is_none() && judged.access.is_none()),
};
