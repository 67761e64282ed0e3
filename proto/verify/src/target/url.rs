//! What can be told of a URL without asking anybody.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Host and port of an `http` URL; none when it is something else.
pub(super) fn host_and_port(url: &str) -> Option<(&str, u16)> {
    let rest = url.strip_prefix("http://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let bracketed = authority
        .strip_prefix('[')
        .and_then(|inside| inside.split_once(']'));
    let (host, port) = match bracketed {
        Some((host, "")) => (host, None),
        Some((host, port)) => (host, port.strip_prefix(':')),
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    Some((host, port.map_or(Some(80), |port| port.parse().ok())?))
}

/// Tells whether a host is the machine itself.
pub(super) fn is_loopback(host: &str) -> bool {
    match host.parse::<IpAddr>() {
        Ok(address) => address.is_loopback() || address.is_unspecified(),
        Err(_) => host.eq_ignore_ascii_case("localhost") || has_ending(host, "localhost"),
    }
}

/// Tells whether a host is reached from inside only: a private address (RFC 1918, RFC 6598, RFC 4193), or a name that
/// public DNS does not have.
pub(super) fn is_inside(host: &str) -> bool {
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => is_inside_v4(address),
        Ok(IpAddr::V6(address)) => is_inside_v6(address),
        Err(_) => {
            !host.contains('.')
                || ["local", "lan", "home.arpa", "internal", "intranet", "corp"]
                    .iter()
                    .any(|ending| has_ending(host, ending))
        }
    }
}

fn is_inside_v4(address: Ipv4Addr) -> bool {
    let is_shared = matches!(address.octets(), [100, 64..=127, _, _]);
    address.is_private() || address.is_link_local() || address.is_loopback() || is_shared
}

fn is_inside_v6(address: Ipv6Addr) -> bool {
    address.is_unique_local() || address.is_unicast_link_local() || address.is_loopback()
}

fn has_ending(host: &str, ending: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    host.strip_suffix(ending)
        .is_some_and(|rest| rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_and_port_are_found_without_asking_anybody() {
        for (url, expect) in [
            (
                "http://pki.example.net/a.crl",
                Some(("pki.example.net", 80)),
            ),
            (
                "http://pki.example.net:8080/a.crl",
                Some(("pki.example.net", 8080)),
            ),
            ("http://[2001:db8::1]:81/a.crl", Some(("2001:db8::1", 81))),
            ("http://[::1]/a.crl", Some(("::1", 80))),
            ("http://pki.example.net:http/a.crl", None),
            ("https://pki.example.net/a.crl", None),
            ("ldap:///cn=x", None),
        ] {
            assert_eq!(host_and_port(url), expect, "{url}");
        }
    }

    #[test]
    fn hosts_inside_are_told_from_those_outside() {
        for (host, loopback, inside) in [
            ("pki.example.net", false, false),
            ("198.51.100.7", false, false),
            ("2001:db8::1", false, false),
            ("localhost", true, true),
            ("a.localhost", true, false),
            ("127.1.2.3", true, true),
            ("::1", true, true),
            ("10.1.2.3", false, true),
            ("100.64.0.1", false, true),
            ("fd00::1", false, true),
            ("pki", false, true),
            ("pki.LAN", false, true),
        ] {
            assert_eq!(
                (is_loopback(host), is_inside(host)),
                (loopback, inside),
                "{host}"
            );
        }
    }
}
