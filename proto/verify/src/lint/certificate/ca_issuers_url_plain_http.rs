//! https would need the chain to fetch the chain.

use crate::lint::plain_url::is_plain_http;
use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "ca-issuers-url-plain-http",
        source: "RFC 5280 §4.2.2.1",
        severity: Severity::Error,
        applies: Applies::BelowRoot,
        asks: "an http URL of a host and a path for the certificate of the CA",
    },
    check: |judged| {
        let mut urls = judged.access().into_iter().flat_map(|found| &found.urls);
        let odd = urls.find(|url| !is_plain_http(url));
        Verdict::broken_by(odd.map(|url| url.escape_default().to_string()))
    },
};
