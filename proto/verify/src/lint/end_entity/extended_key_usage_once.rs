//! A purpose that stands there twice is a mistake of somebody.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "extended-key-usage-once",
        source: "CA/B BR 7.1.2.7.10",
        severity: Severity::Error,
        applies: Applies::EndEntities,
        asks: "each purpose once",
    },
    check: |judged| {
        let purposes = judged.purposes();
        let mut places = purposes.iter().enumerate();
        Verdict::kept_if(
            places.all(|(at, purpose)| !purposes.iter().take(at).any(|other| other == purpose)),
        )
    },
};
