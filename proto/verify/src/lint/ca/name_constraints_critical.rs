//! They must be critical, or programs pass over them.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};
use crate::oid;

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "name-constraints-critical",
        source: "RFC 5280 §4.2.1.10",
        severity: Severity::Error,
        applies: Applies::Authorities,
        asks: "critical name constraints",
    },
    check: |judged| {
        let found = judged.tbs.extensions.find(oid::NAME_CONSTRAINTS);
        Verdict::kept_if(found.is_none_or(|extension| extension.critical))
    },
};
