//! Programs print and compare multi-valued names differently.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "one-attribute-per-rdn",
        source: "CA/B BR 7.1.4.1",
        severity: Severity::Error,
        applies: Applies::Certificates,
        asks: "one attribute in each relative distinguished name",
    },
    check: |judged| Verdict::kept_if(judged.subject().iter().all(|attribute| attribute.begins)),
};
