//! IKE matches whole names; one stolen key would be many hosts.

use crate::AlternativeName;
use crate::alternative_name::DNS;
use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "san-no-wildcard",
        source: "RFC 9525 §6.3, RFC 4945 §5.1.3.6",
        severity: Severity::Error,
        applies: Applies::EndEntities,
        asks: "no wildcards",
    },
    check: |judged| {
        let mut sans = judged.sans().iter();
        let odd = sans.find(|san| {
            matches!(san.name, AlternativeName::Foreign(_))
                && san.tag == DNS
                && san.octets.contains(&b'*')
        });
        Verdict::broken_by(odd.map(|odd| &odd.name))
    },
};
