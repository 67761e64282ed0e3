//! RouterOS 7 as a client: a PKCS#12 file to upload, and a script that imports it and dials.
//!
//! No variables and no blocks: each line stands for itself, and can be pasted one by one.

use ca_routeros::quoted;
use ca_types::GeneralName;

use super::{Bundle, BundleError, Host, Part, Protocol, Transport};

pub(super) fn parts(bundle: &Bundle) -> Result<Vec<Part>, BundleError> {
    let name = bundle.name();
    Ok(vec![
        Part::private(
            format!("{name}.rsc"),
            script(bundle)?,
            "put the passphrase into its first lines, upload it, /import it",
        ),
        Part::private(
            format!("{name}.p12"),
            bundle.p12()?,
            "certificate and key: upload it first",
        ),
    ])
}

fn script(bundle: &Bundle) -> Result<String, BundleError> {
    let slug = quoted(&bundle.vpn.slug());
    let issuing = quoted(&issuing_name(bundle));
    let file = quoted(&format!("{}.p12", bundle.name()));
    let mut lines = vec![
        "# Made by `ca-client bundle` of Fleet CA for RouterOS 7. Upload the .p12 file, replace REPLACE-WITH-PASSPHRASE"
            .to_owned(),
        "# below, upload this file, and say /import file-name=... Then delete this file.".to_owned(),
        format!("/certificate/import file-name={file} passphrase=\"{PASSPHRASE}\""),
        format!(
            "/certificate/set [find fingerprint=\"{}\"] name={slug}",
            bundle.certificate.fingerprint()
        ),
    ];
    for (number, ca) in bundle.intermediates().iter().enumerate() {
        let name = if number == 0 {
            issuing.clone()
        } else {
            quoted(&format!("{}-{number}", issuing_name(bundle)))
        };
        lines.push(format!(
            "/certificate/set [find fingerprint=\"{}\"] name={name}",
            ca.fingerprint()
        ));
    }
    lines.push(format!("/file/remove [find name={file}]"));
    match bundle.vpn.protocol {
        Protocol::Ikev2 => ikev2(bundle, &mut lines)?,
        Protocol::Sstp => sstp(bundle, &mut lines),
        Protocol::Openvpn => ovpn(bundle, &mut lines),
    }
    Ok(lines.join("\n") + "\n")
}

fn issuing_name(bundle: &Bundle) -> String {
    format!("{}-ca", bundle.vpn.slug())
}

fn ikev2(bundle: &Bundle, lines: &mut Vec<String>) -> Result<(), BundleError> {
    let vpn = &bundle.vpn;
    let slug = quoted(&vpn.slug());
    let mut certificates = vpn.slug();
    if !bundle.intermediates().is_empty() {
        certificates = format!("{certificates},{}", issuing_name(bundle));
    }
    lines.push(format!(
        "/ip/ipsec/profile/add name={slug} hash-algorithm=sha256 enc-algorithm=aes-256 dh-group=modp2048"
    ));
    lines.push(format!(
        "/ip/ipsec/proposal/add name={slug} auth-algorithms=sha256 enc-algorithms=aes-256-cbc pfs-group=none"
    ));
    lines.push(format!("/ip/ipsec/policy/group/add name={slug}"));
    let everything = ["0.0.0.0/0".to_owned()];
    let networks: Vec<String> = vpn.networks().iter().map(ToString::to_string).collect();
    for network in if networks.is_empty() {
        everything.as_slice()
    } else {
        networks.as_slice()
    } {
        let any = if network.contains(':') {
            "::/0"
        } else {
            "0.0.0.0/0"
        };
        lines.push(format!(
            "/ip/ipsec/policy/add template=yes group={slug} proposal={slug} src-address={any} dst-address={network}"
        ));
    }
    lines.push(format!(
        "/ip/ipsec/mode-config/add name={slug} responder=no"
    ));
    lines.push(format!(
        "/ip/ipsec/peer/add name={slug} address={} exchange-mode=ike2 profile={slug}",
        quoted(&vpn.gateway.to_string())
    ));
    let own = match bundle.client_id()? {
        GeneralName::Dns(name) => format!("fqdn:{name}"),
        GeneralName::Ip(address) => format!("address:{address}"),
        GeneralName::Email(address) => format!("user-fqdn:{address}"),
    };
    let remote = match vpn.server_id() {
        Host::Dns(name) => format!("fqdn:{name}"),
        Host::Ip(address) => format!("address:{address}"),
    };
    lines.push(format!(
        "/ip/ipsec/identity/add peer={slug} auth-method=digital-signature certificate={} my-id={} remote-id={} \
         match-by=remote-id generate-policy=port-strict policy-template-group={slug} mode-config={slug}",
        quoted(&certificates),
        quoted(&own),
        quoted(&remote),
    ));
    Ok(())
}

fn sstp(bundle: &Bundle, lines: &mut Vec<String>) {
    let vpn = &bundle.vpn;
    let slug = quoted(&vpn.slug());
    lines.push(format!(
        "/interface/sstp-client/add name={slug} connect-to={} port={} certificate={slug} verify-server-certificate=yes \
         verify-server-address-from-certificate=yes tls-version=only-1.2 pfs=yes authentication=mschap2 {} \
         profile=default-encryption add-default-route={} disabled=no",
        quoted(&vpn.gateway.to_string()),
        vpn.port(),
        login(bundle),
        yes(vpn.networks().is_empty()),
    ));
    routes(bundle, lines);
}

fn ovpn(bundle: &Bundle, lines: &mut Vec<String>) {
    let vpn = &bundle.vpn;
    let slug = quoted(&vpn.slug());
    lines.push(format!(
        "/interface/ovpn-client/add name={slug} connect-to={} port={} protocol={} mode=ip certificate={slug} \
         verify-server-certificate=yes tls-version=only-1.2 cipher=aes256-gcm auth=sha256 {} add-default-route={} \
         disabled=no",
        quoted(&vpn.gateway.to_string()),
        vpn.port(),
        vpn.transport.unwrap_or(Transport::Udp),
        login(bundle),
        yes(vpn.networks().is_empty()),
    ));
    routes(bundle, lines);
}

/// RouterOS always sends a user name.
fn login(bundle: &Bundle) -> String {
    let user = quoted(bundle.name());
    if bundle.vpn.password {
        format!("user={user} password=\"{PASSWORD}\"")
    } else {
        format!("user={user}")
    }
}

fn routes(bundle: &Bundle, lines: &mut Vec<String>) {
    let slug = quoted(&bundle.vpn.slug());
    for network in bundle.vpn.networks() {
        let menu = if network.address().is_ipv4() {
            "/ip/route"
        } else {
            "/ipv6/route"
        };
        lines.push(format!("{menu}/add dst-address={network} gateway={slug}"));
    }
}

fn yes(is: bool) -> &'static str {
    if is { "yes" } else { "no" }
}

const PASSPHRASE: &str = "REPLACE-WITH-PASSPHRASE";
const PASSWORD: &str = "REPLACE-WITH-PASSWORD";
