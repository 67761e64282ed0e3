//! What a certificate, a request and a CRL have in common: octets, an algorithm, a signature.

use crate::der_reader::{DerReader, MalformedDer, tag};

/// The three fields of `SIGNED{…}` (RFC 5280 §4.1.1).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Signed<'a> {
    /// The exact octets that are signed.
    pub(crate) content: &'a [u8],
    /// The `AlgorithmIdentifier`.
    pub(crate) algorithm: &'a [u8],
    pub(crate) signature: &'a [u8],
}

impl<'a> Signed<'a> {
    /// Reads the three fields; nothing may follow them.
    pub(crate) fn read(der: &'a [u8], place: &'static str) -> Result<Self, MalformedDer> {
        let mut reader = DerReader::new(der, place);
        let mut fields = reader.sequence(place)?;
        reader.finish()?;
        let content = fields
            .expect_element(tag::SEQUENCE, "wanted a SEQUENCE")?
            .octets;
        let algorithm = fields
            .expect_element(tag::SEQUENCE, "wanted a signature algorithm")?
            .octets;
        let signature = fields.octet_bits()?;
        fields.finish()?;
        Ok(Self {
            content,
            algorithm,
            signature,
        })
    }
}
