//! Whether routers can fetch the CRLs.

use ca_deploy::{Authority, Hierarchy, RouterEntry};

use crate::download::download;

/// Warns about CRL URLs that do not answer here.
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
        if let Err(error) = download(url).await {
            warnings.push(format!("{error}: routers will not fetch this CRL either"));
        }
    }
    warnings
}
