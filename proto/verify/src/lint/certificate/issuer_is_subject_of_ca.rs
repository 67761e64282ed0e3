//! RouterOS and others compare names by their octets.

use crate::lint::Purpose;
use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "issuer-is-subject-of-ca",
        source: "RFC 5280 §4.1.2.4",
        severity: Severity::Error,
        applies: Applies::Certificates,
        asks: "an issuer that is, octet by octet, the subject of the CA",
    },
    check: |judged| {
        let of_ca = match (judged.issuer, judged.purpose) {
            (Some(issuer), _) => issuer.subject().der(),
            (None, Purpose::Root) => judged.tbs.subject,
            (None, _) => return Verdict::Kept,
        };
        Verdict::kept_if(judged.tbs.issuer == of_ca)
    },
};
