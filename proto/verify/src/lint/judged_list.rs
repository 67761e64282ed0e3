//! A CRL under judgement: everything that the rules look at, read once.

use super::time_form::has_right_form;
use crate::der_reader::MalformedDer;
use crate::tbs_cert_list::{EntryFaults, RawEntries, TbsCertList};
use crate::{Certificate, SignatureAlgorithm};

/// The CRL under judgement.
#[derive(Debug)]
pub(super) struct JudgedList<'a> {
    pub(super) tbs: TbsCertList<'a>,
    pub(super) issuer: Option<&'a Certificate>,
    /// The `AlgorithmIdentifier` outside.
    pub(super) outer: &'a [u8],
    pub(super) algorithm: Option<SignatureAlgorithm>,
    pub(super) authority: Result<Option<&'a [u8]>, MalformedDer>,
    pub(super) entries: Entries<'a>,
}

/// What the entries have among them: a CRL can have very many, so they are gone through once.
#[derive(Debug, Default)]
pub(super) struct Entries<'a> {
    /// The first serial number that stands there twice.
    pub(super) twice: Option<&'a [u8]>,
    pub(super) faults: EntryFaults,
}

impl<'a> JudgedList<'a> {
    pub(super) fn read(
        octets: &'a [u8],
        issuer: Option<&'a Certificate>,
        outer: &'a [u8],
    ) -> Result<Self, MalformedDer> {
        let tbs = TbsCertList::read(octets)?;
        Ok(Self {
            entries: Entries::read(&tbs)?,
            authority: tbs.authority_key_identifier(),
            issuer,
            outer,
            algorithm: SignatureAlgorithm::from_identifier_der(outer),
            tbs,
        })
    }

    /// Tells whether the CA is a root; a CA that is not known could be one.
    pub(super) fn may_be_of_root(&self) -> bool {
        self.issuer
            .is_none_or(|issuer| issuer.issuer().der() == issuer.subject().der())
    }
}

impl<'a> Entries<'a> {
    fn read(tbs: &TbsCertList<'a>) -> Result<Self, MalformedDer> {
        let mut faults = EntryFaults::default();
        let mut last: Option<&[u8]> = None;
        let mut entries = RawEntries::new(tbs.entries);
        while let Some(entry) = entries.read()? {
            let serial = entry.serial;
            let is_positive = serial != [0] && serial.first().is_some_and(|first| *first < 0x80);
            faults.add(EntryFaults::SERIAL, !is_positive || serial.len() > 20);
            faults.add(EntryFaults::TIME_FORM, !has_right_form(entry.time));
            let is_future = tbs.this_update.value < entry.time.value;
            faults.add(EntryFaults::FUTURE, is_future);
            let falls = last.is_some_and(|last| (last.len(), last) >= (serial.len(), serial));
            faults.add(EntryFaults::ORDER, falls);
            last = Some(serial);
            entry.judge_extensions(&mut faults)?;
        }
        let twice = if faults.has(EntryFaults::ORDER) {
            twice(tbs.entries)?
        } else {
            None
        };
        Ok(Self { twice, faults })
    }
}

/// Finds a serial number that stands there twice.
fn twice(entries: &[u8]) -> Result<Option<&[u8]>, MalformedDer> {
    let mut serials = Vec::new();
    let mut entries = RawEntries::new(entries);
    while let Some(entry) = entries.read()? {
        serials.push(entry.serial);
    }
    serials.sort_unstable();
    let mut pairs = serials.windows(2);
    Ok(pairs.find_map(|pair| match pair {
        [one, other] if one == other => Some(*one),
        _ => None,
    }))
}
