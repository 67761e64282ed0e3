//! The part of a CRL that is signed (RFC 5280 §5.1.2), read without a copy.

use ca_types::{RevocationReason, UnixTime};

use crate::der_reader::{DerReader, MalformedDer, Time, TimeForm, tag};
use crate::extension::{AuthorityKeyIdentifier, Extensions};
use crate::oid;

/// The fields of a `TBSCertList`; entries unread.
#[derive(Debug, Clone)]
pub(crate) struct TbsCertList<'a> {
    /// The value of the field: 1 stands for version 2.
    pub(crate) version: u64,
    pub(crate) signature_algorithm: &'a [u8],
    pub(crate) issuer: &'a [u8],
    pub(crate) this_update: Time,
    pub(crate) next_update: Option<Time>,
    /// The content of `revokedCertificates`.
    pub(crate) entries: &'a [u8],
    /// Whether `revokedCertificates` is there and empty, against RFC 5280 §5.1.2.6.
    pub(crate) has_empty_list: bool,
    pub(crate) extensions: Extensions<'a>,
}

impl<'a> TbsCertList<'a> {
    /// Reads a `TBSCertList`; nothing may follow it.
    pub(crate) fn read(octets: &'a [u8]) -> Result<Self, MalformedDer> {
        let mut reader = DerReader::new(octets, "CRL");
        let mut fields = reader.sequence("CRL")?;
        reader.finish()?;
        let version = match fields.optional(tag::INTEGER)? {
            None => 0,
            Some(element) => fields.small(element.content)?,
        };
        let signature_algorithm = fields
            .expect_element(tag::SEQUENCE, "wanted a signature algorithm")?
            .octets;
        let issuer = fields
            .expect_element(tag::SEQUENCE, "wanted an issuer")?
            .octets;
        let this_update = fields.time()?;
        let mut ahead = fields.clone();
        let next_update = match ahead.element() {
            Ok(element) if matches!(element.tag, tag::UTC_TIME | tag::GENERALIZED_TIME) => {
                Some(fields.time()?)
            }
            Ok(_) | Err(_) => None,
        };
        let entries = fields.optional(tag::SEQUENCE)?;
        let extensions = Extensions::read_tagged(&mut fields, 0)?;
        fields.finish()?;
        Ok(Self {
            version,
            signature_algorithm,
            issuer,
            this_update,
            next_update,
            entries: entries.map(|element| element.content).unwrap_or_default(),
            has_empty_list: entries.is_some_and(|element| element.content.is_empty()),
            extensions,
        })
    }

    /// Reads the cRLNumber, if it is there.
    pub(crate) fn number(&self) -> Result<Option<u64>, MalformedDer> {
        let Some(extension) = self.extensions.find(oid::CRL_NUMBER) else {
            return Ok(None);
        };
        let mut reader = DerReader::new(extension.value, "CRL number");
        let number = reader.small_integer()?;
        reader.finish()?;
        Ok(Some(number))
    }

    /// Reads the key identifier of the authority key identifier, if it is there.
    pub(crate) fn authority_key_identifier(&self) -> Result<Option<&'a [u8]>, MalformedDer> {
        match self.extensions.find(oid::AUTHORITY_KEY_IDENTIFIER) {
            None => Ok(None),
            Some(extension) => Ok(AuthorityKeyIdentifier::read(extension.value)?.key_identifier),
        }
    }
}

/// Reads the entries of a CRL one by one, as they are read here: a reason and no other extension.
#[derive(Debug, Clone)]
pub(crate) struct Entries<'a>(DerReader<'a>);

/// One entry of a CRL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RevokedCertificate<'a> {
    /// The content octets of the serial number.
    pub serial: &'a [u8],
    /// When it was revoked.
    pub time: UnixTime,
    /// Why.
    pub reason: RevocationReason,
    pub(crate) form: TimeForm,
}

impl<'a> Entries<'a> {
    /// Begins at the content of `revokedCertificates`.
    pub(crate) fn new(content: &'a [u8]) -> Self {
        Self(DerReader::new(content, "list of revoked certificates"))
    }

    /// Reads the next entry.
    pub(crate) fn read(&mut self) -> Result<Option<RevokedCertificate<'a>>, MalformedDer> {
        if self.0.is_at_end() {
            return Ok(None);
        }
        let mut fields = self.0.sequence("entry of a CRL")?;
        let serial = fields.integer()?;
        let time = fields.time()?;
        let reason = if fields.is_at_end() {
            RevocationReason::Unspecified
        } else {
            reason(&mut fields)?
        };
        fields.finish()?;
        Ok(Some(RevokedCertificate {
            serial,
            time: time.value,
            reason,
            form: time.form,
        }))
    }
}

