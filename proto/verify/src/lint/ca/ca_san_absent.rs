//! The name of a CA is its subject.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "ca-san-absent",
        source: "RFC 5280 §4.2.1.6",
        severity: Severity::Error,
        applies: Applies::Authorities,
        asks: "no subject alternative names in a CA certificate",
    },
    check: |judged| Verdict::kept_if(judged.sans.is_none()),
};
