//! Where the CRL and the certificate of the CA are (RFC 5280 §4.2.1.13 and §4.2.2.1).

use super::{Findings, Judged, Purpose, Rule, form};
use crate::extension::{Extension, Urls, ca_issuers, distribution_points};
use crate::{MalformedDer, oid};

// RouterOS fetches plain http only, and reads one full CRL per CA.
const CRL: Rule = Rule::error("one-plain-crl-url", "RFC 5280 §4.2.1.13");
const CA: Rule = Rule::error("one-plain-ca-issuers-url", "RFC 5280 §4.2.2.1");
const ROOT: Rule = Rule::error("root-without-urls", "RFC 5280 §4.2.1.13");
const NOT_CRITICAL: Rule = Rule::error("urls-not-critical", "RFC 5280 §4.2.1.13");

pub(super) fn judge(judged: &Judged<'_>, findings: &mut Findings) {
    let extensions = &judged.tbs.extensions;
    let crl = extensions.find(oid::CRL_DISTRIBUTION_POINTS);
    let access = extensions.find(oid::AUTHORITY_INFO_ACCESS);
    if judged.context.purpose == Purpose::Root {
        findings.expect(
            crl.is_none() && access.is_none(),
            &ROOT,
            "wanted no CRL and no CA URL in a root, which nobody can revoke",
        );
        return;
    }
    judge_urls(crl, distribution_points, &CRL, findings);
    judge_urls(access, ca_issuers, &CA, findings);
}

fn judge_urls<'a>(
    extension: Option<Extension<'a>>,
    read: fn(&'a [u8]) -> Result<Urls<'a>, MalformedDer>,
    rule: &Rule,
    findings: &mut Findings,
) {
    let found = extension.and_then(|extension| {
        findings.expect(
            !extension.critical,
            &NOT_CRITICAL,
            "wanted URLs that are not critical",
        );
        findings.value(&form::READABLE, read(extension.value))
    });
    let is_one_plain_url = found.is_some_and(|found| {
        found.plain && matches!(found.urls.as_slice(), [url] if is_plain_http(url))
    });
    findings.expect(
        is_one_plain_url,
        rule,
        "wanted one http URL of a host and a path, and nothing else",
    );
}

/// Tells whether a URL is `http://HOST[:PORT]/PATH` without anything that a simple client could stumble over.
fn is_plain_http(url: &str) -> bool {
    let Some((host, path)) = url
        .strip_prefix("http://")
        .and_then(|rest| rest.split_once('/'))
    else {
        return false;
    };
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
    !host.is_empty()
        && host.bytes().all(allowed)
        && !path.is_empty()
        && path
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._/~".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_plain_when_any_client_can_fetch_it() {
        for (url, expect) in [
            ("http://pki.example.net/crl/router-2026-1.crl", true),
            ("http://[2001:db8::1]:8080/crl/a.crl", true),
            ("https://pki.example.net/crl/a.crl", false),
            ("ldap://pki.example.net/crl", false),
            ("http:///crl/a.crl", false),
            ("http://pki.example.net", false),
            ("http://pki.example.net/", false),
            ("http://user@pki.example.net/a.crl", false),
            ("http://pki.example.net/a.crl?b", false),
            ("http://pki.example.net/a b", false),
        ] {
            assert_eq!(is_plain_http(url), expect, "{url}");
        }
    }
}
