//! Strict clients refuse what they cannot check, issuing CAs too.

use crate::lint::judged::Part;
use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "crl-url-present",
        source: "RFC 5280 §4.2.1.13, strongSwan `revocation = strict`",
        severity: Severity::Error,
        applies: Applies::BelowRoot,
        asks: "a CRL distribution point with a URL",
    },
    check: |judged| {
        let unreadable = judged.crl_urls.as_ref().and_then(Part::error);
        let has_url = judged
            .crl_urls()
            .is_some_and(|found| !found.urls.is_empty());
        Verdict::kept_if(unreadable.is_some() || has_url)
    },
};
