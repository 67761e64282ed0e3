//! Certificates: what is read, and what is no certificate.

use ca_types::GeneralName;
use ca_verify::{Certificate, CertificateError, CertificateOutline, KeyUsage};
use proptest::prelude::*;

use crate::der_writer::{bits, element, name, oid, sequence};
use crate::draft::{COMMON_NAME, Draft, KEY_USAGE, ORGANIZATION, UTF8, ecdsa_sha256};
use crate::vectors::{VECTORS, draft_for};

#[track_caller]
fn refused(der: &[u8], expect: &str) {
    let error = Certificate::from_der(der).unwrap_err();
    assert!(error.to_string().contains(expect), "{error}");
}

#[test]
fn every_field_is_read() {
    let draft = Draft::router();
    let certificate = draft.certificate();
    assert_eq!(certificate.der(), draft.certificate_der());
    assert_eq!(certificate.tbs_der(), draft.tbs());
    assert_eq!(certificate.serial().unwrap().octets(), [0x41; 16]);
    assert_eq!(certificate.issuer().as_str(), "O=Example, CN=Router CA");
    assert_eq!(certificate.subject().common_name(), Some("a.example.net"));
    let validity = certificate.validity();
    assert_eq!(validity.not_before().to_string(), "2026-11-24T08:00:00Z");
    assert_eq!(validity.not_after().to_string(), "2027-12-26T07:59:59Z");
    let san: GeneralName = "dns:a.example.net".parse().unwrap();
    assert_eq!(certificate.sans(), [san]);
    assert!(!certificate.has_foreign_sans());
    assert_eq!(certificate.key_usage(), Some(KeyUsage::DIGITAL_SIGNATURE));
    assert_eq!(certificate.extended_key_usage().len(), 3);
    assert_eq!(certificate.basic_constraints(), None);
    assert_eq!(certificate.crl_urls(), ["http://pki.example.net/crl/x.crl"]);
    assert_eq!(
        certificate.ca_issuer_urls(),
        ["http://pki.example.net/ca/x.cer"]
    );
    assert_eq!(
        certificate.authority_key_identifier(),
        Draft::issuing_ca().certificate().subject_key_identifier()
    );
    assert!(Draft::issuing_ca().certificate().is_ca());
}

/// Of whatever the strict reading takes, the outline says the same.
#[test]
fn an_outline_agrees_with_the_whole() {
    let mut compared = 0;
    for vector in VECTORS {
        let mut draft = draft_for(vector.purpose);
        (vector.change)(&mut draft);
        let der = draft.certificate_der();
        let Ok(whole) = Certificate::from_der(&der) else {
            continue;
        };
        agrees(&whole, vector.rule);
        compared += 1;
    }
    assert!(compared > 40, "{compared} certificates");
    CertificateOutline::from_der(&Draft::router().certificate_der()[1..]).unwrap_err();
}

#[track_caller]
fn agrees(whole: &Certificate, what: &str) {
    let outline = CertificateOutline::from_der(whole.der()).unwrap();
    assert_eq!(outline.serial().ok(), whole.serial().ok(), "{what}");
    assert_eq!(outline.issuer_der(), whole.issuer().der(), "{what}");
    assert_eq!(outline.validity(), whole.validity(), "{what}");
    assert_eq!(outline.key_id(), whole.public_key().key_id(), "{what}");
    assert_eq!(outline.fingerprint(), whole.fingerprint(), "{what}");
    assert_eq!(outline.sans().unwrap(), whole.sans(), "{what}");
}

proptest! {
    #[test]
    fn an_outline_agrees_with_whatever_is_still_a_certificate(
        place in any::<prop::sample::Index>(),
        octet in any::<u8>(),
    ) {
        let mut der = Draft::router().certificate_der();
        let place = place.index(der.len());
        der[place] = octet;
        if let Ok(whole) = Certificate::from_der(&der) {
            agrees(&whole, &format!("{octet} at {place}"));
        }
    }
}

