//! A dash or a dot in place of a value says nothing.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "name-says-something",
        source: "CA/B BR 7.1.4.2",
        severity: Severity::Error,
        applies: Applies::Certificates,
        asks: "a letter or a digit in each attribute of the subject",
    },
    check: |judged| {
        let mut attributes = judged.subject().iter();
        Verdict::kept_if(attributes.all(|attribute| {
            let text = attribute.text();
            text.trim().is_empty() || text.chars().any(char::is_alphanumeric)
        }))
    },
};
