//! Serial numbers are positive.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "serial-positive",
        source: "RFC 5280 §4.1.2.2",
        severity: Severity::Error,
        applies: Applies::Certificates,
        asks: "a serial number above zero",
    },
    check: |judged| {
        let serial = judged.tbs.serial;
        let is_negative = serial.first().is_some_and(|first| *first >= 0x80);
        Verdict::kept_if(!is_negative && serial != [0])
    },
};
