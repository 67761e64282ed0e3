//! Names are compared without case by some, with case by others.

use ca_types::GeneralName;

use crate::AlternativeName;
use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "san-lower-case",
        source: "RFC 4343 §3, RouterOS compares by octets",
        severity: Severity::Error,
        applies: Applies::EndEntities,
        asks: "DNS names and domains of addresses in lower case",
    },
    check: |judged| {
        let mut sans = judged.sans().iter();
        let odd = sans.find(|san| match &san.name {
            AlternativeName::Issuable(GeneralName::Ip(_))
            | AlternativeName::AddressAsDns(_)
            | AlternativeName::Foreign(_) => false,
            AlternativeName::Issuable(name) => name.value().as_bytes() != san.octets,
        });
        Verdict::broken_by(odd.map(|odd| &odd.name))
    },
};
