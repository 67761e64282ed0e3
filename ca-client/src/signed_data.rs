//! CMS `SignedData` (RFC 5652 §5): certificates in a `.p7b` file, and signed profiles.

use cms::cert::{CertificateChoices, IssuerAndSerialNumber};
use cms::content_info::{CmsVersion, ContentInfo};
use cms::signed_data::{
    CertificateSet, EncapsulatedContentInfo, SignedData, SignerIdentifier, SignerInfo, SignerInfos,
};
use der::asn1::{Any, ObjectIdentifier, OctetString, SetOfVec};
use der::{Decode as _, Encode as _};
use sha2::{Digest as _, Sha256, Sha384};
use x509_cert::attr::{Attribute, Attributes};
use x509_cert::spki::AlgorithmIdentifierOwned;

use crate::keys::{KeyError, PrivateKey};

/// Who signs, and the CAs between it and its root.
#[derive(Debug)]
pub(crate) struct Signer {
    /// The key.
    pub(crate) key: PrivateKey,
    /// Its certificate.
    pub(crate) certificate: ca_verify::Certificate,
    /// The CAs above, the issuing one first.
    pub(crate) chain: Vec<ca_verify::Certificate>,
}

/// Packs certificates in DER, without content or signers: a `.p7b` file.
///
/// The set is in the order of DER, which is not that of the chain: readers sort it out by the names.
pub(crate) fn certificates_only(certificates: &[Vec<u8>]) -> der::Result<Vec<u8>> {
    let certificates = certificates.iter().map(Vec::as_slice);
    content_info(SignedData {
        version: CmsVersion::V1,
        digest_algorithms: SetOfVec::new(),
        encap_content_info: data(None)?,
        certificates: Some(certificate_set(certificates)?),
        crls: None,
        signer_infos: SignerInfos(SetOfVec::new()),
    })
}

/// Signs `content` and packs it with the signature and the certificates that prove it.
pub(crate) fn signed(content: &[u8], signer: &Signer) -> Result<Vec<u8>, SignatureError> {
    let (digest_algorithm, signature_algorithm, digest) =
        match signer.certificate.public_key().algorithm() {
            ca_verify::KeyAlgorithm::Rsa { .. } => (
                ID_SHA256,
                with_null(SHA256_WITH_RSA),
                Sha256::digest(content).to_vec(),
            ),
            ca_verify::KeyAlgorithm::P256 => (
                ID_SHA256,
                bare(ECDSA_WITH_SHA256),
                Sha256::digest(content).to_vec(),
            ),
            ca_verify::KeyAlgorithm::P384 => (
                ID_SHA384,
                bare(ECDSA_WITH_SHA384),
                Sha384::digest(content).to_vec(),
            ),
        };
    let attributes = Attributes::try_from(vec![
        attribute(ID_CONTENT_TYPE, &ID_DATA)?,
        attribute(ID_MESSAGE_DIGEST, &OctetString::new(digest)?)?,
    ])?;
    // What is signed is the SET OF itself, not its tag in the message (RFC 5652 §5.4).
    let signature = signer.key.sign(&attributes.to_der()?)?;
    let certificate = x509_cert::Certificate::from_der(signer.certificate.der())?;
    let signer_info = SignerInfo {
        version: CmsVersion::V1,
        sid: SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
            issuer: certificate.tbs_certificate().issuer().clone(),
            serial_number: certificate.tbs_certificate().serial_number().clone(),
        }),
        digest_alg: bare(digest_algorithm),
        signed_attrs: Some(attributes),
        signature_algorithm,
        signature: OctetString::new(signature)?,
        unsigned_attrs: None,
    };
    let certificates = std::iter::once(&signer.certificate).chain(&signer.chain);
    let packed = content_info(SignedData {
        version: CmsVersion::V1,
        digest_algorithms: SetOfVec::try_from(vec![bare(digest_algorithm)])?,
        encap_content_info: data(Some(content))?,
        certificates: Some(certificate_set(
            certificates.map(ca_verify::Certificate::der),
        )?),
        crls: None,
        signer_infos: SignerInfos(SetOfVec::try_from(vec![signer_info])?),
    })?;
    Ok(packed)
}

fn content_info(signed: SignedData) -> der::Result<Vec<u8>> {
    ContentInfo {
        content_type: ID_SIGNED_DATA,
        content: Any::encode_from(&signed)?,
    }
    .to_der()
}

fn data(content: Option<&[u8]>) -> der::Result<EncapsulatedContentInfo> {
    let content = content
        .map(|content| Any::encode_from(&OctetString::new(content)?))
        .transpose()?;
    Ok(EncapsulatedContentInfo {
        econtent_type: ID_DATA,
        econtent: content,
    })
}

fn certificate_set<'a>(
    certificates: impl Iterator<Item = &'a [u8]>,
) -> der::Result<CertificateSet> {
    let choices = certificates
        .map(|der| x509_cert::Certificate::from_der(der).map(CertificateChoices::Certificate));
    let choices = choices.collect::<der::Result<Vec<_>>>()?;
    Ok(CertificateSet(SetOfVec::try_from(choices)?))
}

fn attribute<T: der::EncodeValue + der::Tagged>(
    oid: ObjectIdentifier,
    value: &T,
) -> der::Result<Attribute> {
    Ok(Attribute {
        oid,
        values: SetOfVec::try_from(vec![Any::encode_from(value)?])?,
    })
}

fn bare(oid: ObjectIdentifier) -> AlgorithmIdentifierOwned {
    AlgorithmIdentifierOwned {
        oid,
        parameters: None,
    }
}

fn with_null(oid: ObjectIdentifier) -> AlgorithmIdentifierOwned {
    AlgorithmIdentifierOwned {
        oid,
        parameters: Some(Any::null()),
    }
}

/// Why something is not signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SignatureError {
    /// It does not encode.
    #[error("CMS: {0}")]
    Encoding(#[from] der::Error),
    /// The key does not sign.
    #[error("the profile is not signed: {0}")]
    Key(#[from] KeyError),
}

const ID_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const ID_SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const ID_CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const ID_MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
const ID_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const ID_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
const SHA256_WITH_RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");
const ECDSA_WITH_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
const ECDSA_WITH_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3");
