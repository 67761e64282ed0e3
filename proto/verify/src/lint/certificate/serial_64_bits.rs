//! A serial number that can be guessed helps a collision.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "serial-64-bits",
        source: "CA/B BR 7.1: at least 64 random bits",
        severity: Severity::Error,
        applies: Applies::Certificates,
        asks: "a serial number of at least 8 octets",
    },
    check: |judged| Verdict::kept_if(judged.tbs.serial.len() >= 8),
};