/// Reads the extensions of an entry: a reason, not critical, and nothing else, since any other would change what is
/// revoked. DER leaves one way to write that, and a CRL can have very many.
fn reason(fields: &mut DerReader<'_>) -> Result<RevocationReason, MalformedDer> {
    let extensions = fields.expect(tag::SEQUENCE, "wanted extensions")?;
    match extensions.strip_prefix(REASON) {
        Some([number]) => RevocationReason::from_number(*number)
            .filter(|reason| *reason != RevocationReason::Unspecified)
            .ok_or_else(|| fields.error("is a reason that is not used here")),
        Some(_) | None => Err(fields.error("wanted a reason and no other extension")),
    }
}

/// SEQUENCE, `id-ce-cRLReasons`, OCTET STRING, and ENUMERATED of one octet (RFC 5280 §5.3.1).
const REASON: &[u8] = &[0x30, 10, 6, 3, 0x55, 0x1d, 21, 4, 3, 10, 1];

/// Reads the entries of any CRL one by one.
#[derive(Debug, Clone)]
pub(crate) struct RawEntries<'a>(DerReader<'a>);

/// One entry of any CRL, its extensions unread.
#[derive(Debug, Clone)]
pub(crate) struct RawEntry<'a> {
    pub(crate) serial: &'a [u8],
    pub(crate) time: Time,
    extensions: DerReader<'a>,
}

/// What an entry has that is not written here.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct EntryFaults(u8);

impl EntryFaults {
    /// A serial number that is not higher than the one before.
    pub(crate) const ORDER: Self = Self(1);
    /// A time in the other form.
    pub(crate) const TIME_FORM: Self = Self(1 << 1);
    /// A time after thisUpdate.
    pub(crate) const FUTURE: Self = Self(1 << 2);
    /// A serial number that is not positive, or too long.
    pub(crate) const SERIAL: Self = Self(1 << 3);
    /// A reason that cannot be read, `unspecified`, or `removeFromCRL`, which has no place in a full CRL.
    pub(crate) const REASON: Self = Self(1 << 4);
    /// A critical reason.
    pub(crate) const CRITICAL_REASON: Self = Self(1 << 5);
    /// A certificate issuer: the CRL is an indirect one.
    pub(crate) const INDIRECT: Self = Self(1 << 6);
    /// Another extension.
    pub(crate) const UNKNOWN_EXTENSION: Self = Self(1 << 7);

    /// Adds a fault if it is there.
    pub(crate) fn add(&mut self, fault: Self, is_there: bool) {
        if is_there {
            self.0 |= fault.0;
        }
    }

    /// Tells whether one of these faults is there.
    pub(crate) fn has(self, faults: Self) -> bool {
        self.0 & faults.0 != 0
    }
}

impl<'a> RawEntries<'a> {
    /// Begins at the content of `revokedCertificates`.
    pub(crate) fn new(content: &'a [u8]) -> Self {
        Self(DerReader::new(content, "list of revoked certificates"))
    }

    /// Reads the next entry.
    pub(crate) fn read(&mut self) -> Result<Option<RawEntry<'a>>, MalformedDer> {
        if self.0.is_at_end() {
            return Ok(None);
        }
        let mut fields = self.0.sequence("entry of a CRL")?;
        Ok(Some(RawEntry {
            serial: fields.integer()?,
            time: fields.time()?,
            extensions: fields,
        }))
    }
}

impl RawEntry<'_> {
    /// Reads the extensions.
    pub(crate) fn judge_extensions(mut self, faults: &mut EntryFaults) -> Result<(), MalformedDer> {
        if self.extensions.is_at_end() {
            return Ok(());
        }
        let mut usual = self.extensions.clone();
        if reason(&mut usual).is_ok() {
            return usual.finish();
        }
        let list = Extensions::read(&mut self.extensions)?;
        self.extensions.finish()?;
        for extension in &list.0 {
            match extension.oid {
                oid::CRL_REASON => {
                    faults.add(EntryFaults::CRITICAL_REASON, extension.critical);
                    faults.add(EntryFaults::REASON, !is_used_reason(extension.value));
                }
                oid::CERTIFICATE_ISSUER => faults.add(EntryFaults::INDIRECT, true),
                _ => faults.add(EntryFaults::UNKNOWN_EXTENSION, true),
            }
        }
        Ok(())
    }
}

fn is_used_reason(value: &[u8]) -> bool {
    match value {
        // certificateHold and aACompromise are reasons that others use.
        [10, 1, number] => matches!(number, 1..=6 | 9 | 10),
        _ => false,
    }
}
