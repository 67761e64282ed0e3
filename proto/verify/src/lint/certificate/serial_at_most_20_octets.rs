//! Programs keep 20 octets.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "serial-at-most-20-octets",
        source: "RFC 5280 §4.1.2.2",
        severity: Severity::Error,
        applies: Applies::Certificates,
        asks: "a serial number of at most 20 octets",
    },
    check: |judged| Verdict::kept_if(judged.tbs.serial.len() <= 20),
};
