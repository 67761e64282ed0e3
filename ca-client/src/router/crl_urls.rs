//! Whether routers can fetch the CRLs.

use std::net::IpAddr;

use ca_deploy::{Authority, Hierarchy, RouterEntry};

use crate::download::download;

/// Warns about CRL URLs that routers will not reach: those of the loopback, and those that do not answer here.
pub(crate) async fn crl_warnings(hierarchy: &Hierarchy, routers: &[&RouterEntry]) -> Vec<String> {
    let needed = |authority: &&Authority| {
        let of_peers = |router: &&&RouterEntry| router.peer_issuers.contains(&authority.class);
        routers
            .iter()
            .filter(|router| router.crl_use)
            .any(|router| of_peers(&router))
    };
    let checked: Vec<&Authority> = hierarchy.issuing.iter().filter(needed).collect();
    if checked.is_empty() {
        return Vec::new();
    }
    let mut warnings = Vec::new();
    for authority in std::iter::once(&hierarchy.root).chain(checked) {
        let url = &authority.crl_url;
        if is_loopback(url) {
            warnings.push(format!(
                "{url} is on this machine: a router looks for it on itself, unless both run on one machine"
            ));
        }
        if let Err(error) = download(url).await {
            warnings.push(format!("{error}: routers will not fetch this CRL either"));
        }
    }
    warnings
}

fn is_loopback(url: &str) -> bool {
    let rest = url.strip_prefix("http://").unwrap_or(url);
    let authority = rest.split('/').next().unwrap_or(rest);
    let host = match authority.strip_prefix('[') {
        Some(address) => address.split(']').next().unwrap_or(address),
        None => authority.split(':').next().unwrap_or(authority),
    };
    host == "localhost"
        || host
            .parse()
            .is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_this_machine_are_known() {
        for (url, expect) in [
            ("http://127.0.0.1:8080/crl/a.crl", true),
            ("http://localhost/crl/a.crl", true),
            ("http://[::1]:80/crl/a.crl", true),
            ("http://pki.example.net/crl/a.crl", false),
            ("http://192.0.2.1/crl/a.crl", false),
        ] {
            assert_eq!(is_loopback(url), expect, "{url}");
        }
    }
}
