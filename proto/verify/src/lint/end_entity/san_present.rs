//! Programs look for names there and nowhere else.

use ca_types::IssuerClass;

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};
use crate::oid;

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "san-present",
        source: "CA/B BR 7.1.2.7.12",
        severity: Severity::Error,
        applies: Applies::EndEntities,
        asks: "subject alternative names",
    },
    check: |judged| {
        // The name of an actor need not have the form of a subject alternative name.
        let is_needed = match judged.class() {
            Some(class) => class != IssuerClass::Control,
            None => judged.purposes().contains(&oid::SERVER_AUTH),
        };
        Verdict::kept_if(!is_needed || judged.sans.is_some())
    },
};
