//! Without one a key is good for everything.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "key-usage-present",
        source: "RFC 5280 §4.2.1.3, RFC 4945 §5.1.3.2",
        severity: Severity::Error,
        applies: Applies::Certificates,
        asks: "a key usage",
    },
    check: |judged| Verdict::kept_if(judged.key_usage.is_some()),
};
