//! A CA with two keys has two CRLs.

use crate::lint::rule::{Applies, LintRule, ListRule, Severity, Verdict};

pub(in crate::lint) static RULE: ListRule = ListRule {
    rule: LintRule {
        name: "crl-authority-key-identifier-present",
        source: "RFC 5280 §5.2.1",
        severity: Severity::Error,
        applies: Applies::Lists,
        asks: "an authority key identifier with a key identifier",
    },
    check: |judged| match judged.authority {
        Ok(found) => Verdict::kept_if(found.is_some()),
        Err(error) => Verdict::BrokenBy(error.to_string()),
    },
};
