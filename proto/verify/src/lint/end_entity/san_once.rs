//! A name that stands there twice is a mistake of somebody.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "san-once",
        source: "RFC 5280 §4.2.1.6",
        severity: Severity::Error,
        applies: Applies::EndEntities,
        asks: "each subject alternative name once",
    },
    check: |judged| {
        let sans = judged.sans();
        let mut places = sans.iter().enumerate();
        let twice =
            places.find(|(at, san)| sans.iter().take(*at).any(|other| other.name == san.name));
        Verdict::broken_by(twice.map(|(_, san)| &san.name))
    },
};
