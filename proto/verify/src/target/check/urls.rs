//! Where CRLs are.

use crate::target::{ChainLink, url};

use super::when;

pub(super) fn lacks_crl_url(link: &ChainLink) -> Option<String> {
    when(link.crl_urls.is_empty(), link, "it names no CRL")
}

pub(super) fn ca_lacks_crl_url(ca: &ChainLink) -> Option<String> {
    if ca.is_self_issued() {
        return None;
    }
    lacks_crl_url(ca)
}

pub(super) fn not_http(link: &ChainLink) -> Option<String> {
    let is_other = |url: &&String| url::host_and_port(url).is_none();
    let url = link.crl_urls.iter().find(is_other)?;
    when(true, link, format_args!("its CRL is at {url}"))
}

pub(super) fn several(link: &ChainLink) -> Option<String> {
    let count = link.crl_urls.len();
    when(count > 1, link, format_args!("it names {count} CRLs"))
}

/// Finds a URL with a host and port that are odd.
pub(super) fn at(link: &ChainLink, is_odd: impl Fn(&str, u16) -> bool) -> Option<String> {
    let url = link
        .crl_urls
        .iter()
        .find(|url| url::host_and_port(url).is_some_and(|(host, port)| is_odd(host, port)))?;
    when(true, link, format_args!("its CRL is at {url}"))
}
