//! What is no mailbox matches nothing.

use crate::AlternativeName;
use crate::alternative_name::EMAIL;
use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "san-email-form",
        source: "RFC 5280 §4.2.1.6, RFC 5321 §4.1.2",
        severity: Severity::Error,
        applies: Applies::EndEntities,
        asks: "e-mail addresses of a local part and a host name",
    },
    check: |judged| {
        let mut sans = judged.sans().iter();
        let odd =
            sans.find(|san| matches!(san.name, AlternativeName::Foreign(_)) && san.tag == EMAIL);
        Verdict::broken_by(odd.map(|odd| &odd.name))
    },
};
