//! IKE and TLS 1.3 sign.

use crate::KeyUsage;
use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "key-usage-digital-signature",
        source: "RFC 4945 §5.1.3.2",
        severity: Severity::Error,
        applies: Applies::EndEntities,
        asks: "digitalSignature",
    },
    check: |judged| {
        Verdict::kept_if(
            judged
                .key_usage()
                .is_none_or(|usage| usage.has(KeyUsage::DIGITAL_SIGNATURE)),
        )
    },
};
