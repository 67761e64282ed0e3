//! Names: what `my-id` and `remote-id` come to.

use super::HeldCertificate;
use crate::x509::CertificateFacts;
use std::net::IpAddr;

/// Returns what the router calls itself; nothing for the subject of its certificate, which is what
/// strongSwan takes by itself.
pub(super) fn local(my_id: &str, certificate: &HeldCertificate) -> Result<Option<String>, String> {
    match my_id {
        "" | "auto" => first_alt_name(certificate),
        "dn" => Ok(None),
        other => named("my-id", other).map(Some),
    }
}

/// Returns whom the router lets in.
///
/// strongSwan takes `*` for a pattern, which RouterOS does not say of itself.
pub(super) fn remote(remote_id: &str) -> Result<String, String> {
    match remote_id {
        "" | "auto" | "ignore" => Ok("%any".to_owned()),
        "dn" => Err("remote-id=dn names no subject".to_owned()),
        other if other.contains('*') => Err(format!("remote-id={other} is no plain name")),
        other => named("remote-id", other),
    }
}

/// Tells whether one certificate of the store issued another.
pub(super) fn issued(issuer: &HeldCertificate, held: &HeldCertificate) -> bool {
    match (
        CertificateFacts::parse(&issuer.der),
        CertificateFacts::parse(&held.der),
    ) {
        (Ok(issuer), Ok(held)) => held.is_signed_by(&issuer),
        _ => false,
    }
}

fn named(property: &str, id: &str) -> Result<String, String> {
    let unknown = || format!("{property}={id} is no name that strongSwan has");
    let (kind, value) = id.split_once(':').ok_or_else(unknown)?;
    match kind {
        "fqdn" => Ok(format!("fqdn:{value}")),
        "user-fqdn" => Ok(format!("email:{value}")),
        "key-id" => Ok(format!("keyid:{value}")),
        "address" => value.parse().map(address).map_err(|_| unknown()),
        _ => Err(unknown()),
    }
}

fn first_alt_name(certificate: &HeldCertificate) -> Result<Option<String>, String> {
    let facts = CertificateFacts::parse(&certificate.der)?;
    let Some((kind, value)) = facts
        .subject_alt_name
        .first()
        .and_then(|name| name.split_once(':'))
    else {
        return Ok(None);
    };
    Ok(match kind {
        "DNS" => Some(format!("fqdn:{value}")),
        "email" => Some(format!("email:{value}")),
        _ => value.parse().ok().map(address),
    })
}

fn address(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => format!("ipv4:{address}"),
        IpAddr::V6(address) => format!("ipv6:{address}"),
    }
}
