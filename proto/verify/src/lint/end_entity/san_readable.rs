//! An empty list is no list.

use crate::lint::judged::Part;
use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "san-readable",
        source: "RFC 5280 §4.2.1.6",
        severity: Severity::Error,
        applies: Applies::EndEntities,
        asks: "subject alternative names in DER, at least one",
    },
    check: |judged| Verdict::broken_by(judged.sans.as_ref().and_then(Part::error)),
};
