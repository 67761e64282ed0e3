//! A NUL ends a name for some programs and not for others.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "name-without-control-characters",
        source: "RFC 5280 §4.1.2.4, CVE-2009-2408",
        severity: Severity::Error,
        applies: Applies::Certificates,
        asks: "no control characters in the subject",
    },
    check: |judged| {
        let mut attributes = judged.subject().iter();
        Verdict::kept_if(
            !attributes.any(|attribute| attribute.text().chars().any(char::is_control)),
        )
    },
};
