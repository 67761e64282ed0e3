//! What is no host name matches nothing, or too much.

use crate::AlternativeName;
use crate::alternative_name::DNS;
use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "san-dns-form",
        source: "RFC 5280 §4.2.1.6, RFC 1034 §3.5",
        severity: Severity::Error,
        applies: Applies::EndEntities,
        asks: "DNS names of letters, digits and hyphens, without a final dot",
    },
    check: |judged| {
        let mut sans = judged.sans().iter();
        let odd = sans.find(|san| {
            matches!(san.name, AlternativeName::Foreign(_))
                && san.tag == DNS
                && !san.octets.contains(&b'*')
        });
        Verdict::broken_by(odd.map(|odd| &odd.name))
    },
};
