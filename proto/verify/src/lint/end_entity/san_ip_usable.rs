//! Every machine has these addresses, or none.

use ca_types::GeneralName;

use crate::AlternativeName;
use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "san-ip-usable",
        source: "RFC 6890 §2.2",
        severity: Severity::Notice,
        applies: Applies::EndEntities,
        asks: "no loopback, unspecified or multicast address",
    },
    check: |judged| {
        let mut sans = judged.sans().iter();
        let odd = sans.find(|san| match &san.name {
            AlternativeName::Issuable(GeneralName::Ip(address)) => {
                address.is_loopback() || address.is_unspecified() || address.is_multicast()
            }
            AlternativeName::Issuable(_)
            | AlternativeName::AddressAsDns(_)
            | AlternativeName::Foreign(_) => false,
        });
        Verdict::broken_by(odd.map(|odd| &odd.name))
    },
};
