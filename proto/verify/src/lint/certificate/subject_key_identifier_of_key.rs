//! The same key has the same identifier, whoever certifies it.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "subject-key-identifier-of-key",
        source: "RFC 7093 §2",
        severity: Severity::Error,
        applies: Applies::Certificates,
        asks: "the leftmost 160 bits of the SHA-256 of the public key as subject key identifier",
    },
    check: |judged| match (&judged.key, judged.subject_key_identifier()) {
        (Ok(key), Some(own)) => Verdict::kept_if(own == key.subject_key_identifier()),
        (_, _) => Verdict::Kept,
    },
};
