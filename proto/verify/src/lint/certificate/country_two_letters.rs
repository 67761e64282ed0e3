//! Countries are codes, not words.

use crate::der_reader::tag;
use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};
use crate::oid;

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "country-two-letters",
        source: "RFC 5280 appendix A.1, ISO 3166-1",
        severity: Severity::Error,
        applies: Applies::Certificates,
        asks: "a country of two upper-case letters as PrintableString",
    },
    check: |judged| {
        let mut countries = judged
            .subject()
            .iter()
            .filter(|attribute| attribute.oid == oid::COUNTRY);
        Verdict::kept_if(countries.all(|country| {
            let is_code = matches!(country.value, [b'A'..=b'Z', b'A'..=b'Z']);
            is_code && country.tag == tag::PRINTABLE_STRING
        }))
    },
};
