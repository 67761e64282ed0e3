//! VPN programs match no other forms.

use crate::AlternativeName;
use crate::alternative_name::ADDRESS;
use crate::alternative_name::DNS;
use crate::alternative_name::EMAIL;
use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "san-form",
        source: "RFC 5280 §4.2.1.6",
        severity: Severity::Error,
        applies: Applies::EndEntities,
        asks: "DNS names, IP addresses and e-mail addresses",
    },
    check: |judged| {
        let mut sans = judged.sans().iter();
        let odd = sans.find(|san| {
            matches!(san.name, AlternativeName::Foreign(_))
                && ![DNS, ADDRESS, EMAIL].contains(&san.tag)
        });
        Verdict::broken_by(odd.map(|odd| &odd.name))
    },
};
