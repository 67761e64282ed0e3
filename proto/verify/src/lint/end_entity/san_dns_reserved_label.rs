//! Such labels are reserved.

use crate::alternative_name::DNS;
use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "san-dns-reserved-label",
        source: "RFC 5890 §2.3.1",
        severity: Severity::Notice,
        applies: Applies::EndEntities,
        asks: "no label with hyphens in third and fourth place but `xn--`",
    },
    check: |judged| {
        let mut sans = judged.sans().iter().filter(|san| san.tag == DNS);
        let is_reserved =
            |label: &[u8]| matches!(label, [_, _, b'-', b'-', ..]) && !label.starts_with(b"xn--");
        let odd = sans.find(|san| san.octets.split(|octet| *octet == b'.').any(is_reserved));
        Verdict::broken_by(odd.map(|odd| &odd.name))
    },
};
