//! A certification request (RFC 2986) as `sign-certificate-request` reads it.

use der::{Decode as _, Encode as _, oid::AssociatedOid as _};
use rcgen::{
    PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ECDSA_P521_SHA512, PKCS_RSA_SHA256,
    PublicKeyData, SignatureAlgorithm,
};
use x509_cert::attr::Attribute;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::request::{CertReq, ExtensionReq};

use super::{Digest, Template};
use crate::x509::{self, SignedParts};

/// The key that a request asks to certify.
#[derive(Debug)]
pub struct RequestedKey {
    octets: Vec<u8>,
    algorithm: &'static SignatureAlgorithm,
}

impl PublicKeyData for RequestedKey {
    fn der_bytes(&self) -> &[u8] {
        &self.octets
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        self.algorithm
    }
}

/// Reads a request that its own key signed, for a certificate valid for some days.
///
/// The names are the request's; the usages are those of an end entity.
///
/// # Errors
/// Says what is wrong with the request.
pub fn read(der: &[u8], days: i64) -> Result<(Template, RequestedKey), String> {
    let request = CertReq::from_der(der).map_err(|error| format!("not a request: {error}"))?;
    let spki = request
        .info
        .public_key
        .to_der()
        .map_err(|error| error.to_string())?;
    let signed = SignedParts::from_der(der).is_ok_and(|parts| parts.is_signed_by(&spki));
    if !signed {
        return Err("the request is not signed by its key".to_owned());
    }
    let (kind, size) = x509::key_kind(&request.info.public_key)?;
    let algorithm = match (kind, size.as_str()) {
        ("rsa", _) => &PKCS_RSA_SHA256,
        (_, "prime256v1") => &PKCS_ECDSA_P256_SHA256,
        (_, "secp384r1") => &PKCS_ECDSA_P384_SHA384,
        (_, "secp521r1") => &PKCS_ECDSA_P521_SHA512,
        _ => return Err(format!("keys of size {size} cannot be certified here")),
    };
    let octets = request
        .info
        .public_key
        .subject_public_key
        .raw_bytes()
        .to_vec();
    let names = request
        .info
        .attributes
        .iter()
        .find_map(alt_names)
        .unwrap_or_default();
    let template = Template {
        common_name: x509::common_name(&request.info.subject),
        san: names,
        key_usage: [
            "digital-signature",
            "key-encipherment",
            "tls-server",
            "tls-client",
        ]
        .map(ToOwned::to_owned)
        .to_vec(),
        days,
        key_size: 0,
        digest: Digest::Sha256,
        organization: None,
        is_ca: false,
    };
    Ok((template, RequestedKey { octets, algorithm }))
}

fn alt_names(attribute: &Attribute) -> Option<Vec<String>> {
    let value = attribute.values.iter().next()?.to_der().ok()?;
    let extensions = (attribute.oid == ExtensionReq::OID)
        .then(|| ExtensionReq::from_der(&value).ok())
        .flatten()?;
    let extension = extensions
        .0
        .iter()
        .find(|extension| extension.extn_id == SubjectAltName::OID)?;
    let names = SubjectAltName::from_der(extension.extn_value.as_bytes()).ok()?;
    Some(names.0.iter().filter_map(x509::alt_name).collect())
}
