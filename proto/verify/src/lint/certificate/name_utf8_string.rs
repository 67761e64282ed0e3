//! One encoding, so that equal names have equal octets.

use crate::der_reader::tag;
use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};
use crate::oid;

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "name-utf8-string",
        source: "RFC 5280 §4.1.2.4",
        severity: Severity::Error,
        applies: Applies::Certificates,
        asks: "UTF8String in the subject, but for the country",
    },
    check: |judged| {
        let mut attributes = judged.subject().iter();
        Verdict::kept_if(attributes.all(|attribute| {
            let is_country = attribute.oid == oid::COUNTRY;
            is_country || attribute.tag == tag::UTF8_STRING
        }))
    },
};
