//! The last years that X.509 can name, and the turn from `UTCTime` to `GeneralizedTime` on CRLs.

use ca_core::{
    CrlIssue, Lifetime, Revoked, RevokedCertificates, Signer as _, prepare_crl, sign_crl,
};
use ca_types::{Days, IssuerClass, RevocationReason, UnixTime};

use crate::kit::{Order, TestCa, TestSigner, plain_request, serial, time};

/// What ends after the year 9999 ends with it, and nothing wraps.
#[test]
fn the_year_9999_is_the_last_and_an_ordinary_one() {
    let made = time("9998-06-01T00:00:00Z");
    let ca = TestCa::at(TestSigner::p256(), TestSigner::p256(), made);
    let root = ca.root.certificate.validity();
    let outer = ca.issuer(IssuerClass::Router).certificate.validity();
    assert_eq!(root.not_after(), UnixTime::MAX);
    assert_eq!(outer.not_after(), UnixTime::MAX);
    for (now, lifetime, end) in [
        (
            "9999-12-30T00:05:00Z",
            Lifetime::Days(Days(1)),
            "9999-12-30T23:59:59Z",
        ),
        (
            "9999-12-31T00:05:00Z",
            Lifetime::Days(Days(1)),
            "9999-12-31T23:59:59Z",
        ),
        (
            "9999-12-31T12:00:00Z",
            Lifetime::Days(Days(825)),
            "9999-12-31T23:59:59Z",
        ),
        (
            "9999-12-31T23:59:59Z",
            Lifetime::Default,
            "9999-12-31T23:59:59Z",
        ),
    ] {
        let order = Order {
            lifetime,
            now: time(now),
            ..Order::new("router", "a.example.net")
        };
        let request = plain_request("a.example.net");
        let certificate = ca.issue(&ca.decide(&order, &request).unwrap());
        assert_eq!(certificate.validity().not_after(), time(end), "{now}");
    }
}

/// Dates and entries on both sides of 2050 have the form of their year each, which the lint asks before the signature.
#[test]
fn a_crl_passes_from_2049_to_2050() {
    let made = time("2048-02-29T00:00:00Z");
    let ca = TestCa::at(TestSigner::p256(), TestSigner::p256(), made);
    let issuer = &ca.issuer(IssuerClass::Router).certificate;
    let mut revoked = RevokedCertificates::default();
    for (number, at, this_update, next_update) in [
        (
            1,
            "2048-02-29T12:00:00Z",
            "2049-12-25T00:00:00Z",
            "2049-12-31T23:59:59Z",
        ),
        (
            2,
            "2049-12-31T23:59:59Z",
            "2049-12-31T23:59:59Z",
            "2050-01-01T00:00:00Z",
        ),
        (
            3,
            "2050-01-01T00:00:00Z",
            "2050-01-01T00:00:00Z",
            "2050-01-08T00:00:00Z",
        ),
    ] {
        revoked.insert(Revoked {
            serial: serial(number),
            time: time(at),
            reason: RevocationReason::Superseded,
            not_after: time("2053-01-01T00:00:00Z"),
        });
        let issue = CrlIssue {
            number: number.into(),
            this_update: time(this_update),
            next_update: time(next_update),
        };
        let linted = prepare_crl(&revoked, issue, issuer, ca.signer.algorithm()).unwrap();
        let list = sign_crl(linted, &ca.signer).unwrap();
        assert_eq!(list.this_update(), time(this_update));
        assert_eq!(list.next_update(), time(next_update));
        assert_eq!(list.len(), usize::from(number));
    }
}
