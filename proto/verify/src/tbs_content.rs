//! What a `TBSCertificate` certifies, read from its octets (RFC 5280 §4.1.2).

use ca_types::UnixTime;
use spki::ObjectIdentifier;

use crate::extension::extended_key_usage;
use crate::tbs_certificate::TbsCertificate;
use crate::{AlternativeName, BasicConstraints, DistinguishedName, KeyUsage, MalformedDer, oid};

/// What a `TBSCertificate` certifies, read from its octets by a reader that shares nothing with the builder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TbsContent {
    /// The common names of the subject.
    pub common_names: Vec<String>,
    /// The e-mail addresses in the subject.
    pub email_addresses: Vec<String>,
    /// The subject alternative names.
    pub sans: Vec<AlternativeName>,
    /// The first second of the validity.
    pub not_before: UnixTime,
    /// The last second of the validity.
    pub not_after: UnixTime,
    /// The DER of the `SubjectPublicKeyInfo`.
    pub public_key: Vec<u8>,
    /// The key usage.
    pub key_usage: Option<KeyUsage>,
    /// The extended key usage.
    pub extended_key_usage: Vec<ObjectIdentifier>,
    /// Whether it is the certificate of a CA.
    pub is_ca: bool,
}

impl TbsContent {
    /// Reads the octets of a `TBSCertificate`.
    ///
    /// # Errors
    /// Fails when they are malformed.
    pub fn read(tbs: &[u8]) -> Result<Self, MalformedDer> {
        let tbs = TbsCertificate::read(tbs)?;
        let subject = DistinguishedName::read(tbs.subject)?;
        let value = |oid| tbs.extensions.find(oid).map(|extension| extension.value);
        let sans = value(oid::SUBJECT_ALT_NAME).map(AlternativeName::read_all);
        let purposes = value(oid::EXTENDED_KEY_USAGE).map(extended_key_usage);
        let constraints = value(oid::BASIC_CONSTRAINTS).map(BasicConstraints::read);
        Ok(Self {
            common_names: subject.common_names().to_vec(),
            email_addresses: subject.email_addresses().to_vec(),
            sans: sans.transpose()?.unwrap_or_default(),
            not_before: tbs.not_before.value,
            not_after: tbs.not_after.value,
            public_key: tbs.public_key.to_vec(),
            key_usage: value(oid::KEY_USAGE).map(KeyUsage::read).transpose()?,
            extended_key_usage: purposes.transpose()?.unwrap_or_default(),
            is_ca: constraints
                .transpose()?
                .is_some_and(|constraints| constraints.ca),
        })
    }
}
