//! Without it nothing below verifies.

use crate::lint::judged::Part;
use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "ca-basic-constraints",
        source: "RFC 5280 §4.2.1.9",
        severity: Severity::Error,
        applies: Applies::Authorities,
        asks: "basic constraints that say CA",
    },
    check: |judged| {
        let unreadable = judged.basic_constraints.as_ref().and_then(Part::error);
        let is_ca = judged
            .basic_constraints()
            .is_some_and(|constraints| constraints.ca);
        Verdict::kept_if(unreadable.is_some() || is_ca)
    },
};
