//! Anything else is a network or nothing.

use crate::AlternativeName;
use crate::alternative_name::ADDRESS;
use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "san-ip-form",
        source: "RFC 5280 §4.2.1.6",
        severity: Severity::Error,
        applies: Applies::EndEntities,
        asks: "IP addresses of 4 or 16 octets",
    },
    check: |judged| {
        let mut sans = judged.sans().iter();
        let odd = sans.find(|san| {
            matches!(san.name, AlternativeName::Foreign(_))
                && san.tag == ADDRESS
                && san.octets.len() != 16
        });
        Verdict::broken_by(odd.map(|odd| &odd.name))
    },
};
