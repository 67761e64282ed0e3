//! A CA key signs certificates and CRLs.

use crate::KeyUsage;
use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "ca-key-usage",
        source: "RFC 5280 §4.2.1.3",
        severity: Severity::Error,
        applies: Applies::Authorities,
        asks: "keyCertSign and cRLSign and nothing else in a CA certificate",
    },
    check: |judged| {
        let of_ca = KeyUsage::KEY_CERT_SIGN.and(KeyUsage::CRL_SIGN);
        Verdict::kept_if(judged.key_usage().is_none_or(|usage| usage == of_ca))
    },
};
