//! Linux: the folder of strongSwan's swanctl (swanctl.conf(5)), and a connection of NetworkManager's strongSwan plugin
//! that uses the same files.

use ca_types::GeneralName;

use super::quote::{key_file, swanctl};
use super::{Bundle, BundleError, Host, Part, RevocationCheck, Vpn, suite};

pub(super) fn parts(bundle: &Bundle) -> Result<Vec<Part>, BundleError> {
    let slug = bundle.vpn.slug();
    let key = bundle.key.to_encrypted_pem(&bundle.passphrase)?;
    let mut parts = vec![
        Part::public(
            connection_path(&slug),
            swanctl_conf(bundle)?,
            "connection of swanctl",
        ),
        Part::private(
            format!("NetworkManager/{slug}.nmconnection"),
            network_manager(bundle)?,
            "connection of NetworkManager",
        ),
        Part::private(
            format!("swanctl/private/{slug}.pem"),
            key.as_bytes(),
            "the key, encrypted",
        ),
        Part::public(
            format!("swanctl/x509/{slug}.pem"),
            bundle.certificate.to_pem(),
            "the certificate",
        ),
        Part::public(
            ca_path(&slug, "root"),
            bundle.root().to_pem(),
            "root certificate for strongSwan",
        ),
    ];
    if let Some(issuing) = bundle.intermediates().first() {
        let path = ca_path(&slug, "issuing");
        parts.push(Part::public(
            path,
            issuing.to_pem(),
            "the CA of the certificate",
        ));
    }
    for (number, ca) in (1..).zip(&bundle.gateway_cas) {
        let path = ca_path(&slug, &format!("gateway-{number}"));
        parts.push(Part::public(path, ca.to_pem(), "a CA of the gateway"));
    }
    Ok(parts)
}

pub(super) fn paths(vpn: &Vpn, gateway_cas: usize) -> Vec<String> {
    let slug = vpn.slug();
    let mut paths = vec![
        connection_path(&slug),
        format!("NetworkManager/{slug}.nmconnection"),
        format!("swanctl/private/{slug}.pem"),
        format!("swanctl/x509/{slug}.pem"),
        ca_path(&slug, "root"),
        ca_path(&slug, "issuing"),
    ];
    paths.extend((1..=gateway_cas).map(|number| ca_path(&slug, &format!("gateway-{number}"))));
    paths
}

fn connection_path(slug: &str) -> String {
    format!("swanctl/conf.d/{slug}.conf")
}

fn ca_path(slug: &str, which: &str) -> String {
    format!("swanctl/x509ca/{slug}-{which}.pem")
}

fn swanctl_conf(bundle: &Bundle) -> Result<String, BundleError> {
    let vpn = &bundle.vpn;
    let slug = vpn.slug();
    let revocation = match vpn.revocation {
        RevocationCheck::Relaxed => "relaxed",
        RevocationCheck::Strict => "strict",
    };
    // A holder of a client certificate must not pass for the gateway: only these CAs issue for gateways.
    let gateway_cas: Vec<String> = (1..=bundle.gateway_cas.len())
        .map(|number| format!("{slug}-gateway-{number}.pem"))
        .collect();
    Ok(format!(
        "# Made by `ca-client bundle` of Fleet CA.
connections {{
    {slug} {{
        version = 2
        proposals = {ike}, default
        remote_addrs = {gateway}
        vips = 0.0.0.0, ::
        local {{
            auth = pubkey
            certs = {slug}.pem
            id = {own}
        }}
        remote {{
            auth = pubkey
            id = {server}
            cacerts = {cas}
            revocation = {revocation}
        }}
        children {{
            {slug} {{
                esp_proposals = {esp}, default
                remote_ts = {networks}
            }}
        }}
    }}
}}
",
        ike = suite::IKE,
        esp = suite::ESP,
        gateway = vpn.gateway,
        own = swanctl(&own_identity(bundle)?),
        server = swanctl(&identity(vpn.server_id())),
        cas = gateway_cas.join(", "),
        networks = networks(vpn, ", "),
    ))
}

