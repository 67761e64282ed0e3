//! An end entity signs no certificates and no CRLs.

use crate::KeyUsage;
use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "end-entity-key-usage",
        source: "RFC 5280 §4.2.1.3; the template of RouterOS gives CA usages to clients",
        severity: Severity::Error,
        applies: Applies::EndEntities,
        asks: "nothing but digitalSignature and keyEncipherment",
    },
    check: |judged| {
        let of_end_entity = KeyUsage::DIGITAL_SIGNATURE.and(KeyUsage::KEY_ENCIPHERMENT);
        let odd = judged
            .key_usage()
            .filter(|usage| !of_end_entity.has(*usage));
        Verdict::broken_by(odd)
    },
};
