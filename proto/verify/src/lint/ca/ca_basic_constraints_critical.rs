//! They must be critical where the key signs certificates.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "ca-basic-constraints-critical",
        source: "RFC 5280 §4.2.1.9",
        severity: Severity::Error,
        applies: Applies::Authorities,
        asks: "critical basic constraints in a CA certificate",
    },
    check: |judged| {
        Verdict::kept_if(
            judged
                .basic_constraints
                .as_ref()
                .is_none_or(|constraints| constraints.critical),
        )
    },
};
