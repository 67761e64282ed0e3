//! Whoever dials needs clientAuth, whoever answers serverAuth.

use crate::lint::purposes::are_complete;
use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "extended-key-usage-complete",
        source: "RFC 5280 §4.2.1.12",
        severity: Severity::Error,
        applies: Applies::EndEntities,
        asks: "the purposes that the class of the CA needs",
    },
    check: |judged| match judged.class() {
        Some(class) if !judged.purposes().is_empty() => {
            Verdict::kept_if(are_complete(class, judged.purposes()))
        }
        Some(_) | None => Verdict::Kept,
    },
};
