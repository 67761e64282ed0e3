//! A wrong one breaks path building in some programs only.

use crate::lint::Purpose;
use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "authority-key-identifier-of-issuer",
        source: "RFC 5280 §4.2.1.1",
        severity: Severity::Error,
        applies: Applies::Certificates,
        asks: "the subject key identifier of the CA in the authority key identifier",
    },
    check: |judged| {
        let of_issuer = match (judged.issuer, judged.purpose) {
            (Some(issuer), _) => issuer.subject_key_identifier(),
            (None, Purpose::Root) => judged.subject_key_identifier(),
            (None, _) => return Verdict::Kept,
        };
        match (
            judged
                .authority_key_identifier()
                .and_then(|found| found.key_identifier),
            of_issuer,
        ) {
            (Some(named), Some(of_issuer)) => Verdict::kept_if(named == of_issuer),
            (_, _) => Verdict::Kept,
        }
    },
};
