//! The octets are DER of the right form.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "der",
        source: "RFC 5280 §4.1",
        severity: Severity::Error,
        applies: Applies::Certificates,
        asks: "a certificate in DER with the fields of version 3",
    },
    check: |_judged| {
        // The judge reports it: without a reading there is nothing to look at.
        Verdict::Kept
    },
};
