//! The log has room for the certificate and its names.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "length",
        source: "RFC 9162: a leaf has at most 65 535 octets",
        severity: Severity::Error,
        applies: Applies::Certificates,
        asks: "at most 48 000 octets",
    },
    check: |judged| {
        let length = judged.octets.len();
        Verdict::broken_by((length > MAX_OCTETS).then(|| format!("{length} octets")))
    },
};

/// Leaves room for the signature and the rest of a log entry, names included twice.
pub(in crate::lint) const MAX_OCTETS: usize = 48_000;
