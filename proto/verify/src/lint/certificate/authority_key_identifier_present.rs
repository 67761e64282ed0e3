//! macOS and Windows take a root without it for an intermediate.

use crate::lint::judged::Part;
use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "authority-key-identifier-present",
        source: "RFC 5280 §4.2.1.1, macOS and Windows for roots",
        severity: Severity::Error,
        applies: Applies::Certificates,
        asks: "an authority key identifier with a key identifier",
    },
    check: |judged| {
        let unreadable = judged
            .authority_key_identifier
            .as_ref()
            .and_then(Part::error);
        let identifier = judged
            .authority_key_identifier()
            .and_then(|found| found.key_identifier);
        Verdict::kept_if(unreadable.is_some() || identifier.is_some())
    },
};
