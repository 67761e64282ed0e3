//! Writes what a CA signs: `TBSCertificate` and `TBSCertList` (RFC 5280 §4.1.2 and §5.1.2).

use std::time::Duration;

use ca_types::{SerialNumber, UnixTime};
use ca_verify::{PublicKey, SignatureAlgorithm, oid};
use der::asn1::{AnyRef, BitStringRef, SetOfVec, UintRef};
use der::{DateTime, Decode, Encode, EncodeValue, FixedTag, Tag, TagNumber};
use spki::ObjectIdentifier;
use x509_cert::Version;
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::ext::Extension;
use x509_cert::time::{Time, Validity};

/// What makes a certificate.
#[derive(Debug)]
pub(crate) struct Parts<'a> {
    pub(crate) serial: SerialNumber,
    pub(crate) algorithm: SignatureAlgorithm,
    /// The DER of the issuer's name, as it stands in the certificate of the CA.
    pub(crate) issuer: &'a [u8],
    pub(crate) validity: ca_types::Validity,
    /// The DER of the subject's name.
    pub(crate) subject: &'a [u8],
    pub(crate) public_key: &'a PublicKey,
    pub(crate) extensions: Vec<Extension>,
}

impl Parts<'_> {
    /// Encodes the `TBSCertificate`.
    pub(crate) fn into_der(self) -> Result<Vec<u8>, der::Error> {
        TbsCertificate {
            version: Version::V3,
            serial_number: UintRef::new(&self.serial.octets())?,
            signature: AnyRef::from_der(self.algorithm.identifier_der())?,
            issuer: AnyRef::from_der(self.issuer)?,
            validity: Validity::new(
                time(self.validity.not_before())?,
                time(self.validity.not_after())?,
            ),
            subject: AnyRef::from_der(self.subject)?,
            subject_public_key_info: AnyRef::from_der(self.public_key.spki_der())?,
            extensions: self.extensions,
        }
        .to_der()
    }
}

/// The fields of `TBSCertificate` that this CA uses.
#[derive(EncodeValue)]
struct TbsCertificate<'a> {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    version: Version,
    serial_number: UintRef<'a>,
    signature: AnyRef<'a>,
    issuer: AnyRef<'a>,
    validity: Validity,
    subject: AnyRef<'a>,
    subject_public_key_info: AnyRef<'a>,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT")]
    extensions: Vec<Extension>,
}

impl FixedTag for TbsCertificate<'_> {
    const TAG: Tag = Tag::Sequence;
}

/// The fields of `TBSCertList` that this CA uses.
#[derive(Debug, EncodeValue)]
pub(crate) struct TbsCertList<'a> {
    pub(crate) version: Version,
    pub(crate) signature: AnyRef<'a>,
    pub(crate) issuer: AnyRef<'a>,
    pub(crate) this_update: Time,
    pub(crate) next_update: Time,
    pub(crate) revoked_certificates: Option<AnyRef<'a>>,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    pub(crate) extensions: Vec<Extension>,
}

impl FixedTag for TbsCertList<'_> {
    const TAG: Tag = Tag::Sequence;
}

/// `SIGNED{…}` (RFC 5280 §4.1.1).
#[derive(EncodeValue)]
struct Signed<'a> {
    content: AnyRef<'a>,
    algorithm: AnyRef<'a>,
    signature: BitStringRef<'a>,
}

impl FixedTag for Signed<'_> {
    const TAG: Tag = Tag::Sequence;
}

/// `CertificationRequestInfo` (RFC 2986 §4.1) without attributes.
#[derive(EncodeValue)]
struct RequestInfo<'a> {
    version: u8,
    subject: AnyRef<'a>,
    public_key: AnyRef<'a>,
    attributes: AnyRef<'a>,
}

impl FixedTag for RequestInfo<'_> {
    const TAG: Tag = Tag::Sequence;
}

/// Encodes what the key of a certification request signs.
pub(crate) fn request_info(subject: &[u8], key: &PublicKey) -> Result<Vec<u8>, der::Error> {
    let no_attributes = Tag::ContextSpecific {
        constructed: true,
        number: TagNumber(0),
    };
    RequestInfo {
        version: 0,
        subject: AnyRef::from_der(subject)?,
        public_key: AnyRef::from_der(key.spki_der())?,
        attributes: AnyRef::new(no_attributes, &[])?,
    }
    .to_der()
}

/// Puts content, algorithm and signature together.
pub(crate) fn signed(
    content: &[u8],
    algorithm: SignatureAlgorithm,
    signature: &[u8],
) -> Result<Vec<u8>, der::Error> {
    Signed {
        content: AnyRef::from_der(content)?,
        algorithm: AnyRef::from_der(algorithm.identifier_der())?,
        signature: BitStringRef::from_bytes(signature)?,
    }
    .to_der()
}

/// Makes a `UTCTime` through 2049 and a `GeneralizedTime` from 2050 (RFC 5280 §4.1.2.5).
pub(crate) fn time(time: UnixTime) -> Result<Time, der::Error> {
    let seconds = Duration::from_secs(time.since(UnixTime::EPOCH));
    Ok(Time::from(DateTime::from_unix_duration(seconds)?))
}

/// Encodes a name of a common name alone.
pub(crate) fn common_name(name: &str) -> Result<Vec<u8>, der::Error> {
    vec![attribute(oid::COMMON_NAME, name)?].to_der()
}

/// Encodes the name of a CA: organization, then common name.
pub(crate) fn ca_name(organization: &str, common_name: &str) -> Result<Vec<u8>, der::Error> {
    vec![
        attribute(oid::ORGANIZATION, organization)?,
        attribute(oid::COMMON_NAME, common_name)?,
    ]
    .to_der()
}

fn attribute(
    oid: ObjectIdentifier,
    text: &str,
) -> Result<SetOfVec<AttributeTypeAndValue>, der::Error> {
    let value = der::asn1::Any::new(Tag::Utf8String, text.as_bytes())?;
    SetOfVec::from_iter([AttributeTypeAndValue { oid, value }])
}
