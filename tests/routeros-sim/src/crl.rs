//! Certificate revocation lists as the router reads them.
//!
//! The RouterOS manual, Certificates, limits what counts: lists that come over plain http, are
//! whole ("segmented" ones are unsupported), and signed by the CA of the chain itself.

use crate::x509::{self, CertificateFacts, SignedParts};
use der::{Decode as _, asn1::ObjectIdentifier, oid::AssociatedOid};
use x509_cert::{
    crl::CertificateList,
    ext::{
        Extension,
        pkix::{AuthorityKeyIdentifier, BaseCrlNumber, CrlNumber},
    },
};

/// Holds a CRL and everything a `/certificate/crl` row shows about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrlFacts {
    /// The list as it was read.
    pub der: Vec<u8>,
    /// The issuer name.
    pub issuer_der: Vec<u8>,
    /// The CRL number in decimal, or nothing.
    pub number: String,
    /// Serial numbers in lower-case hex, in the order of the list, and the seconds since 1970 of each.
    pub revoked: Vec<(String, i64)>,
    /// Seconds since 1970.
    pub this_update: i64,
    /// Seconds since 1970.
    pub next_update: i64,
    /// Authority key identifier in lower-case hex, or nothing.
    pub akid: String,
    /// SHA-256 of the DER in lower-case hex.
    pub fingerprint: String,
    /// The signature in lower-case hex.
    pub signature: String,
}

/// Reads one DER list.
///
/// # Errors
/// Says what is wrong with the list; being a part of a list, or a delta, is one such.
pub fn parse(der: &[u8]) -> Result<CrlFacts, String> {
    let list: CertificateList =
        CertificateList::from_der(der).map_err(|error| format!("not a CRL: {error}"))?;
    let tbs = list.tbs_cert_list;
    let extensions = tbs.crl_extensions.unwrap_or_default();
    if has(&extensions, ISSUING_DISTRIBUTION_POINT) {
        return Err("segmented CRLs are unsupported".to_owned());
    }
    if has(&extensions, BaseCrlNumber::OID) {
        return Err("delta CRLs are unsupported".to_owned());
    }
    if let Some(other) = extensions.iter().find(|extension| extension.critical) {
        return Err(format!(
            "critical extension {} is unsupported",
            other.extn_id
        ));
    }
    Ok(CrlFacts {
        der: der.to_vec(),
        issuer_der: x509::encoded(&tbs.issuer)?,
        number: extension::<CrlNumber>(&extensions)?
            .map_or_else(String::new, |number| decimal(number.0.as_bytes())),
        revoked: tbs
            .revoked_certificates
            .iter()
            .flatten()
            .map(|entry| {
                let serial = x509::serial_hex(entry.serial_number.as_bytes());
                (serial, x509::unix_seconds(entry.revocation_date))
            })
            .collect(),
        this_update: x509::unix_seconds(tbs.this_update),
        next_update: tbs
            .next_update
            .map(x509::unix_seconds)
            .ok_or("the CRL has no nextUpdate")?,
        akid: extension::<AuthorityKeyIdentifier>(&extensions)?
            .and_then(|id| id.key_identifier)
            .map_or_else(String::new, |id| x509::hex(id.as_bytes())),
        fingerprint: x509::fingerprint(der),
        signature: x509::hex(list.signature.raw_bytes()),
    })
}

impl CrlFacts {
    /// Tells whether `issuer` has the name of the list's issuer and the key that signed it.
    #[must_use]
    pub fn is_signed_by(&self, issuer: &CertificateFacts) -> bool {
        self.issuer_der == issuer.subject_der
            && SignedParts::from_der(&self.der)
                .is_ok_and(|parts| parts.is_signed_by(&issuer.spki_der))
    }
}

fn has(extensions: &[Extension], oid: ObjectIdentifier) -> bool {
    extensions.iter().any(|extension| extension.extn_id == oid)
}

fn extension<'a, T>(extensions: &'a [Extension]) -> Result<Option<T>, String>
where
    T: der::Decode<'a, Error = der::Error> + AssociatedOid,
{
    extensions
        .iter()
        .find(|extension| extension.extn_id == T::OID)
        .map(|extension| {
            T::from_der(extension.extn_value.as_bytes())
                .map_err(|error| format!("extension {}: {error}", T::OID))
        })
        .transpose()
}

/// Returns a big-endian number in decimal.
fn decimal(octets: &[u8]) -> String {
    let mut digits = vec![0_u8];
    for octet in octets {
        let mut carry = u32::from(*octet);
        for digit in &mut digits {
            carry += u32::from(*digit) * 256;
            *digit = (carry % 10) as u8;
            carry /= 10;
        }
        while carry > 0 {
            digits.push((carry % 10) as u8);
            carry /= 10;
        }
    }
    digits
        .iter()
        .rev()
        .map(|digit| char::from(b'0' + digit))
        .collect()
}

/// RFC 5280 §5.2.5; `x509-cert` gives its type the identifier of another extension.
const ISSUING_DISTRIBUTION_POINT: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.28");
