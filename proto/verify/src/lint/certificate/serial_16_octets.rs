//! One length and no leading zeros: the same text everywhere.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "serial-16-octets",
        source: "RouterOS: numbers are printed without leading zeros",
        severity: Severity::Error,
        applies: Applies::Certificates,
        asks: "a serial number of 16 octets that begins with 40 to 7f, as all of this CA do",
    },
    check: |judged| {
        let serial = judged.tbs.serial;
        let is_ours = serial.len() == 16
            && serial
                .first()
                .is_some_and(|first| (0x40..0x80).contains(first));
        // What is too short, too long or not positive is the business of the other rules.
        let is_plausible =
            (8..=20).contains(&serial.len()) && serial.first().is_some_and(|first| *first < 0x80);
        Verdict::kept_if(is_ours || !is_plausible)
    },
};
