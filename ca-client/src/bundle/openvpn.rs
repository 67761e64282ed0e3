//! OpenVPN: one `.ovpn` file with the certificates and the encrypted key inside (openvpn(8), Inline File Support).

use std::fmt::Write as _;

use ca_verify::Certificate;

use super::quote::openvpn;
use super::{Bundle, BundleError, Network, Part, Transport};

pub(super) fn parts(bundle: &Bundle) -> Result<Vec<Part>, BundleError> {
    let key = bundle.key.to_encrypted_pem(&bundle.passphrase)?;
    let text = zeroize::Zeroizing::new(format!(
        "{}<key>\n{}</key>\n",
        configuration(bundle),
        key.as_str()
    ));
    Ok(vec![Part::private(
        format!("{}.ovpn", bundle.name()),
        text.as_bytes(),
        "import it into OpenVPN; it asks for the passphrase",
    )])
}

/// Writes everything but the key.
fn configuration(bundle: &Bundle) -> String {
    let vpn = &bundle.vpn;
    let transport = vpn.transport.unwrap_or(Transport::Udp);
    let mut text = format!(
        "# Made by `ca-client bundle` of Fleet CA.
client
dev tun
proto {transport}
remote {gateway} {port}
resolv-retry infinite
nobind
persist-tun
setenv FRIENDLY_NAME {name}
remote-cert-tls server
verify-x509-name {server} name
tls-version-min 1.2
data-ciphers AES-256-GCM:AES-128-GCM:AES-256-CBC
data-ciphers-fallback AES-256-CBC
auth SHA256
auth-nocache
",
        gateway = vpn.gateway,
        port = vpn.port(),
        name = openvpn(vpn.name.as_str()),
        server = openvpn(&vpn.server_id().to_string()),
    );
    let mut line = |line: String| {
        text.push_str(&line);
        text.push('\n');
    };
    if vpn.password {
        line("auth-user-pass".to_owned());
    }
    if vpn.networks().is_empty() {
        line("redirect-gateway def1".to_owned());
    } else {
        line("pull-filter ignore \"redirect-gateway\"".to_owned());
    }
    for network in vpn.networks() {
        line(route(*network));
    }
    for server in &vpn.dns {
        line(format!("dhcp-option DNS {server}"));
    }
    for domain in &vpn.domains {
        line(format!("dhcp-option DOMAIN {domain}"));
    }
    // A gateway often sends its own certificate only: the CA between has to be here.
    let trusted = std::iter::once(bundle.root()).chain(&bundle.gateway_cas);
    let own = std::iter::once(&bundle.certificate).chain(bundle.intermediates());
    inline(&mut text, "ca", trusted);
    inline(&mut text, "cert", own);
    text
}

fn route(network: Network) -> String {
    match network.mask() {
        Some(mask) => format!("route {} {mask}", network.address()),
        None => format!("route-ipv6 {network}"),
    }
}

fn inline<'a>(text: &mut String, tag: &str, certificates: impl Iterator<Item = &'a Certificate>) {
    let pem: String = certificates.map(Certificate::to_pem).collect();
    // Writing to a text cannot fail.
    write!(text, "<{tag}>\n{pem}</{tag}>\n").unwrap_or_default();
}
