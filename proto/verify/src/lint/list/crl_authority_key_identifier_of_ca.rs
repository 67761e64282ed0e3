//! A wrong one makes a CRL that nobody finds.

use crate::Certificate;
use crate::lint::rule::{Applies, LintRule, ListRule, Severity, Verdict};

pub(in crate::lint) static RULE: ListRule = ListRule {
    rule: LintRule {
        name: "crl-authority-key-identifier-of-ca",
        source: "RFC 5280 §5.2.1",
        severity: Severity::Error,
        applies: Applies::Lists,
        asks: "the subject key identifier of the CA that signs",
    },
    check: |judged| {
        let of_ca = judged.issuer.and_then(Certificate::subject_key_identifier);
        match (judged.authority, of_ca) {
            (Ok(Some(named)), Some(of_ca)) => Verdict::kept_if(named == of_ca),
            (_, _) => Verdict::Kept,
        }
    },
};
