//! The part of a certificate that is signed (RFC 5280 §4.1.2), read without a copy.

use crate::der_reader::{DerReader, MalformedDer, Time, tag};
use crate::extension::Extensions;

/// The fields of a `TBSCertificate`; names, key and extensions unread.
#[derive(Debug, Clone)]
pub(crate) struct TbsCertificate<'a> {
    /// The value of the field: 2 stands for version 3.
    pub(crate) version: u64,
    /// The content octets.
    pub(crate) serial: &'a [u8],
    pub(crate) signature_algorithm: &'a [u8],
    pub(crate) issuer: &'a [u8],
    pub(crate) not_before: Time,
    pub(crate) not_after: Time,
    pub(crate) subject: &'a [u8],
    pub(crate) public_key: &'a [u8],
    /// Whether it has an `issuerUniqueID` or `subjectUniqueID`.
    pub(crate) has_unique_ids: bool,
    pub(crate) extensions: Extensions<'a>,
}

impl<'a> TbsCertificate<'a> {
    /// Reads a `TBSCertificate`; nothing may follow it.
    pub(crate) fn read(octets: &'a [u8]) -> Result<Self, MalformedDer> {
        let mut reader = DerReader::new(octets, "certificate");
        let mut fields = reader.sequence("certificate")?;
        reader.finish()?;
        let version = match fields.optional(tag::context_constructed(0))? {
            None => 0,
            Some(element) => {
                let mut inside = DerReader::new(element.content, "version");
                let version = inside.small_integer()?;
                if version == 0 {
                    return Err(inside.error("writes out a default value"));
                }
                inside.finish()?;
                version
            }
        };
        let serial = fields.integer()?;
        let signature_algorithm = fields
            .expect_element(tag::SEQUENCE, "wanted a signature algorithm")?
            .octets;
        let issuer = fields
            .expect_element(tag::SEQUENCE, "wanted an issuer")?
            .octets;
        let mut validity = fields.sequence("validity")?;
        let not_before = validity.time()?;
        let not_after = validity.time()?;
        validity.finish()?;
        let subject = fields
            .expect_element(tag::SEQUENCE, "wanted a subject")?
            .octets;
        let public_key = fields
            .expect_element(tag::SEQUENCE, "wanted a public key")?
            .octets;
        let issuer_id = fields.optional(tag::context(1))?;
        let subject_id = fields.optional(tag::context(2))?;
        let extensions = Extensions::read_tagged(&mut fields, 3)?;
        fields.finish()?;
        Ok(Self {
            version,
            serial,
            signature_algorithm,
            issuer,
            not_before,
            not_after,
            subject,
            public_key,
            has_unique_ids: issuer_id.is_some() || subject_id.is_some(),
            extensions,
        })
    }
}
