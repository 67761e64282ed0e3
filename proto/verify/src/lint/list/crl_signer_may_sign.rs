//! A CRL by another key is refused.

use crate::Certificate;
use crate::KeyUsage;
use crate::lint::rule::{Applies, LintRule, ListRule, Severity, Verdict};

pub(in crate::lint) static RULE: ListRule = ListRule {
    rule: LintRule {
        name: "crl-signer-may-sign",
        source: "RFC 5280 §4.2.1.3 and §6.3.3",
        severity: Severity::Error,
        applies: Applies::Lists,
        asks: "a CA with cRLSign",
    },
    check: |judged| {
        let may_sign = |issuer: &Certificate| {
            let usage = issuer.key_usage();
            issuer.is_ca() && usage.is_some_and(|usage| usage.has(KeyUsage::CRL_SIGN))
        };
        Verdict::kept_if(judged.issuer.is_none_or(may_sign))
    },
};
