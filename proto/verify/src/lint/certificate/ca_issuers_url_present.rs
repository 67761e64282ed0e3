//! Windows and macOS fetch a missing issuing CA from there.

use crate::lint::judged::Part;
use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "ca-issuers-url-present",
        source: "RFC 5280 §4.2.2.1, Windows",
        severity: Severity::Error,
        applies: Applies::BelowRoot,
        asks: "the URL of the certificate of the CA",
    },
    check: |judged| {
        let unreadable = judged.access.as_ref().and_then(Part::error);
        let has_url = judged.access().is_some_and(|found| !found.urls.is_empty());
        Verdict::kept_if(unreadable.is_some() || has_url)
    },
};
