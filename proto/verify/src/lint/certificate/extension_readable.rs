//! An extension that cannot be read is one that programs disagree on.

use crate::lint::judged::Part;
use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "extension-readable",
        source: "RFC 5280 §4.2",
        severity: Severity::Error,
        applies: Applies::Certificates,
        asks: "extensions in DER of the form that their section gives",
    },
    check: |judged| {
        let errors = [
            judged.key_usage.as_ref().and_then(Part::error),
            judged.extended_key_usage.as_ref().and_then(Part::error),
            judged.basic_constraints.as_ref().and_then(Part::error),
            judged.subject_key_identifier.as_ref().and_then(Part::error),
            judged
                .authority_key_identifier
                .as_ref()
                .and_then(Part::error),
            judged.crl_urls.as_ref().and_then(Part::error),
            judged.access.as_ref().and_then(Part::error),
        ];
        Verdict::broken_by(errors.into_iter().flatten().next())
    },
};
