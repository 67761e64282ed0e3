//! Writes extensions (RFC 5280 §4.2); every one in a certificate is made here.

use std::net::IpAddr;

use ca_types::{GeneralName, RevocationReason};
use ca_verify::{KeyUsage, PublicKey, oid};
use der::asn1::{AnyRef, Ia5String, OctetString};
use der::{Encode, Tag};
use spki::ObjectIdentifier;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::crl::dp::DistributionPoint;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName as Encoded};
use x509_cert::ext::pkix::{
    AccessDescription, AuthorityKeyIdentifier, BasicConstraints, KeyUsages,
};

/// Makes the subject key identifier of a key.
pub(crate) fn subject_key_identifier(key: &PublicKey) -> Result<Extension, der::Error> {
    let identifier = OctetString::new(key.subject_key_identifier())?;
    extension(oid::SUBJECT_KEY_IDENTIFIER, NOT_CRITICAL, &identifier)
}

/// Makes the authority key identifier from the subject key identifier of the CA.
pub(crate) fn authority_key_identifier(identifier: &[u8]) -> Result<Extension, der::Error> {
    let value = AuthorityKeyIdentifier {
        key_identifier: Some(OctetString::new(identifier)?),
        authority_cert_issuer: None,
        authority_cert_serial_number: None,
    };
    extension(oid::AUTHORITY_KEY_IDENTIFIER, NOT_CRITICAL, &value)
}

/// Makes the key usage.
pub(crate) fn key_usage(usage: KeyUsage) -> Result<Extension, der::Error> {
    let bits = [
        (KeyUsage::DIGITAL_SIGNATURE, KeyUsages::DigitalSignature),
        (KeyUsage::KEY_ENCIPHERMENT, KeyUsages::KeyEncipherment),
        (KeyUsage::KEY_CERT_SIGN, KeyUsages::KeyCertSign),
        (KeyUsage::CRL_SIGN, KeyUsages::CRLSign),
    ];
    let mut value = x509_cert::ext::pkix::KeyUsage(Default::default());
    for (_, bit) in bits.into_iter().filter(|(given, _)| usage.has(*given)) {
        value.0 |= bit;
    }
    extension(oid::KEY_USAGE, CRITICAL, &value)
}

/// Makes the extended key usage.
pub(crate) fn extended_key_usage(purposes: &[ObjectIdentifier]) -> Result<Extension, der::Error> {
    extension(oid::EXTENDED_KEY_USAGE, NOT_CRITICAL, &purposes.to_vec())
}

/// Makes the basic constraints of a CA.
pub(crate) fn basic_constraints_of_ca(path_len: Option<u8>) -> Result<Extension, der::Error> {
    let value = BasicConstraints {
        ca: true,
        path_len_constraint: path_len,
    };
    extension(oid::BASIC_CONSTRAINTS, CRITICAL, &value)
}

/// One subject alternative name to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum San<'a> {
    /// A name in its own form.
    Name(&'a GeneralName),
    /// An address as a `dNSName`.
    AddressAsDns(IpAddr),
}

/// Makes the subject alternative names; they are not critical, since the subject is never empty.
pub(crate) fn subject_alt_name<'a>(
    names: impl Iterator<Item = San<'a>>,
) -> Result<Extension, der::Error> {
    let names: Vec<Encoded> = names.map(general_name).collect::<Result<_, _>>()?;
    extension(oid::SUBJECT_ALT_NAME, NOT_CRITICAL, &names)
}

fn general_name(name: San<'_>) -> Result<Encoded, der::Error> {
    Ok(match name {
        San::Name(GeneralName::Dns(name)) => Encoded::DnsName(Ia5String::new(name.as_str())?),
        San::Name(GeneralName::Email(address)) => {
            Encoded::Rfc822Name(Ia5String::new(address.as_str())?)
        }
        San::Name(GeneralName::Ip(IpAddr::V4(address))) => {
            Encoded::IpAddress(OctetString::new(address.octets())?)
        }
        San::Name(GeneralName::Ip(IpAddr::V6(address))) => {
            Encoded::IpAddress(OctetString::new(address.octets())?)
        }
        San::AddressAsDns(address) => Encoded::DnsName(Ia5String::new(&address.to_string())?),
    })
}

/// Makes the CRL distribution point.
pub(crate) fn crl_distribution_point(url: &str) -> Result<Extension, der::Error> {
    let point = DistributionPoint {
        distribution_point: Some(DistributionPointName::FullName(vec![uri(url)?])),
        reasons: None,
        crl_issuer: None,
    };
    extension(oid::CRL_DISTRIBUTION_POINTS, NOT_CRITICAL, &vec![point])
}

/// Makes the authority information access: where the certificate of the CA is.
pub(crate) fn ca_issuers(url: &str) -> Result<Extension, der::Error> {
    let description = AccessDescription {
        access_method: oid::CA_ISSUERS,
        access_location: uri(url)?,
    };
    extension(oid::AUTHORITY_INFO_ACCESS, NOT_CRITICAL, &vec![description])
}

/// Makes the number of a CRL (RFC 5280 §5.2.3).
pub(crate) fn crl_number(number: u64) -> Result<Extension, der::Error> {
    extension(oid::CRL_NUMBER, NOT_CRITICAL, &number)
}

/// Makes the reason of a CRL entry: an ENUMERATED (RFC 5280 §5.3.1).
pub(crate) fn crl_reason(reason: RevocationReason) -> Result<Extension, der::Error> {
    let value = AnyRef::new(Tag::Enumerated, &[reason.number()])?.to_der()?;
    Ok(Extension {
        extn_id: oid::CRL_REASON,
        critical: NOT_CRITICAL,
        extn_value: OctetString::new(value)?,
    })
}

fn uri(url: &str) -> Result<Encoded, der::Error> {
    Ok(Encoded::UniformResourceIdentifier(Ia5String::new(url)?))
}

fn extension(
    oid: ObjectIdentifier,
    critical: bool,
    value: &impl Encode,
) -> Result<Extension, der::Error> {
    Ok(Extension {
        extn_id: oid,
        critical,
        extn_value: OctetString::new(value.to_der()?)?,
    })
}

const CRITICAL: bool = true;
const NOT_CRITICAL: bool = false;
