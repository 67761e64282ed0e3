//! iOS and macOS: a signed configuration profile with the root, the identity and the connection in it.
//!
//! Signed by the actor who makes it, with its `control` credential: the signature says which operator of the CA made
//! the profile, and its chain ends in the root that the profile brings. The certificate in the profile could sign too,
//! but says nothing about who made it: whoever holds it could change the profile.

use plist::{Dictionary, Value};

use super::{Bundle, BundleError, Part, RevocationCheck};
use crate::signed_data::signed;

pub(super) fn parts(bundle: &Bundle) -> Result<Vec<Part>, BundleError> {
    let signer = bundle.signer.as_ref().ok_or(BundleError::NoSigner)?;
    let mut xml = Vec::new();
    profile(bundle)?.to_writer_xml(&mut xml)?;
    Ok(vec![Part::private(
        format!("{}.mobileconfig", bundle.name()),
        signed(&xml, signer)?,
        "open it on the device; it asks for the passphrase",
    )])
}

fn profile(bundle: &Bundle) -> Result<Value, BundleError> {
    let vpn = &bundle.vpn;
    let mut payloads = vec![root(bundle), identity(bundle)?];
    for (number, ca) in bundle.intermediates().iter().enumerate() {
        let what = format!("ca-{number}");
        payloads.push(payload(
            bundle,
            "com.apple.security.pkcs1",
            &what,
            ca.subject().common_name().unwrap_or("CA"),
            [("PayloadContent", Value::Data(ca.der().to_vec()))],
        ));
    }
    payloads.push(connection(bundle)?);
    Ok(payload(
        bundle,
        "Configuration",
        "profile",
        vpn.name.as_str(),
        [
            ("PayloadContent", Value::Array(payloads)),
            (
                "PayloadDescription",
                Value::String(format!("Dials into {} as {}", vpn.gateway, bundle.name())),
            ),
        ],
    ))
}

fn root(bundle: &Bundle) -> Value {
    let root = bundle.root();
    payload(
        bundle,
        "com.apple.security.root",
        "root",
        root.subject().common_name().unwrap_or("Root"),
        [("PayloadContent", Value::Data(root.der().to_vec()))],
    )
}

/// Without its passphrase, which the device asks for.
fn identity(bundle: &Bundle) -> Result<Value, BundleError> {
    let file = format!("{}.p12", bundle.name());
    Ok(payload(
        bundle,
        "com.apple.security.pkcs12",
        IDENTITY,
        bundle.name(),
        [
            ("PayloadContent", Value::Data(bundle.p12()?)),
            ("PayloadCertificateFileName", Value::String(file)),
        ],
    ))
}

fn connection(bundle: &Bundle) -> Result<Value, BundleError> {
    let vpn = &bundle.vpn;
    let everything = vpn.networks().is_empty();
    let certificate_type = match bundle.certificate.public_key().algorithm() {
        ca_verify::KeyAlgorithm::Rsa { .. } => "RSA",
        ca_verify::KeyAlgorithm::P256 => "ECDSA256",
        ca_verify::KeyAlgorithm::P384 => "ECDSA384",
    };
    let strict = vpn.revocation == RevocationCheck::Strict;
    let mut ikev2 = dictionary([
        ("RemoteAddress", text(&vpn.gateway)),
        ("RemoteIdentifier", text(vpn.server_id())),
        (
            "LocalIdentifier",
            Value::String(bundle.client_id()?.value()),
        ),
        (
            "AuthenticationMethod",
            Value::String("Certificate".to_owned()),
        ),
        (
            "CertificateType",
            Value::String(certificate_type.to_owned()),
        ),
        (
            "PayloadCertificateUUID",
            Value::String(bundle.uuid(IDENTITY).to_uppercase()),
        ),
        ("ExtendedAuthEnabled", Value::Integer(0.into())),
        ("EnablePFS", Value::Integer(0.into())),
        (
            "EnableCertificateRevocationCheck",
            Value::Integer(u8::from(strict).into()),
        ),
        ("DeadPeerDetectionRate", Value::String("Medium".to_owned())),
        ("IKESecurityAssociationParameters", suite()),
        ("ChildSecurityAssociationParameters", suite()),
    ]);
    // Without it the device does not ask for the gateway's certificate, and strongSwan then sends none.
    if let [ca] = bundle.gateway_cas.as_slice()
        && let Some(name) = ca.subject().common_name()
    {
        ikev2.insert(
            "ServerCertificateIssuerCommonName".to_owned(),
            Value::String(name.to_owned()),
        );
    }
    let mut keys = vec![
        ("UserDefinedName", text(&vpn.name)),
        ("VPNType", Value::String("IKEv2".to_owned())),
        ("IKEv2", Value::Dictionary(ikev2)),
        (
            "IPv4",
            Value::Dictionary(dictionary([(
                "OverridePrimary",
                Value::Integer(u8::from(everything).into()),
            )])),
        ),
    ];
    if !vpn.dns.is_empty() {
        keys.push(("DNS", dns(bundle)));
    }
    Ok(payload(
        bundle,
        "com.apple.vpn.managed",
        "vpn",
        vpn.name.as_str(),
        keys,
    ))
}

/// The one suite of all clients.
fn suite() -> Value {
    Value::Dictionary(dictionary([
        ("EncryptionAlgorithm", Value::String("AES-256".to_owned())),
        ("IntegrityAlgorithm", Value::String("SHA2-256".to_owned())),
        ("DiffieHellmanGroup", Value::Integer(14.into())),
    ]))
}

fn dns(bundle: &Bundle) -> Value {
    let vpn = &bundle.vpn;
    let domains = || Value::Array(vpn.domains.iter().map(text).collect());
    let mut keys = dictionary([(
        "ServerAddresses",
        Value::Array(vpn.dns.iter().map(text).collect()),
    )]);
    if !vpn.domains.is_empty() {
        keys.insert("SearchDomains".to_owned(), domains());
        // Only names of these domains are asked there, unless everything goes through the tunnel.
        if !vpn.networks().is_empty() {
            keys.insert("SupplementalMatchDomains".to_owned(), domains());
        }
    }
    Value::Dictionary(keys)
}

/// Makes a payload with the keys that every payload has.
fn payload(
    bundle: &Bundle,
    kind: &str,
    what: &str,
    name: &str,
    keys: impl IntoIterator<Item = (&'static str, Value)>,
) -> Value {
    let uuid = bundle.uuid(what);
    let identifier = format!("fleet-ca.{}.{what}", bundle.uuid("identifier"));
    let mut payload = dictionary([
        ("PayloadType", Value::String(kind.to_owned())),
        ("PayloadVersion", Value::Integer(1.into())),
        ("PayloadIdentifier", Value::String(identifier)),
        ("PayloadUUID", Value::String(uuid.to_uppercase())),
        ("PayloadDisplayName", Value::String(name.to_owned())),
    ]);
    payload.extend(keys.into_iter().map(|(key, value)| (key.to_owned(), value)));
    Value::Dictionary(payload)
}

fn dictionary<const N: usize>(keys: [(&str, Value); N]) -> Dictionary {
    keys.into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

fn text(value: &impl ToString) -> Value {
    Value::String(value.to_string())
}

const IDENTITY: &str = "identity";