#[test]
fn names_print_without_changing_their_meaning() {
    let mut draft = Draft::router();
    draft.subject = name(&[
        (ORGANIZATION, UTF8, b"A, Inc + B"),
        ("2.5.4.5", 0x13, b"7"),
        (COMMON_NAME, 0x1e, b"\0a"),
        (COMMON_NAME, UTF8, b"x\ny"),
    ]);
    let certificate = draft.certificate();
    assert_eq!(
        certificate.subject().as_str(),
        r"O=A\, Inc \+ B, 2.5.4.5=7, CN=\#1e0061, CN=x\u{a}y"
    );
    assert_eq!(certificate.subject().common_name(), None);
    assert_eq!(certificate.subject().common_names(), ["#1e0061", "x\ny"]);
}

#[test]
fn what_is_no_certificate_is_refused() {
    let draft = Draft::router();
    let der = draft.certificate_der();
    for end in 0..der.len() {
        Certificate::from_der(&der[..end]).unwrap_err();
    }
    refused(&[der.as_slice(), &[0]].concat(), "nothing may follow");
    refused(&vec![0x30; 65_537], "65537 octets, the limit is 65536");
    let other = sequence(&[oid("1.2.840.10045.4.3.3")]);
    refused(
        &sequence(&[draft.tbs(), other, bits(&[0])]),
        "one signature algorithm inside and another outside",
    );
    let mut sha1 = Draft::router();
    sha1.algorithm = sequence(&[oid("1.2.840.113549.1.1.5"), vec![5, 0]]);
    refused(&sha1.certificate_der(), "unknown algorithm");
    let mut twice = Draft::router();
    twice.repeat(KEY_USAGE);
    refused(&twice.certificate_der(), "extension 2.5.29.15 twice");
    let odd_bits = element(3, &[1, 0xfe]);
    refused(
        &sequence(&[draft.tbs(), ecdsa_sha256(), odd_bits]),
        "BIT STRING of whole octets",
    );
}

#[test]
fn pem_files_hold_certificates_and_nothing_else() {
    let leaf = Draft::router().certificate();
    let ca = Draft::issuing_ca().certificate();
    let one = leaf.to_pem();
    let two = format!(
        "subject=a\n{one}\r\n# next\r\n{}",
        ca.to_pem().replace('\n', "\r\n")
    );
    assert_eq!(Certificate::from_pem_or_der(one.as_bytes()).unwrap(), leaf);
    assert_eq!(Certificate::from_pem_or_der(leaf.der()).unwrap(), leaf);
    assert_eq!(
        Certificate::chain_from_pem(two.as_bytes()).unwrap(),
        [leaf, ca]
    );
    assert_eq!(
        Certificate::from_pem_or_der(two.as_bytes()),
        Err(CertificateError::NotOne)
    );
    let key = "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n";
    let (cut, _) = one.split_at(one.len() - 10);
    let damaged = one.replacen("MI", "M!", 1);
    for text in ["", "hello", key, &format!("{one}{key}"), cut, &damaged] {
        assert_eq!(
            Certificate::chain_from_pem(text.as_bytes()),
            Err(CertificateError::NoChain),
            "{text}"
        );
    }
}

proptest! {
    #[test]
    fn no_octets_stop_the_parser(octets in proptest::collection::vec(any::<u8>(), 0..512)) {
        prop_assert!(Certificate::from_der(&octets).is_err());
        prop_assert!(Certificate::chain_from_pem(&octets).is_err());
    }

    #[test]
    fn a_changed_octet_is_refused_or_shows(at in 0_usize..2000, flip in 1_u8..=255) {
        let certificate = Draft::router().certificate();
        let mut der = certificate.der().to_vec();
        let at = at % der.len();
        der[at] ^= flip;
        if let Ok(changed) = Certificate::from_der(&der) {
            prop_assert_eq!(changed.der(), der.as_slice());
            prop_assert_ne!(changed, certificate);
        }
    }
}
