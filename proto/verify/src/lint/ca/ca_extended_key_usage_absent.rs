//! Windows and OpenSSL read it as a limit on everything below.

use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "ca-extended-key-usage-absent",
        source: "RFC 4945 §5.1.3.12",
        severity: Severity::Error,
        applies: Applies::Authorities,
        asks: "no extended key usage in a CA certificate",
    },
    check: |judged| Verdict::kept_if(judged.extended_key_usage.is_none()),
};
