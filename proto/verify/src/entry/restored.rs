//! What a restore of a backup changed, as the leaf `restored` says it.

use ca_types::{IssuerId, RevocationReason, SerialNumber, UnixTime};
use der::Sequence;
use der::asn1::OctetString;

use super::{CrlDer, CrlSigned, EntryError, field, octets, serial, time};

/// A backup was put back: from here on the log goes on behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// How many leaves the backup has.
    pub leaves: u64,
    /// The root hash over them (RFC 9162 §2.1).
    pub root: [u8; 32],
    /// Since when changes are lost that no CRL tells of; none when every CA had its current CRL.
    pub lost_since: Option<UnixTime>,
    /// What became of the CRL of each CA.
    pub lists: Vec<RestoredList>,
    /// Published CRLs of CAs that the backup does not know: they were left out, and no CA gets one of their ids again.
    pub left_out: Vec<CrlSigned>,
}

/// What became of the CRL of a CA when a backup was put back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestoredList {
    /// The CA.
    pub issuer: IssuerId,
    /// No CRL up to this number is signed again.
    pub number: u64,
    /// The published CRL that was taken; none when its loss was accepted.
    pub crl: Option<CrlSigned>,
    /// What stands on it and is not revoked in the backup; the backup need not know the certificates.
    pub revoked: Vec<Reapplied>,
}

/// A revocation that was read from a published CRL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reapplied {
    /// The certificate.
    pub serial: SerialNumber,
    /// When it was revoked.
    pub time: UnixTime,
    /// Why.
    pub reason: RevocationReason,
}

#[derive(Sequence)]
pub(super) struct RestoredDer {
    leaves: u64,
    root: OctetString,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", optional = "true")]
    lost_since: Option<i64>,
    lists: Vec<RestoredListDer>,
    #[asn1(
        context_specific = "1",
        tag_mode = "IMPLICIT",
        constructed = "true",
        optional = "true"
    )]
    left_out: Option<Vec<CrlDer>>,
}

#[derive(Sequence)]
struct RestoredListDer {
    issuer: String,
    number: u64,
    #[asn1(
        context_specific = "0",
        tag_mode = "IMPLICIT",
        constructed = "true",
        optional = "true"
    )]
    crl: Option<CrlDer>,
    revoked: Vec<ReappliedDer>,
}

#[derive(Sequence)]
struct ReappliedDer {
    serial: OctetString,
    time: i64,
    reason: u8,
}

impl TryFrom<&Restored> for RestoredDer {
    type Error = EntryError;

    fn try_from(restored: &Restored) -> Result<Self, EntryError> {
        Ok(Self {
            leaves: restored.leaves,
            root: octets(&restored.root)?,
            lost_since: restored.lost_since.map(UnixTime::seconds),
            lists: restored
                .lists
                .iter()
                .map(RestoredListDer::try_from)
                .collect::<Result<_, _>>()?,
            left_out: (!restored.left_out.is_empty())
                .then(|| restored.left_out.iter().map(CrlDer::try_from).collect())
                .transpose()?,
        })
    }
}

impl TryFrom<&RestoredList> for RestoredListDer {
    type Error = EntryError;

    fn try_from(list: &RestoredList) -> Result<Self, EntryError> {
        let revoked = list.revoked.iter().map(|revoked| {
            Ok(ReappliedDer {
                serial: octets(&revoked.serial.octets())?,
                time: revoked.time.seconds(),
                reason: revoked.reason.number(),
            })
        });
        Ok(Self {
            issuer: list.issuer.to_string(),
            number: list.number,
            crl: list.crl.as_ref().map(CrlDer::try_from).transpose()?,
            revoked: revoked.collect::<Result<_, EntryError>>()?,
        })
    }
}

impl TryFrom<RestoredDer> for Restored {
    type Error = EntryError;

    fn try_from(restored: RestoredDer) -> Result<Self, EntryError> {
        Ok(Self {
            leaves: restored.leaves,
            root: field("root hash", restored.root.as_bytes().try_into())?,
            lost_since: restored.lost_since.map(time).transpose()?,
            lists: restored
                .lists
                .into_iter()
                .map(RestoredList::try_from)
                .collect::<Result<_, _>>()?,
            left_out: restored
                .left_out
                .unwrap_or_default()
                .into_iter()
                .map(CrlSigned::try_from)
                .collect::<Result<_, _>>()?,
        })
    }
}

impl TryFrom<RestoredListDer> for RestoredList {
    type Error = EntryError;

    fn try_from(list: RestoredListDer) -> Result<Self, EntryError> {
        let revoked = list.revoked.iter().map(|revoked| {
            Ok(Reapplied {
                serial: serial(&revoked.serial)?,
                time: time(revoked.time)?,
                reason: RevocationReason::from_number(revoked.reason)
                    .ok_or(EntryError::Field("revocation reason"))?,
            })
        });
        Ok(Self {
            issuer: field("issuer id", list.issuer.parse())?,
            number: list.number,
            crl: list.crl.map(CrlSigned::try_from).transpose()?,
            revoked: revoked.collect::<Result<_, EntryError>>()?,
        })
    }
}
