//! A CRL without an issuer belongs to nobody.

use crate::distinguished_name::attributes;
use crate::lint::rule::{Applies, LintRule, ListRule, Severity, Verdict};

pub(in crate::lint) static RULE: ListRule = ListRule {
    rule: LintRule {
        name: "crl-issuer-readable",
        source: "RFC 5280 §5.1.2.3",
        severity: Severity::Error,
        applies: Applies::Lists,
        asks: "an issuer with attributes",
    },
    check: |judged| match attributes(judged.tbs.issuer) {
        Ok(issuer) => Verdict::kept_if(!issuer.is_empty()),
        Err(error) => Verdict::BrokenBy(error.to_string()),
    },
};
