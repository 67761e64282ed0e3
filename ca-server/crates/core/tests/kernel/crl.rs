//! CRLs: what stands on them, in which order, for how long.

use std::collections::BTreeMap;

use ca_core::{
    CrlIssue, IssuanceError, Revoked, RevokedCertificates, Signer as _, prepare_crl, sign_crl,
};
use ca_types::{IssuerClass, RevocationReason, SerialNumber, UnixTime};
use ca_verify::{CertificateList, CertificateListError, PathError, check_revocation};
use proptest::prelude::*;

use crate::kit::{Order, TestCa, TestSigner, now, plain_request, serial, time};

fn issue() -> CrlIssue {
    CrlIssue {
        number: 5,
        this_update: now(),
        next_update: now().plus(7 * 86_400).unwrap(),
    }
}

fn signed(
    revoked: &RevokedCertificates,
    issue: CrlIssue,
) -> Result<CertificateList, IssuanceError> {
    let ca = TestCa::p256();
    let issuer = &ca.issuer(IssuerClass::Router).certificate;
    let linted = prepare_crl(revoked, issue, issuer, ca.signer.algorithm())?;
    sign_crl(linted, &ca.signer)
}

fn revoked(serial: SerialNumber, reason: RevocationReason) -> Revoked {
    Revoked {
        serial,
        time: now(),
        reason,
        not_after: time("2027-01-01T00:00:00Z"),
    }
}

#[test]
fn an_empty_crl_has_no_list() {
    let list = signed(&RevokedCertificates::default(), issue()).unwrap();
    assert!(list.is_empty());
    assert_eq!(list.number(), 5);
    assert_eq!(list.this_update(), now());
    let ca = TestCa::p256();
    let issuer = &ca.issuer(IssuerClass::Router).certificate;
    assert_eq!(list.issuer(), issuer.subject());
    assert_eq!(
        list.authority_key_identifier(),
        issuer.subject_key_identifier()
    );
    list.verify_signed_by(issuer).unwrap();
    let other = &ca.issuer(IssuerClass::VpnClient).certificate;
    list.verify_signed_by(other).unwrap_err();
}

#[test]
fn the_first_revocation_of_a_certificate_stays() {
    let mut list = RevokedCertificates::default();
    assert!(list.insert(revoked(serial(1), RevocationReason::Superseded)));
    assert!(!list.insert(revoked(serial(1), RevocationReason::KeyCompromise)));
    let list = signed(&list, issue()).unwrap();
    let entry = list.find(&serial(1).octets()).unwrap();
    assert_eq!(entry.reason, RevocationReason::Superseded);
}

#[test]
fn a_certificate_stays_for_one_crl_beyond_its_end() {
    let mut list = RevokedCertificates::default();
    list.insert(revoked(serial(1), RevocationReason::Unspecified));
    let end = time("2027-01-01T00:00:00Z");
    let entries = |list: &RevokedCertificates| signed(list, issue()).unwrap().len();
    list.leave_out_ended_before(end);
    assert_eq!(entries(&list), 1);
    list.leave_out_ended_before(end.plus(1).unwrap());
    assert_eq!(entries(&list), 0);
    // A clock that was ahead and comes back takes nothing away.
    list.leave_out_ended_before(end);
    assert_eq!(entries(&list), 1);
}

#[test]
fn a_crl_that_breaks_a_rule_is_not_signed() {
    let empty = RevokedCertificates::default();
    for (issue, rule) in [
        (
            CrlIssue {
                next_update: now(),
                ..issue()
            },
            "crl-time-order",
        ),
        (
            CrlIssue {
                next_update: now().plus(11 * 86_400).unwrap(),
                ..issue()
            },
            "crl-length",
        ),
    ] {
        let Err(IssuanceError::Lint(error)) = signed(&empty, issue) else {
            panic!("{rule}: signed");
        };
        let rules: Vec<_> = error.findings.iter().map(|finding| finding.rule).collect();
        assert_eq!(rules, [rule]);
    }
    let ca = TestCa::p256();
    let root = &ca.root.certificate;
    let year = CrlIssue {
        next_update: now().plus(365 * 86_400).unwrap(),
        ..issue()
    };
    let linted = prepare_crl(&empty, year, root, ca.root_signer.algorithm()).unwrap();
    sign_crl(linted, &ca.root_signer)
        .unwrap()
        .verify_signed_by(root)
        .unwrap();
}

