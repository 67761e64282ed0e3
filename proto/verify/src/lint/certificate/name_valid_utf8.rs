//! Broken text is read differently by everyone.

use crate::der_reader::tag;
use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "name-valid-utf8",
        source: "RFC 5280 §4.1.2.4, RFC 3629 §3",
        severity: Severity::Error,
        applies: Applies::Certificates,
        asks: "text that is UTF-8 in a UTF8String",
    },
    check: |judged| {
        let mut attributes = judged.subject().iter();
        Verdict::kept_if(attributes.all(|attribute| {
            attribute.tag != tag::UTF8_STRING || std::str::from_utf8(attribute.value).is_ok()
        }))
    },
};
