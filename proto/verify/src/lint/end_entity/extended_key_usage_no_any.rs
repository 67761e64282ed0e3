//! Whoever may do anything may be the gateway.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};
use crate::oid;

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "extended-key-usage-no-any",
        source: "RFC 5280 §4.2.1.12, CA/B BR 7.1.2.7.10",
        severity: Severity::Error,
        applies: Applies::EndEntities,
        asks: "no anyExtendedKeyUsage",
    },
    check: |judged| Verdict::kept_if(!judged.purposes().contains(&oid::ANY_EXTENDED_KEY_USAGE)),
};
