//! RouterOS fetches plain http only; https would need the CRL to fetch the CRL.

use crate::lint::plain_url::is_plain_http;
use crate::lint::rule::{Applies, CertificateRule, LintRule, Severity, Verdict};

pub(in crate::lint) static RULE: CertificateRule = CertificateRule {
    rule: LintRule {
        name: "crl-url-plain-http",
        source: "RouterOS manual, Certificates: http only",
        severity: Severity::Error,
        applies: Applies::BelowRoot,
        asks: "an http URL of a host and a path for the CRL",
    },
    check: |judged| {
        let mut urls = judged.crl_urls().into_iter().flat_map(|found| &found.urls);
        let odd = urls.find(|url| !is_plain_http(url));
        Verdict::broken_by(odd.map(|url| url.escape_default().to_string()))
    },
};
