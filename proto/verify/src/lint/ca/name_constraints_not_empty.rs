//! Name constraints that constrain nothing are forbidden.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};
use crate::oid;

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "name-constraints-not-empty",
        source: "RFC 5280 §4.2.1.10",
        severity: Severity::Error,
        applies: Applies::Authorities,
        asks: "name constraints with permitted or excluded subtrees",
    },
    check: |judged| {
        let found = judged.tbs.extensions.find(oid::NAME_CONSTRAINTS);
        Verdict::kept_if(found.is_none_or(|extension| extension.value != [0x30, 0]))
    },
};
