//! A CRL for every rule that breaks it.

use crate::der_writer::Criticality::{Critical, NotCritical};
use crate::der_writer::{element, extension, name, oid, sequence};
use crate::draft::{
    AUTHORITY_KEY_IDENTIFIER, CA_POINT, DEVICE_POINT, ca_name, ecdsa_sha256, generalized,
    key_identifier, utc,
};

const CRL_NUMBER: &str = "2.5.29.20";

/// The parts of a `TBSCertList`.
#[derive(Debug, Clone)]
pub(crate) struct ListDraft {
    pub(crate) version: Vec<u8>,
    pub(crate) algorithm: Vec<u8>,
    pub(crate) issuer: Vec<u8>,
    pub(crate) this_update: Vec<u8>,
    pub(crate) next_update: Vec<u8>,
    pub(crate) entries: Option<Vec<Vec<u8>>>,
    pub(crate) extensions: Vec<Vec<u8>>,
}

impl ListDraft {
    pub(crate) fn new() -> Self {
        Self {
            version: vec![2, 1, 1],
            algorithm: ecdsa_sha256(),
            issuer: ca_name("Router CA"),
            this_update: utc("261124080000Z"),
            next_update: utc("261201080000Z"),
            entries: Some(vec![entry(1), entry(2)]),
            extensions: vec![authority(CA_POINT), number()],
        }
    }

    pub(crate) fn tbs(&self) -> Vec<u8> {
        let entries = self.entries.as_deref().map(sequence).unwrap_or_default();
        let extensions = element(0xa0, &sequence(&self.extensions));
        sequence(&[
            self.version.clone(),
            self.algorithm.clone(),
            self.issuer.clone(),
            self.this_update.clone(),
            self.next_update.clone(),
            entries,
            extensions,
        ])
    }
}

pub(crate) fn entry(serial: u8) -> Vec<u8> {
    sequence(&[element(2, &[serial]), utc("261124070000Z")])
}

/// An entry with one extension.
pub(crate) fn entry_with(extension: Vec<u8>) -> Vec<u8> {
    let extensions = sequence(&[extension]);
    sequence(&[element(2, &[9]), utc("261124070000Z"), extensions])
}

pub(crate) fn reason(number: u8) -> Vec<u8> {
    extension("2.5.29.21", NotCritical, &[10, 1, number])
}

pub(crate) fn authority(point: &str) -> Vec<u8> {
    let value = sequence(&[element(0x80, &key_identifier(point))]);
    extension(AUTHORITY_KEY_IDENTIFIER, NotCritical, &value)
}

pub(crate) fn number() -> Vec<u8> {
    extension(CRL_NUMBER, NotCritical, &[2, 1, 5])
}

/// A draft that is broken in one place.
#[derive(Debug)]
pub(crate) struct ListVector {
    /// The rule that it breaks.
    pub(crate) rule: &'static str,
    pub(crate) change: fn(&mut ListDraft),
    /// The rules that cannot but be broken too.
    pub(crate) also: &'static [&'static str],
}

const fn vector(rule: &'static str, change: fn(&mut ListDraft)) -> ListVector {
    ListVector {
        rule,
        change,
        also: &[],
    }
}

pub(crate) const LIST_VECTORS: &[ListVector] = &[
    vector("crl-der", |draft| draft.issuer = vec![0x30, 0x80, 0, 0]),
    vector("crl-version-2", |draft| draft.version = vec![]),
    vector("crl-algorithms-equal", |draft| {
        draft.algorithm = sequence(&[oid("1.2.840.10045.4.3.3")]);
    }),
    ListVector {
        also: &["crl-issuer-is-subject-of-ca"],
        ..vector("crl-issuer-readable", |draft| draft.issuer = name(&[]))
    },
    vector("crl-issuer-is-subject-of-ca", |draft| {
        draft.issuer = ca_name("Other CA");
    }),
    vector("crl-time-form", |draft| {
        draft.next_update = generalized("20261201080000Z");
    }),
    vector("crl-next-update-present", |draft| {
        draft.next_update = vec![];
    }),
    vector("crl-time-order", |draft| {
        draft.next_update = utc("261124080000Z");
    }),
    vector("crl-length", |draft| {
        draft.next_update = utc("261204080001Z");
    }),
    vector("crl-authority-key-identifier-present", |draft| {
        draft.extensions = vec![number()];
    }),
    vector("crl-authority-key-identifier-of-ca", |draft| {
        draft.extensions = vec![authority(DEVICE_POINT), number()];
    }),
    vector("crl-number-present", |draft| {
        draft.extensions = vec![authority(CA_POINT)];
    }),
    vector("crl-number-form", |draft| {
        let negative = extension(CRL_NUMBER, NotCritical, &[2, 1, 0xff]);
        draft.extensions = vec![authority(CA_POINT), negative];
    }),
    vector("crl-extension-once", |draft| {
        draft.extensions.push(number());
    }),
    vector("crl-not-delta", |draft| {
        draft
            .extensions
            .push(extension("2.5.29.27", Critical, &[2, 1, 1]));
    }),
    vector("crl-not-partial", |draft| {
        draft
            .extensions
            .push(extension("2.5.29.28", Critical, &[0x30, 0]));
    }),
    vector("crl-extension-not-critical", |draft| {
        let critical = extension(CRL_NUMBER, Critical, &[2, 1, 5]);
        draft.extensions = vec![authority(CA_POINT), critical];
    }),
    vector("crl-extension-known", |draft| {
        draft
            .extensions
            .push(extension("2.5.29.46", NotCritical, &[0x30, 0]));
    }),
    vector("crl-empty-list-absent", |draft| {
        draft.entries = Some(vec![]);
    }),
    vector("crl-entries-once", |draft| {
        draft.entries = Some([2, 1, 2].map(entry).to_vec());
    }),
    vector("crl-entries-ascending", |draft| {
        draft.entries = Some([2, 1].map(entry).to_vec());
    }),
    vector("crl-entry-serial-form", |draft| {
        draft.entries = Some(vec![entry(0x81)]);
    }),
    vector("crl-entry-time-form", |draft| {
        let time = generalized("20261124070000Z");
        draft.entries = Some(vec![sequence(&[element(2, &[1]), time])]);
    }),
    vector("crl-entry-not-in-future", |draft| {
        let time = utc("261124080001Z");
        draft.entries = Some(vec![sequence(&[element(2, &[1]), time])]);
    }),
    vector("crl-entry-reason", |draft| {
        draft.entries = Some(vec![entry_with(reason(0))]);
    }),
    vector("crl-entry-reason-not-critical", |draft| {
        let reason = extension("2.5.29.21", Critical, &[10, 1, 1]);
        draft.entries = Some(vec![entry_with(reason)]);
    }),
    vector("crl-entry-direct", |draft| {
        let issuer = extension("2.5.29.29", Critical, &[0x30, 0]);
        draft.entries = Some(vec![entry_with(issuer)]);
    }),
    vector("crl-entry-extension-known", |draft| {
        let date = extension("2.5.29.24", NotCritical, &generalized("20261124060000Z"));
        draft.entries = Some(vec![entry_with(date)]);
    }),
];
