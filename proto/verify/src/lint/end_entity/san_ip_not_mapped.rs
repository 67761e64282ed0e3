//! Programs compare octets: a mapped address matches nobody.

use crate::AlternativeName;
use crate::alternative_name::ADDRESS;
use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "san-ip-not-mapped",
        source: "RFC 4291 §2.5.5.2",
        severity: Severity::Error,
        applies: Applies::EndEntities,
        asks: "IPv4 addresses of 4 octets, not mapped into IPv6",
    },
    check: |judged| {
        let mut sans = judged.sans().iter();
        let odd = sans.find(|san| {
            matches!(san.name, AlternativeName::Foreign(_))
                && san.tag == ADDRESS
                && san.octets.len() == 16
        });
        Verdict::broken_by(odd.map(|odd| &odd.name))
    },
};
