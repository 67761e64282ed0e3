//! They must not be issued any more.

use crate::lint::purposes::LEGACY_IPSEC;
use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "extended-key-usage-no-old-ipsec",
        source: "RFC 4945 §5.1.3.12",
        severity: Severity::Error,
        applies: Applies::EndEntities,
        asks: "no ipsecEndSystem, ipsecTunnel or ipsecUser",
    },
    check: |judged| {
        Verdict::kept_if(
            !judged
                .purposes()
                .iter()
                .any(|purpose| LEGACY_IPSEC.contains(purpose)),
        )
    },
};
