//! Names are lists of sets of attributes.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "name-readable",
        source: "RFC 5280 §4.1.2.4",
        severity: Severity::Error,
        applies: Applies::Certificates,
        asks: "issuer and subject that are names",
    },
    check: |judged| {
        let errors = [
            judged.issuer_name.as_ref().err(),
            judged.subject.as_ref().err(),
        ];
        Verdict::broken_by(errors.into_iter().flatten().next())
    },
};
