//! Only CAs have them.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};
use crate::oid;

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "end-entity-no-name-constraints",
        source: "RFC 5280 §4.2.1.10",
        severity: Severity::Error,
        applies: Applies::EndEntities,
        asks: "no name constraints in an end entity",
    },
    check: |judged| Verdict::kept_if(judged.tbs.extensions.find(oid::NAME_CONSTRAINTS).is_none()),
};
