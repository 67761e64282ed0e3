//! This CA answers at no other place.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "access-only-ca-issuers",
        source: "RFC 5280 §4.2.2.1",
        severity: Severity::Notice,
        applies: Applies::BelowRoot,
        asks: "caIssuers with a URL and nothing else in the authority information access",
    },
    check: |judged| Verdict::kept_if(judged.access().is_none_or(|found| found.plain)),
};
