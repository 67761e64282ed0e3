//! RouterOS 6 takes short files.

use crate::lint::certificate::length::MAX_OCTETS;
use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "length-routeros",
        source: "RouterOS 6: files of 4 096 octets",
        severity: Severity::Notice,
        applies: Applies::Certificates,
        asks: "at most 2 300 octets without the signature, 4 096 in PEM",
    },
    check: |judged| {
        let length = judged.octets.len();
        let is_long = length > ROUTER_OCTETS && length <= MAX_OCTETS;
        Verdict::broken_by(is_long.then(|| format!("{length} octets")))
    },
};

/// With an RSA-4096 signature and in PEM, about 4 000 octets.
const ROUTER_OCTETS: usize = 2_300;
