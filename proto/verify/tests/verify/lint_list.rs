//! Every rule for CRLs has a vector that breaks it, and it alone unless the vector says what else.

use ca_verify::{Applies, SignatureAlgorithm, inspect_list, lint_list, lint_rules};

use crate::der_writer::{bits, oid, sequence};
use crate::draft::{DEVICE_POINT, Draft, ca_name, utc};
use crate::list_vectors::{LIST_VECTORS, ListDraft, authority, entry, entry_with, number, reason};

/// Lists the rules that a CRL by `issuer` breaks.
fn broken(draft: &ListDraft, issuer: &Draft, algorithm: SignatureAlgorithm) -> Vec<&'static str> {
    match lint_list(draft.tbs(), &issuer.certificate(), algorithm) {
        Ok(linted) => linted
            .notices()
            .iter()
            .map(|finding| finding.rule)
            .collect(),
        Err(error) => error.findings.iter().map(|finding| finding.rule).collect(),
    }
}

/// Changes a CRL of the issuing CA.
#[track_caller]
fn check(change: impl FnOnce(&mut ListDraft), expect: &[&str]) {
    let mut draft = ListDraft::new();
    change(&mut draft);
    let found = broken(
        &draft,
        &Draft::issuing_ca(),
        SignatureAlgorithm::EcdsaSha256,
    );
    assert_eq!(found, expect);
}

#[test]
fn right_drafts_pass() {
    check(|_| {}, &[]);
    check(|draft| draft.entries = None, &[]);
    check(
        |draft| draft.entries = Some(vec![entry_with(reason(4))]),
        &[],
    );
    check(|draft| draft.next_update = utc("261204080000Z"), &[]);
}

#[test]
fn every_vector_breaks_its_rule_and_what_it_says_besides() {
    for vector in LIST_VECTORS {
        let mut draft = ListDraft::new();
        (vector.change)(&mut draft);
        let ca = Draft::issuing_ca();
        let mut found = broken(&draft, &ca, SignatureAlgorithm::EcdsaSha256);
        let mut expect = [&[vector.rule], vector.also].concat();
        found.sort_unstable();
        expect.sort_unstable();
        assert_eq!(found, expect, "{}", vector.rule);
    }
}

#[test]
fn every_rule_for_crls_has_a_vector() {
    let mut vectors: Vec<&str> = LIST_VECTORS.iter().map(|vector| vector.rule).collect();
    // They need another CA, or another signature: `the_ca_and_the_algorithm_fit`.
    vectors.extend([
        "crl-signer-may-sign",
        "crl-algorithm-fits-key",
        "crl-signature-algorithm-known",
    ]);
    let mut rules: Vec<&str> = lint_rules()
        .filter(|rule| rule.applies == Applies::Lists)
        .map(|rule| rule.name)
        .collect();
    vectors.sort_unstable();
    rules.sort_unstable();
    assert_eq!(vectors, rules);
}

#[test]
fn the_ca_and_the_algorithm_fit() {
    let mut leaf = Draft::router();
    leaf.subject = ca_name("Router CA");
    let mut draft = ListDraft::new();
    draft.extensions = vec![authority(DEVICE_POINT), number()];
    let found = broken(&draft, &leaf, SignatureAlgorithm::EcdsaSha256);
    assert_eq!(found, ["crl-signer-may-sign"]);

    let rsa = SignatureAlgorithm::RsaPkcs1Sha256;
    let mut draft = ListDraft::new();
    draft.algorithm = rsa.identifier_der().to_vec();
    let found = broken(&draft, &Draft::issuing_ca(), rsa);
    assert_eq!(found, ["crl-algorithm-fits-key"]);

    // ecdsa-with-SHA1.
    draft.algorithm = sequence(&[oid("1.2.840.10045.4.1")]);
    let der = sequence(&[draft.tbs(), draft.algorithm.clone(), bits(&[0; 8])]);
    let issuer = Draft::issuing_ca().certificate();
    let found: Vec<_> = inspect_list(&der, Some(&issuer))
        .iter()
        .map(|finding| finding.rule)
        .collect();
    assert_eq!(found, ["crl-signature-algorithm-known"]);
}

#[test]
fn reasons_are_those_of_a_full_crl() {
    // Unspecified, removeFromCRL, and numbers that are none.
    for number in [0, 7, 8, 42] {
        check(
            |draft| draft.entries = Some(vec![entry_with(reason(number))]),
            &["crl-entry-reason"],
        );
    }
    // A reason of others: certificateHold.
    check(
        |draft| draft.entries = Some(vec![entry_with(reason(6))]),
        &[],
    );
    check(
        |draft| draft.entries = Some([1, 1].map(entry).to_vec()),
        &["crl-entries-once"],
    );
}
