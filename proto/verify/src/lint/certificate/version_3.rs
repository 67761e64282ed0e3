//! Extensions need version 3.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "version-3",
        source: "RFC 5280 §4.1.2.1",
        severity: Severity::Error,
        applies: Applies::Certificates,
        asks: "version 3",
    },
    check: |judged| Verdict::kept_if(judged.tbs.version == 2),
};
