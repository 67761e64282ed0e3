//! Without one a client certificate is good for a gateway.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "extended-key-usage-present",
        source: "CA/B BR 7.1.2.7.10",
        severity: Severity::Error,
        applies: Applies::EndEntities,
        asks: "an extended key usage",
    },
    check: |judged| Verdict::kept_if(judged.extended_key_usage.is_some()),
};
