//! One place to keep up.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "one-ca-issuers-url",
        source: "RFC 5280 §4.2.2.1",
        severity: Severity::Error,
        applies: Applies::BelowRoot,
        asks: "one URL of the certificate of the CA",
    },
    check: |judged| Verdict::kept_if(judged.access().is_none_or(|found| found.urls.len() <= 1)),
};
