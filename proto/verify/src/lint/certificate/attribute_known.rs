//! RouterOS shows no others.

use spki::ObjectIdentifier;

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};
use crate::oid;

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "attribute-known",
        source: "RFC 5280 §4.1.2.4",
        severity: Severity::Notice,
        applies: Applies::Certificates,
        asks: "no attributes but common name, organization, unit, country, state and locality",
    },
    check: |judged| {
        let mut attributes = judged.subject().iter();
        let unknown = attributes.find(|attribute| !KNOWN.contains(&attribute.oid));
        Verdict::broken_by(unknown.map(|unknown| format!("attribute {}", unknown.oid)))
    },
};

const KNOWN: [ObjectIdentifier; 7] = [
    oid::COMMON_NAME,
    oid::ORGANIZATION,
    oid::ORGANIZATIONAL_UNIT,
    oid::COUNTRY,
    oid::STATE,
    oid::LOCALITY,
    // It has a rule of its own.
    oid::EMAIL_ADDRESS,
];
