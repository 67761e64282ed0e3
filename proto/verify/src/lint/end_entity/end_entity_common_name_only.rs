//! What else stands there was proved by nobody.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "end-entity-common-name-only",
        source: "CA/B BR 7.1.2.7.2",
        severity: Severity::Error,
        applies: Applies::EndEntities,
        asks: "a subject of a common name alone",
    },
    check: |judged| Verdict::kept_if(judged.subject().len() == judged.common_names().count()),
};
