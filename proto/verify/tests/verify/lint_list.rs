//! Every rule of the lint for CRLs has a draft that breaks it, and breaks nothing else.

use ca_verify::{SignatureAlgorithm, lint_list};

use crate::der_writer::Criticality::{Critical, NotCritical};
use crate::der_writer::{element, extension, oid, sequence};
use crate::draft::{
    AUTHORITY_KEY_IDENTIFIER, CA_POINT, DEVICE_POINT, Draft, ca_name, ecdsa_sha256, generalized,
    key_identifier, utc,
};

const CRL_NUMBER: &str = "2.5.29.20";

/// The parts of a `TBSCertList`.
#[derive(Debug, Clone)]
struct ListDraft {
    version: Vec<u8>,
    algorithm: Vec<u8>,
    issuer: Vec<u8>,
    this_update: Vec<u8>,
    next_update: Vec<u8>,
    entries: Option<Vec<Vec<u8>>>,
    extensions: Vec<Vec<u8>>,
}

impl ListDraft {
    fn new() -> Self {
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

    fn tbs(&self) -> Vec<u8> {
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

fn entry(serial: u8) -> Vec<u8> {
    sequence(&[element(2, &[serial]), utc("261124070000Z")])
}

/// An entry with one extension.
fn entry_with(extension: Vec<u8>) -> Vec<u8> {
    let extensions = sequence(&[extension]);
    sequence(&[element(2, &[9]), utc("261124070000Z"), extensions])
}

fn reason(number: u8) -> Vec<u8> {
    extension("2.5.29.21", NotCritical, &[10, 1, number])
}

fn authority(point: &str) -> Vec<u8> {
    let value = sequence(&[element(0x80, &key_identifier(point))]);
    extension(AUTHORITY_KEY_IDENTIFIER, NotCritical, &value)
}

fn number() -> Vec<u8> {
    extension(CRL_NUMBER, NotCritical, &[2, 1, 5])
}

#[track_caller]
fn judge(issuer: &Draft, change: impl FnOnce(&mut ListDraft), expect: &[&str]) {
    let mut draft = ListDraft::new();
    change(&mut draft);
    let linted = lint_list(
        draft.tbs(),
        &issuer.certificate(),
        SignatureAlgorithm::EcdsaSha256,
    );
    let found: Vec<_> = match &linted {
        Ok(_) => vec![],
        Err(error) => error.findings.iter().map(|finding| finding.rule).collect(),
    };
    assert_eq!(found, expect);
}

/// Breaks a CRL of the issuing CA.
#[track_caller]
fn check(change: impl FnOnce(&mut ListDraft), expect: &[&str]) {
    judge(&Draft::issuing_ca(), change, expect);
}

#[test]
fn right_drafts_pass() {
    check(|_| {}, &[]);
    check(|draft| draft.entries = None, &[]);
    check(
        |draft| draft.entries = Some(vec![entry_with(reason(4))]),
        &[],
    );
}

#[test]
fn fields() {
    check(|draft| draft.version = vec![], &["crl-version-2"]);
    check(
        |draft| draft.algorithm = sequence(&[oid("1.2.840.10045.4.3.3")]),
        &["algorithms-equal"],
    );
    check(
        |draft| draft.issuer = ca_name("Other CA"),
        &["issuer-is-subject-of-ca"],
    );
    let mut leaf = Draft::router();
    leaf.subject = ca_name("Router CA");
    judge(
        &leaf,
        |draft| draft.extensions = vec![authority(DEVICE_POINT), number()],
        &["ca-signs-crls"],
    );
}

#[test]
fn times() {
    check(
        |draft| draft.next_update = utc("261124080000Z"),
        &["crl-times"],
    );
    check(|draft| draft.next_update = vec![], &["crl-times"]);
    check(
        |draft| draft.next_update = generalized("20261201080000Z"),
        &["time-form"],
    );
    check(|draft| draft.next_update = utc("261204080000Z"), &[]);
    check(
        |draft| draft.next_update = utc("261204080001Z"),
        &["crl-length"],
    );
}

#[test]
fn extensions() {
    check(
        |draft| draft.extensions = vec![number()],
        &["crl-authority-key-identifier"],
    );
    check(
        |draft| draft.extensions = vec![authority(DEVICE_POINT), number()],
        &["crl-authority-key-identifier"],
    );
    check(
        |draft| draft.extensions = vec![authority(CA_POINT)],
        &["crl-number"],
    );
    check(
        |draft| {
            let negative = extension(CRL_NUMBER, NotCritical, &[2, 1, 0xff]);
            draft.extensions = vec![authority(CA_POINT), negative];
        },
        &["crl-number", "crl-number"],
    );
    check(|draft| draft.extensions.push(number()), &["extension-once"]);
    // A delta CRL indicator and an issuing distribution point.
    for id in ["2.5.29.27", "2.5.29.28"] {
        check(
            |draft| draft.extensions.push(extension(id, Critical, &[2, 1, 1])),
            &["crl-full-and-direct"],
        );
    }
}

#[test]
fn entries() {
    check(
        |draft| draft.entries = Some(vec![]),
        &["crl-empty-list-absent"],
    );
    for serials in [[1, 1], [2, 1]] {
        check(
            |draft| draft.entries = Some(serials.map(entry).to_vec()),
            &["crl-entries-once"],
        );
    }
    check(
        |draft| {
            let time = generalized("20261124070000Z");
            draft.entries = Some(vec![sequence(&[element(2, &[1]), time])]);
        },
        &["time-form"],
    );
    // Unspecified, removeFromCRL, and a number that is none.
    for number in [0, 8, 42] {
        check(
            |draft| draft.entries = Some(vec![entry_with(reason(number))]),
            &["der"],
        );
    }
    // The certificate of another CA: an indirect CRL.
    check(
        |draft| {
            draft.entries = Some(vec![entry_with(extension(
                "2.5.29.29",
                Critical,
                &[0x30, 0],
            ))]);
        },
        &["der"],
    );
}
