//! Name matching may fold white space: two names, one match.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "name-without-outer-spaces",
        source: "RFC 5280 §7.1",
        severity: Severity::Error,
        applies: Applies::Certificates,
        asks: "no white space around or doubled in an attribute of the subject",
    },
    check: |judged| {
        let mut attributes = judged.subject().iter();
        Verdict::kept_if(!attributes.any(|attribute| {
            let text = attribute.text();
            text.trim() != text || text.contains("  ")
        }))
    },
};
