//! A published CRL against the log.

use ca_types::{SerialNumber, UnixTime};
use sha2::{Digest as _, Sha256};

use super::books::{Books, Ca};
use crate::{CertificateList, CrlSigned};

impl Books {
    /// Tells where a CRL contradicts the log.
    pub(super) fn judge_crl(&self, der: &[u8], old_before: u64) -> Vec<String> {
        let list = match CertificateList::from_der(der) {
            Ok(list) => list,
            Err(error) => return vec![format!("no CRL: {error}")],
        };
        let ca = self
            .cas
            .iter()
            .find(|ca| ca.certificate.subject().der() == list.issuer().der());
        let Some(ca) = ca else {
            return vec![format!(
                "its issuer `{}` is no CA of the log",
                list.issuer().as_str()
            )];
        };
        if let Err(error) = list.verify_signed_by(&ca.certificate) {
            return vec![format!("not signed by `{}`: {error}", ca.id)];
        }
        let number = list.number();
        let signed = ca
            .crls
            .iter()
            .rposition(|(_leaf, crl)| crl.number == number);
        let Some(place) = signed else {
            return vec![format!(
                "no leaf records CRL number {number} of `{}`",
                ca.id
            )];
        };
        let digest: [u8; 32] = Sha256::digest(der).into();
        let Some((leaf, crl)) = ca.crls.get(place) else {
            return Vec::new();
        };
        let mut wrong = Vec::new();
        if crl.sha256 != digest {
            wrong.push(format!(
                "leaf {leaf} records another CRL number {number} of `{}`",
                ca.id
            ));
        }
        let newest = ca.crls.iter().rfind(|(leaf, _crl)| *leaf < old_before);
        if let Some((leaf, newest)) = newest.filter(|(_leaf, newest)| newest.number > number) {
            wrong.push(format!(
                "number {number} of `{}` is old: leaf {leaf} records number {}",
                ca.id, newest.number
            ));
        }
        let is_newest = place + 1 == ca.crls.len();
        if is_newest {
            let before = place.checked_sub(1).and_then(|place| ca.crls.get(place));
            wrong.extend(missing(ca, &list, (*leaf, crl), before, self.last_time()));
        }
        wrong.extend(unfounded(ca, &list, *leaf));
        wrong
    }
}

/// Lists what was revoked when the newest CRL was signed, had not ended, and does not stand on it.
fn missing(
    ca: &Ca,
    list: &CertificateList,
    (leaf, crl): (u64, &CrlSigned),
    before: Option<&(u64, CrlSigned)>,
    last_time: Option<UnixTime>,
) -> Vec<String> {
    // A certificate may be left off one CRL after its end (RFC 5280 §3.3).
    let ended_before = before.map_or(UnixTime::EPOCH, |(_leaf, before)| {
        before.this_update.min(crl.this_update)
    });
    // A revocation may become a leaf between the content of a CRL and its leaf; it stands on the next one, which comes
    // within seconds.
    let is_young = last_time.is_none_or(|last| last.since(crl.this_update) <= NEXT_SECONDS);
    let certain = match before {
        Some((before, _crl)) if is_young => *before,
        _ => leaf,
    };
    ca.revoked
        .iter()
        .filter(|(_serial, revocation)| revocation.leaf < certain)
        .filter(|(_serial, revocation)| {
            revocation
                .not_after
                .is_none_or(|not_after| not_after >= ended_before)
        })
        .filter(|(serial, _revocation)| list.find(&serial.octets()).is_none())
        .map(|(serial, revocation)| {
            format!(
                "leaf {} revokes {serial}, which is not on it",
                revocation.leaf
            )
        })
        .collect()
}

/// Within so many seconds a CRL follows a revocation.
const NEXT_SECONDS: u64 = 10;

/// Lists what stands on the CRL and is not revoked by the log as it says.
fn unfounded(ca: &Ca, list: &CertificateList, leaf: u64) -> Vec<String> {
    list.entries()
        .filter_map(|entry| {
            let serial = SerialNumber::from_der_octets(entry.serial).ok();
            let Some(serial) = serial else {
                return Some("a serial number that we never use stands on it".to_owned());
            };
            match ca.revoked.get(&serial) {
                None => Some(format!("{serial} stands on it, and no leaf revokes it")),
                Some(revocation) if revocation.leaf > leaf => Some(format!(
                    "{serial} stands on it, and leaf {} revokes it only later",
                    revocation.leaf
                )),
                Some(revocation)
                    if revocation
                        .said
                        .is_some_and(|said| said != (entry.time, entry.reason)) =>
                {
                    Some(format!(
                        "{serial} stands on it with another time or reason than in leaf {}",
                        revocation.leaf
                    ))
                }
                Some(_) => None,
            }
        })
        .collect()
}
