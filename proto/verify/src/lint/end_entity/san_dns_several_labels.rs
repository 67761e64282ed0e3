//! A single label means another host in every network.

use ca_types::GeneralName;

use crate::AlternativeName;
use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "san-dns-several-labels",
        source: "RFC 1034 §3.1, CA/B BR 4.2.2",
        severity: Severity::Notice,
        applies: Applies::EndEntities,
        asks: "DNS names of two labels at least",
    },
    check: |judged| {
        let mut sans = judged.sans().iter();
        let odd = sans.find(|san| match &san.name {
            AlternativeName::Issuable(GeneralName::Dns(name)) => !name.as_str().contains('.'),
            AlternativeName::Issuable(_)
            | AlternativeName::AddressAsDns(_)
            | AlternativeName::Foreign(_) => false,
        });
        Verdict::broken_by(odd.map(|odd| &odd.name))
    },
};
