//! They should not be critical.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};
use crate::oid;

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "crl-urls-not-critical",
        source: "RFC 5280 §4.2.1.13",
        severity: Severity::Error,
        applies: Applies::Certificates,
        asks: "CRL distribution points that are not critical",
    },
    check: |judged| Verdict::kept_if(judged.is_not_critical(oid::CRL_DISTRIBUTION_POINTS)),
};