/// The plugin `NetworkManager-strongswan`: the keys of its `[vpn]` section are what its service reads.
fn network_manager(bundle: &Bundle) -> Result<String, BundleError> {
    let vpn = &bundle.vpn;
    let slug = vpn.slug();
    let split = !vpn.networks().is_empty();
    let mut vpn_keys = vec![
        (
            "service-type",
            "org.freedesktop.NetworkManager.strongswan".to_owned(),
        ),
        ("address", vpn.gateway.to_string()),
        (
            "certificate",
            format!("/etc/swanctl/x509ca/{slug}-root.pem"),
        ),
        ("method", "cert".to_owned()),
        ("cert-source", "file".to_owned()),
        ("usercert", format!("/etc/swanctl/x509/{slug}.pem")),
        ("userkey", format!("/etc/swanctl/private/{slug}.pem")),
        // Asked for at every start, and never kept.
        ("password-flags", "2".to_owned()),
        ("local-identity", own_identity(bundle)?),
        ("remote-identity", identity(vpn.server_id())),
        ("virtual", "yes".to_owned()),
        ("encap", "no".to_owned()),
        ("ipcomp", "no".to_owned()),
        ("proposal", "yes".to_owned()),
        ("ike", suite::IKE.to_owned()),
        ("esp", suite::ESP.to_owned()),
    ];
    if split {
        vpn_keys.push(("remote-ts", networks(vpn, ";")));
    }
    let list = |values: Vec<String>| values.iter().map(|value| format!("{value};")).collect();
    let ip_keys = |is_v6: bool| {
        let servers = vpn.dns.iter().filter(|server| server.is_ipv6() == is_v6);
        let servers: String = list(servers.map(ToString::to_string).collect());
        let domains: String = list(vpn.domains.iter().map(ToString::to_string).collect());
        let mut keys = vec![("method", "auto".to_owned())];
        if !servers.is_empty() {
            keys.push(("dns", servers));
        }
        if !domains.is_empty() {
            keys.push(("dns-search", domains));
        }
        if split {
            keys.push(("never-default", "true".to_owned()));
        }
        keys
    };
    let sections = [
        (
            "connection",
            vec![
                ("id", vpn.name.to_string()),
                ("uuid", bundle.uuid("network-manager")),
                ("type", "vpn".to_owned()),
                ("autoconnect", "false".to_owned()),
            ],
        ),
        ("vpn", vpn_keys),
        ("ipv4", ip_keys(false)),
        ("ipv6", ip_keys(true)),
    ];
    let section = |(name, keys): &(&str, Vec<(&str, String)>)| {
        let keys: String = keys
            .iter()
            .map(|(key, value)| format!("{key}={}\n", key_file(value)))
            .collect();
        format!("[{name}]\n{keys}")
    };
    Ok(sections.iter().map(section).collect::<Vec<_>>().join("\n"))
}

fn networks(vpn: &Vpn, separator: &str) -> String {
    if vpn.networks().is_empty() {
        return ["0.0.0.0/0", "::/0"].join(separator);
    }
    let networks: Vec<String> = vpn.networks().iter().map(ToString::to_string).collect();
    networks.join(separator)
}

/// Names the form, or strongSwan guesses: an address of e-mail with a `=` would pass for a distinguished name.
fn own_identity(bundle: &Bundle) -> Result<String, BundleError> {
    Ok(match bundle.client_id()? {
        GeneralName::Dns(name) => format!("fqdn:{name}"),
        GeneralName::Ip(address) => address.to_string(),
        GeneralName::Email(address) => format!("email:{address}"),
    })
}

fn identity(host: &Host) -> String {
    match host {
        Host::Dns(name) => format!("fqdn:{name}"),
        Host::Ip(address) => address.to_string(),
    }
}
