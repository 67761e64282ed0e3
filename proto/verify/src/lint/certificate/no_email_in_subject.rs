//! New certificates have addresses among the subject alternative names.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};
use crate::oid;

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "no-email-in-subject",
        source: "RFC 5280 §4.1.2.6",
        severity: Severity::Error,
        applies: Applies::Certificates,
        asks: "e-mail addresses as rfc822Name, not in the subject",
    },
    check: |judged| {
        Verdict::kept_if(
            !judged
                .subject()
                .iter()
                .any(|attribute| attribute.oid == oid::EMAIL_ADDRESS),
        )
    },
};