#[test]
fn a_crl_is_signed_by_its_ca_alone() {
    let ca = TestCa::p256();
    let issuer = &ca.issuer(IssuerClass::Router).certificate;
    let empty = RevokedCertificates::default();
    let linted = prepare_crl(&empty, issue(), issuer, ca.signer.algorithm()).unwrap();
    let stranger = sign_crl(linted, &TestSigner::p256());
    assert!(
        matches!(stranger, Err(IssuanceError::OtherKey)),
        "{stranger:?}"
    );
}

#[test]
fn a_revoked_certificate_is_refused_and_a_stale_crl_too() {
    let ca = TestCa::p256();
    let order = Order::new("router", "a.example.net");
    let decision = ca.decide(&order, &plain_request("a.example.net")).unwrap();
    let leaf = ca.issue(&decision);
    let issuer = &ca.issuer(IssuerClass::Router).certificate;
    let mut list = RevokedCertificates::default();
    let before = signed(&list, issue()).unwrap();
    list.insert(revoked(
        leaf.serial().unwrap(),
        RevocationReason::KeyCompromise,
    ));
    let after = signed(&list, issue()).unwrap();

    check_revocation(&leaf, issuer, &before, now()).unwrap();
    let revoked = check_revocation(&leaf, issuer, &after, now());
    assert!(
        matches!(revoked, Err(PathError::Revoked { .. })),
        "{revoked:?}"
    );
    let next_week = now().plus(7 * 86_400 + 1).unwrap();
    for at in [next_week, now().minus(1)] {
        let stale = check_revocation(&leaf, issuer, &before, at);
        assert!(
            matches!(stale, Err(PathError::CrlNotCurrent { .. })),
            "{stale:?}"
        );
    }
    let other = &ca.issuer(IssuerClass::VpnClient).certificate;
    let foreign = check_revocation(&leaf, other, &before, now());
    assert!(
        matches!(foreign, Err(PathError::ForeignCrl(_))),
        "{foreign:?}"
    );
}

#[test]
fn changed_crls_are_refused() {
    let mut list = RevokedCertificates::default();
    list.insert(revoked(serial(1), RevocationReason::KeyCompromise));
    let list = signed(&list, issue()).unwrap();
    let issuer = &TestCa::p256().issuer(IssuerClass::Router).certificate;
    for end in 0..list.der().len() {
        CertificateList::from_der(&list.der()[..end]).unwrap_err();
    }
    for at in 0..list.der().len() {
        let mut changed = list.der().to_vec();
        changed[at] ^= 1;
        let holds = CertificateList::from_der(&changed)
            .is_ok_and(|changed| changed.verify_signed_by(issuer).is_ok());
        assert!(!holds, "octet {at}");
    }
    let pem = CertificateList::from_pem_or_der(list.to_pem().as_bytes()).unwrap();
    assert_eq!(pem, list);
    assert_eq!(
        CertificateList::from_pem_or_der(b"-----BEGIN CERTIFICATE-----\n"),
        Err(CertificateListError::NotPem)
    );
}

prop_compose! {
    fn some_revoked()(
        octets: [u8; 16],
        seconds in 0_i64..253_402_300_799,
        reason in 0_usize..6,
    ) -> Revoked {
        Revoked {
            serial: octets.into(),
            time: UnixTime::from_seconds(seconds).unwrap(),
            reason: RevocationReason::ALL[reason],
            not_after: UnixTime::MAX,
        }
    }
}

proptest! {
    #[test]
    fn every_revocation_stands_on_the_crl_once_and_in_order(
        all in proptest::collection::vec(some_revoked(), 0..64),
    ) {
        let mut list = RevokedCertificates::default();
        let mut model = BTreeMap::new();
        for revoked in all {
            let is_new = list.insert(revoked);
            prop_assert_eq!(is_new, !model.contains_key(&revoked.serial));
            model.entry(revoked.serial).or_insert(revoked);
        }
        prop_assert_eq!(list.len(), model.len());
        let list = signed(&list, issue()).unwrap();
        prop_assert_eq!(list.len(), model.len());
        for (entry, expect) in list.entries().zip(model.values()) {
            prop_assert_eq!(SerialNumber::from_der_octets(entry.serial), Ok(expect.serial));
            prop_assert_eq!(entry.time, expect.time);
            prop_assert_eq!(entry.reason, expect.reason);
        }
    }
}
