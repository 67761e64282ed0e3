//! Windows: a script for PowerShell 5.1 with everything in it, and the PKCS#12 file for those who import by hand.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ca_verify::Certificate;

use super::quote::powershell;
use super::{Bundle, BundleError, Part, Protocol, Store};

pub(super) fn parts(bundle: &Bundle) -> Result<Vec<Part>, BundleError> {
    let p12 = bundle.p12()?;
    let name = bundle.name();
    let script = script(bundle, &p12);
    Ok(vec![
        Part::private(
            format!("{name}.ps1"),
            script,
            "run it in PowerShell; it asks for the passphrase",
        ),
        Part::private(
            format!("{name}.p12"),
            p12,
            "certificate and key, to import by hand",
        ),
    ])
}

/// Writes the script: what is asked, then what this bundle is, then what is done with it.
fn script(bundle: &Bundle, p12: &[u8]) -> String {
    let vpn = &bundle.vpn;
    let server = match (vpn.protocol, vpn.port) {
        (Protocol::Sstp, Some(port)) => format!("{}:{port}", vpn.gateway),
        _ => vpn.gateway.to_string(),
    };
    let tunnel = match vpn.protocol {
        Protocol::Ikev2 => "Ikev2",
        Protocol::Sstp | Protocol::Openvpn => "Sstp",
    };
    let authentication = match (vpn.protocol, bundle.store) {
        (Protocol::Ikev2, Store::Machine) => "MachineCertificate",
        _ if vpn.password => "MSChapv2",
        _ => "Eap",
    };
    let machine = match bundle.store {
        Store::Machine => "$true",
        Store::User => "$false",
    };
    let networks: Vec<String> = vpn
        .networks()
        .iter()
        .map(|network| powershell(&network.to_string()))
        .collect();
    let suffix = vpn.domains.first().map(|domain| domain.as_str());
    let values = [
        ("VpnName", powershell(vpn.name.as_str())),
        ("Server", powershell(&server)),
        ("Tunnel", powershell(tunnel)),
        ("Authentication", powershell(authentication)),
        ("Machine", machine.to_owned()),
        ("Networks", format!("@({})", networks.join(", "))),
        ("DnsSuffix", powershell(suffix.unwrap_or_default())),
        ("Root", base64(bundle.root().der())),
        (
            "Intermediates",
            format!(
                "@({})",
                bundle
                    .intermediates()
                    .iter()
                    .map(Certificate::der)
                    .map(base64)
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
        ),
        ("Identity", base64(p12)),
    ];
    let values: String = values
        .iter()
        .map(|(name, value)| format!("${name} = {value}\n"))
        .collect();
    // PowerShell 5.1 takes a file without the mark for the code page of the system; it wants CRLF in none.
    format!("\u{feff}{ASKED}\n{values}\n{DONE}")
}

fn base64(octets: &[u8]) -> String {
    powershell(&STANDARD.encode(octets))
}

const ASKED: &str = include_str!("windows/asked.ps1");
const DONE: &str = include_str!("windows/done.ps1");
