//! Nothing is enciphered with an elliptic key.

use crate::KeyAlgorithm;
use crate::KeyUsage;
use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "key-encipherment-needs-rsa",
        source: "RFC 8813 §3",
        severity: Severity::Error,
        applies: Applies::EndEntities,
        asks: "keyEncipherment with RSA keys only",
    },
    check: |judged| {
        let is_elliptic = judged.key.as_ref().is_ok_and(|key| match key.algorithm() {
            KeyAlgorithm::Rsa { .. } => false,
            KeyAlgorithm::P256 | KeyAlgorithm::P384 => true,
        });
        let has = judged
            .key_usage()
            .is_some_and(|usage| usage.has(KeyUsage::KEY_ENCIPHERMENT));
        Verdict::kept_if(!is_elliptic || !has)
    },
};
