//! What the reader of a plan should know.

use std::net::IpAddr;

use ca_routeros::ipsec::AlgorithmsRow;
use ca_types::UnixTime;

use super::Plan;
use crate::hierarchy::{Authority, Hierarchy};
use crate::observe::Observed;
use crate::{Binding, IpsecBinding, RouterEntry};

pub(super) fn warnings(
    entry: &RouterEntry,
    hierarchy: &Hierarchy,
    observed: &Observed,
    plan: &Plan,
    now: UnixTime,
) -> Vec<String> {
    let bindings = || entry.certificates.iter().flat_map(|wish| &wish.bindings);
    let peers: Vec<&IpsecBinding> = bindings()
        .filter_map(|binding| match binding {
            Binding::Ipsec(ipsec) => Some(ipsec),
            Binding::WwwSsl
            | Binding::ApiSsl
            | Binding::SstpServer
            | Binding::SstpClient { .. } => None,
        })
        .collect();
    let mut warnings = Vec::new();
    if !peers.is_empty() {
        weak_algorithms(&peers, observed, &mut warnings);
        device_mode(observed, &mut warnings);
    }
    for row in spots_switched_off(&peers, observed) {
        warnings.push(row);
    }
    let has_peers = bindings().any(|binding| !matches!(binding, Binding::WwwSsl | Binding::ApiSsl));
    if has_peers && !entry.crl_use && !observed.crl_settings.crl_use {
        warnings.push(
            "revoked peers stay in: the router does not look at CRLs (`crl-use = true` in the fleet file)"
                .to_owned(),
        );
    }
    let mut cas: Vec<&Authority> = vec![&hierarchy.root];
    for class in &entry.peer_issuers {
        cas.extend(hierarchy.of_class(class, now));
    }
    for ca in cas {
        if entry.crl_use && is_loopback(&ca.crl_url) {
            warnings.push(format!(
                "{} leads a router to itself: the publish URL of the CA is a loopback address",
                ca.crl_url
            ));
        }
        let row = observed.crls.iter().find(|row| row.url == ca.crl_url);
        if plan.crl_use && row.is_some_and(|row| !row.is_valid(observed.offset, now)) {
            warnings.push(format!(
                "the router looks at CRLs, and has no valid one from {}: peers are refused",
                ca.crl_url
            ));
        }
    }
    warnings
}

fn weak_algorithms(peers: &[&IpsecBinding], observed: &Observed, warnings: &mut Vec<String>) {
    let used = |profile: &&AlgorithmsRow| {
        observed.peers.iter().any(|peer| {
            peer.profile == profile.name && peers.iter().any(|ipsec| ipsec.peer == peer.name)
        })
    };
    let profiles = observed.profiles.iter().filter(used);
    let proposals = observed.proposals.iter().filter(|row| !row.disabled);
    let rows = profiles
        .map(|row| ("profile", row))
        .chain(proposals.map(|row| ("proposal", row)));
    for (menu, row) in rows {
        let weak: Vec<&str> = row
            .algorithms
            .iter()
            .map(String::as_str)
            .filter(|algorithm| WEAK.contains(algorithm))
            .collect();
        if !weak.is_empty() {
            warnings.push(format!(
                "/ip/ipsec/{menu} {} offers weak algorithms: {}",
                row.name,
                weak.join(", ")
            ));
        }
    }
}

fn device_mode(observed: &Observed, warnings: &mut Vec<String>) {
    let Some(mode) = &observed.device_mode else {
        return;
    };
    if mode.flagged {
        warnings.push(
            "the router is flagged (`/system device-mode print`) and takes no new IPsec entries"
                .to_owned(),
        );
    }
    if !mode.ipsec {
        warnings.push(format!(
            "the device mode {} does not allow IPsec",
            mode.mode
        ));
    }
}

/// Names peers and identities of ours that somebody switched off; they are left so.
fn spots_switched_off(peers: &[&IpsecBinding], observed: &Observed) -> Vec<String> {
    let mut found = Vec::new();
    for ipsec in peers {
        let mut rows = observed.peers.iter();
        if rows.any(|peer| peer.name == ipsec.peer && peer.disabled) {
            found.push(format!("/ip/ipsec/peer {} is disabled", ipsec.peer));
        }
        let spot = crate::spot::Spot::of(&Binding::Ipsec((*ipsec).clone()));
        if spot
            .ours(&observed.identities)
            .is_some_and(|row| row.disabled)
        {
            found.push(format!(
                "the identity of {} for {} is disabled",
                ipsec.peer, ipsec.remote_id
            ));
        }
    }
    found
}

/// Tells whether a URL names the machine that reads it.
fn is_loopback(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(literal) => literal.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    match host.parse::<IpAddr>() {
        Ok(address) => address.is_loopback() || address.is_unspecified(),
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

const WEAK: [&str; 9] = [
    "3des", "des", "md5", "sha1", "null", "blowfish", "modp768", "modp1024", "modp1536",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_known_in_all_its_forms() {
        for (url, expect) in [
            ("http://127.0.0.1:8080/crl/root.crl", true),
            ("http://localhost/crl/root.crl", true),
            ("http://[::1]:80/crl/root.crl", true),
            ("http://ca.example.net/crl/root.crl", false),
            ("http://192.0.2.1/crl/root.crl", false),
        ] {
            assert_eq!(is_loopback(url), expect, "{url}");
        }
    }
}
