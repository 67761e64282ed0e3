//! Certificate revocation lists (RFC 5280 §5): full, direct, from entries kept encoded.

use std::collections::BTreeMap;

use ca_types::{RevocationReason, SerialNumber, UnixTime};
use ca_verify::{Certificate, CertificateList, LintedList, SignatureAlgorithm, lint_list};
use der::asn1::{AnyRef, UintRef};
use der::{Decode, Encode, EncodeValue, FixedTag, Tag};
use x509_cert::Version;
use x509_cert::ext::Extension;
use x509_cert::time::Time;

use crate::tbs::{self, TbsCertList};
use crate::{IssuanceError, Signer, extensions};

/// The revoked certificates of one CA, encoded and sorted by serial number.
#[derive(Debug, Clone, Default)]
pub struct RevokedCertificates {
    entries: BTreeMap<SerialNumber, Entry>,
    ended_before: Option<UnixTime>,
}

/// A revoked certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revoked {
    /// Its serial number.
    pub serial: SerialNumber,
    /// When it was revoked.
    pub time: UnixTime,
    /// Why.
    pub reason: RevocationReason,
    /// When it would have ended.
    pub not_after: UnixTime,
}

/// One element of `revokedCertificates`, encoded.
#[derive(Debug, Clone, Copy)]
struct Entry {
    octets: [u8; MAX_ENTRY_OCTETS],
    length: usize,
    not_after: UnixTime,
}

/// SEQUENCE 2, serial number 2 + 17, `GeneralizedTime` 2 + 15, reason 14.
const MAX_ENTRY_OCTETS: usize = 52;

impl Entry {
    fn new(revoked: Revoked) -> Self {
        let encoded = encode(revoked).expect(
            "16 octets of a serial number, a time before the year 10000 and a reason encode",
        );
        let mut octets = [0; MAX_ENTRY_OCTETS];
        octets
            .iter_mut()
            .zip(&encoded)
            .for_each(|(octet, from)| *octet = *from);
        Self {
            octets,
            length: encoded.len(),
            not_after: revoked.not_after,
        }
    }

    fn der(&self) -> &[u8] {
        self.octets.get(..self.length).unwrap_or_default()
    }
}

impl RevokedCertificates {
    /// Adds a certificate; tells whether it was new. What stands there stays as it is.
    pub fn insert(&mut self, revoked: Revoked) -> bool {
        match self.entries.entry(revoked.serial) {
            std::collections::btree_map::Entry::Occupied(_) => false,
            std::collections::btree_map::Entry::Vacant(place) => {
                place.insert(Entry::new(revoked));
                true
            }
        }
    }

    /// Returns how many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Tells whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Leaves the certificates out of the next CRL that had ended before `last_crl` was made.
    ///
    /// They stood on one CRL beyond their end, which is as long as RFC 5280 §3.3 wants them. They are kept all the
    /// same: a clock that ran ahead must not take a revocation away.
    pub fn leave_out_ended_before(&mut self, last_crl: UnixTime) {
        self.ended_before = Some(last_crl);
    }

    /// Puts the encoded entries one after the other.
    fn concatenated(&self) -> Vec<u8> {
        let mut content = Vec::with_capacity(self.entries.len().saturating_mul(MAX_ENTRY_OCTETS));
        let is_wanted = |entry: &&Entry| {
            self.ended_before
                .is_none_or(|ended_before| entry.not_after >= ended_before)
        };
        for entry in self.entries.values().filter(is_wanted) {
            content.extend_from_slice(entry.der());
        }
        content
    }
}

/// Number and times of a CRL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CrlIssue {
    /// Its cRLNumber, higher than every one before.
    pub number: u64,
    /// Its thisUpdate.
    pub this_update: UnixTime,
    /// Its nextUpdate.
    pub next_update: UnixTime,
}

/// Builds the `TBSCertList` of all revoked certificates, and lints it.
///
/// # Errors
/// Fails when a lint finds an error.
pub fn prepare_crl(
    revoked: &RevokedCertificates,
    issue: CrlIssue,
    issuer: &Certificate,
    algorithm: SignatureAlgorithm,
) -> Result<LintedList, IssuanceError> {
    let content = revoked.concatenated();
    let authority = issuer.subject_key_identifier().unwrap_or_default();
    let tbs = TbsCertList {
        version: Version::V2,
        signature: AnyRef::from_der(algorithm.identifier_der())?,
        issuer: AnyRef::from_der(issuer.subject().der())?,
        this_update: tbs::time(issue.this_update)?,
        next_update: tbs::time(issue.next_update)?,
        // RFC 5280 §5.1.2.6: absent when there are none.
        revoked_certificates: if content.is_empty() {
            None
        } else {
            Some(AnyRef::new(Tag::Sequence, &content)?)
        },
        extensions: vec![
            extensions::authority_key_identifier(authority)?,
            extensions::crl_number(issue.number)?,
        ],
    };
    Ok(lint_list(tbs.to_der()?, issuer, algorithm)?)
}

/// Signs what passed the lint; checks that the signed octets are the linted ones and that the signature holds.
///
/// # Errors
/// Fails when the signer is not the key of the CA, or does not sign.
pub fn sign_crl(linted: LintedList, signer: &dyn Signer) -> Result<CertificateList, IssuanceError> {
    let algorithm = linted.algorithm();
    let tbs = linted.tbs_der();
    if signer.public_key().key_id() != linted.signer() || signer.algorithm() != algorithm {
        return Err(IssuanceError::OtherKey);
    }
    let signature = signer.sign(tbs)?;
    let list = CertificateList::from_der(&tbs::signed(tbs, algorithm, &signature)?)?;
    if list.tbs_der() != tbs {
        return Err(IssuanceError::NotWhatWasLinted);
    }
    signer.public_key().verify(tbs, &signature, algorithm)?;
    Ok(list)
}

#[derive(EncodeValue)]
struct EntryDer<'a> {
    serial_number: UintRef<'a>,
    revocation_date: Time,
    extensions: Option<Vec<Extension>>,
}

impl FixedTag for EntryDer<'_> {
    const TAG: Tag = Tag::Sequence;
}

/// Encodes an entry; the reason is left out when unspecified (RFC 5280 §5.3.1).
fn encode(revoked: Revoked) -> Result<Vec<u8>, der::Error> {
    let reason = if revoked.reason == RevocationReason::Unspecified {
        None
    } else {
        Some(vec![extensions::crl_reason(revoked.reason)?])
    };
    EntryDer {
        serial_number: UintRef::new(&revoked.serial.octets())?,
        revocation_date: tbs::time(revoked.time)?,
        extensions: reason,
    }
    .to_der()
}
