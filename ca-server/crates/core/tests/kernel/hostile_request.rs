//! Requests that ask for more than they should, or are not what they say.

use ca_types::{Code, Hinted};
use ca_verify::{CertificationRequest, RequestError};
use proptest::prelude::*;
use rcgen::{
    BasicConstraints, CustomExtension, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose,
    SanType,
};

use crate::der_writer::{
    bits, element, extension, extension_request, name, octets, oid, sequence, set,
};
use crate::kit::{Order, TestCa, TestSigner, request};
use ca_core::Signer as _;

const UTF8: u8 = 0x0c;
const BMP: u8 = 0x1e;
const SAN: &str = "2.5.29.17";

/// Decides a request for `a.example.net` under a profile.
#[track_caller]
fn refused(profile: &str, request: &CertificationRequest, expect: &str) {
    let order = Order::new(profile, "a.example.net");
    let error = TestCa::p256().decide(&order, request).unwrap_err();
    assert_eq!(error.to_string(), expect);
    assert!(error.hint().is_some());
}

/// Signs the parts of a request as they are.
fn signed(subject: Vec<u8>, attributes: &[Vec<u8>]) -> Vec<u8> {
    let key = TestSigner::p256();
    let spki = key.public_key().spki_der().to_vec();
    signed_by(&key, subject, spki, attributes)
}

fn signed_by(key: &TestSigner, subject: Vec<u8>, spki: Vec<u8>, attributes: &[Vec<u8>]) -> Vec<u8> {
    let attributes = element(0xa0, &attributes.concat());
    let content = sequence(&[vec![2, 1, 0], subject, spki, attributes]);
    let signature = key.sign(&content).unwrap();
    let algorithm = sequence(&[oid("1.2.840.10045.4.3.2")]);
    sequence(&[content, algorithm, bits(&signature)])
}

fn parsed(subject: Vec<u8>, attributes: &[Vec<u8>]) -> CertificationRequest {
    CertificationRequest::from_der(&signed(subject, attributes)).unwrap()
}

fn plain_name() -> Vec<u8> {
    name(&[(UTF8, b"a.example.net")])
}

/// Asks for one subject alternative name of this form.
fn with_san(tag: u8, value: &[u8]) -> CertificationRequest {
    let names = sequence(&[element(tag, value)]);
    parsed(
        plain_name(),
        &[extension_request(&[extension(SAN, &names)])],
    )
}

#[test]
fn a_request_for_what_the_profile_gives_is_taken() {
    let order = Order::new("router", "a.example.net").with_sans(&["ip:192.0.2.1"]);
    let request = request("A.Example.NET", |params| {
        params.subject_alt_names = vec![
            SanType::DnsName("a.example.net".try_into().unwrap()),
            SanType::IpAddress("192.0.2.1".parse().unwrap()),
        ];
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
    });
    TestCa::p256().decide(&order, &request).unwrap();
    let order = Order::new("vpn-server", "192.0.2.7");
    let request = parsed(
        name(&[]),
        &[extension_request(&[extension(
            SAN,
            &sequence(&[element(0x82, b"192.0.2.7"), element(0x87, &[192, 0, 2, 7])]),
        )])],
    );
    TestCa::p256().decide(&order, &request).unwrap();
}

#[test]
fn names_that_stand_only_in_the_request_are_refused() {
    let only = |name: &str| {
        format!("name `{name}` stands in the certification request, and was not asked for")
    };
    for (tag, value, shown) in [
        (0x82, &b"other.example.net"[..], "dns:other.example.net"),
        (0x82, b"*.example.net", "dns:*.example.net"),
        (0x82, b"a.example.net.", "dns:a.example.net."),
        (
            0x82,
            b"a.example.net\0.evil",
            "dns:a.example.net\\u{0}.evil",
        ),
        (0x82, b"192.0.2.1", "dns:192.0.2.1"),
        (
            0x82,
            "\u{430}.example.net".as_bytes(),
            "dns:\\u{430}.example.net",
        ),
        (0x81, b"root@example.net", "email:root@example.net"),
        (0x87, &[192, 0, 2, 1], "ip:192.0.2.1"),
        (0x87, &[0; 5], "ip:0000000000"),
        (0x86, b"spiffe://x/../y", "uri:spiffe://x/../y"),
        (0xa0, &[6, 1, 42], "form 0:06012a"),
        (0xa4, &[0x30, 0], "form 4:3000"),
        (0x88, &[42], "form 8:2a"),
    ] {
        refused("router", &with_san(tag, value), &only(shown));
    }
    let mapped = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1];
    refused(
        "router",
        &with_san(0x87, &mapped),
        &only("ip:00000000000000000000ffffc0000201"),
    );
}

#[test]
fn common_names_that_stand_only_in_the_request_are_refused() {
    let only = |name: &str| {
        format!("common name `{name}` stands in the certification request, and was not asked for")
    };
    for (names, shown) in [
        (vec![(UTF8, &b"b.example.net"[..])], "b.example.net"),
        (
            vec![(UTF8, b"a.example.net"), (UTF8, b"b.example.net")],
            "b.example.net",
        ),
        (vec![(UTF8, b"a.example.net\0")], "a.example.net\\u{0}"),
        (vec![(UTF8, b"a.example.net ")], "a.example.net "),
        (vec![(BMP, b"\0a")], "#1e0061"),
        (
            vec![(0x14, b"a.example.net")],
            "#14612e6578616d706c652e6e6574",
        ),
    ] {
        refused("router", &parsed(name(&names), &[]), &only(shown));
    }
    let email = sequence(&[
        set(&[sequence(&[oid("2.5.4.3"), element(UTF8, b"a.example.net")])]),
        set(&[sequence(&[
            oid("1.2.840.113549.1.9.1"),
            element(0x16, b"root@example.net"),
        ])]),
    ]);
    refused("router", &parsed(email, &[]), &only("root@example.net"));
}

#[test]
fn a_request_to_become_a_ca_is_refused() {
    for is_ca in [
        IsCa::Ca(BasicConstraints::Unconstrained),
        IsCa::Ca(BasicConstraints::Constrained(0)),
    ] {
        let request = request("a.example.net", |params| params.is_ca = is_ca);
        refused(
            "router",
            &request,
            "certification request asks for a CA certificate",
        );
    }
}

#[test]
fn more_usage_than_the_profile_gives_is_refused() {
    let key_usage =
        |usage: KeyUsagePurpose| request("a.example.net", |params| params.key_usages = vec![usage]);
    refused(
        "router",
        &key_usage(KeyUsagePurpose::KeyCertSign),
        "certification request asks for key usage keyCertSign; profile router gives digitalSignature",
    );
    refused(
        "router",
        &key_usage(KeyUsagePurpose::CrlSign),
        "certification request asks for key usage cRLSign; profile router gives digitalSignature",
    );
    refused(
        "vpn-client",
        &key_usage(KeyUsagePurpose::KeyEncipherment),
        "certification request asks for key usage keyEncipherment; profile vpn-client gives digitalSignature",
    );
    let purpose = |purpose: ExtendedKeyUsagePurpose| {
        request("a.example.net", |params| {
            params.extended_key_usages = vec![purpose];
        })
    };
    for (profile, asked, oid) in [
        (
            "vpn-client",
            ExtendedKeyUsagePurpose::ServerAuth,
            "1.3.6.1.5.5.7.3.1",
        ),
        (
            "vpn-server",
            ExtendedKeyUsagePurpose::ClientAuth,
            "1.3.6.1.5.5.7.3.2",
        ),
        ("router", ExtendedKeyUsagePurpose::Any, "2.5.29.37.0"),
        (
            "router",
            ExtendedKeyUsagePurpose::OcspSigning,
            "1.3.6.1.5.5.7.3.9",
        ),
    ] {
        refused(
            profile,
            &purpose(asked),
            &format!(
                "certification request asks for extended key usage {oid}, which profile {profile} does not give"
            ),
        );
    }
}

#[test]
fn other_extensions_and_attributes_are_refused() {
    for id in [[2, 5, 29, 30], [2, 5, 29, 31], [2, 5, 29, 32]] {
        let request = request("a.example.net", |params| {
            params.custom_extensions = vec![CustomExtension::from_oid_content(&id, vec![0x30, 0])];
        });
        refused(
            "router",
            &request,
            &format!(
                "certification request asks for 2.5.29.{}, which is never issued",
                id[3]
            ),
        );
    }
    // The attribute by which Windows asks for extensions a second time.
    let twin = sequence(&[
        oid("1.3.6.1.4.1.311.2.1.14"),
        set(&[sequence(&[extension("2.5.29.19", &[0x30, 3, 1, 1, 0xff])])]),
    ]);
    refused(
        "router",
        &parsed(plain_name(), &[twin]),
        "certification request asks for 1.3.6.1.4.1.311.2.1.14, which is never issued",
    );
}

#[test]
fn the_key_of_the_ca_is_not_certified_again() {
    let ca = TestCa::p256();
    let spki = ca.signer.public_key().spki_der().to_vec();
    let request =
        CertificationRequest::from_der(&signed_by(&ca.signer, plain_name(), spki, &[])).unwrap();
    let order = Order::new("router", "a.example.net");
    let error = ca.decide(&order, &request).unwrap_err();
    assert_eq!(error.code(), Code::UnacceptableKey);
}

#[track_caller]
fn unparsed(der: &[u8], expect: &str) {
    let error = CertificationRequest::from_der(der).unwrap_err();
    assert!(error.to_string().contains(expect), "{error}");
}

#[test]
fn a_request_proves_possession_of_its_key() {
    let key = TestSigner::p256();
    let other = TestSigner::p256();
    let swapped = signed_by(
        &key,
        plain_name(),
        other.public_key().spki_der().to_vec(),
        &[],
    );
    unparsed(&swapped, "not signed by its own key");
    let mut changed = signed(plain_name(), &[]);
    let at = changed
        .windows(13)
        .position(|window| window == b"a.example.net")
        .unwrap();
    changed[at] = b'b';
    assert_eq!(
        CertificationRequest::from_der(&changed).unwrap_err(),
        RequestError::ProofOfPossession
    );
}

#[test]
fn the_same_thing_twice_is_refused() {
    let empty_key_usage = extension("2.5.29.15", &[3, 2, 7, 0x80]);
    let twice = extension_request(&[empty_key_usage.clone(), empty_key_usage.clone()]);
    unparsed(&signed(plain_name(), &[twice]), "extension 2.5.29.15 twice");
    let once = extension_request(&[empty_key_usage]);
    unparsed(
        &signed(plain_name(), &[once.clone(), once]),
        "an attribute twice",
    );
    let two_values = sequence(&[
        oid("1.2.840.113549.1.9.14"),
        set(&[
            sequence(&[extension("2.5.29.15", &[3, 2, 7, 0x80])]),
            sequence(&[extension(SAN, &sequence(&[element(0x82, b"x")]))]),
        ]),
    ]);
    unparsed(&signed(plain_name(), &[two_values]), "several values");
}

#[test]
fn empty_lists_and_odd_forms_are_refused() {
    for (id, value) in [
        (SAN, vec![0x30, 0]),
        ("2.5.29.37", vec![0x30, 0]),
        ("2.5.29.37", vec![]),
        ("2.5.29.37", vec![0x30, 2, 6, 0]),
        ("2.5.29.15", vec![3, 1, 0]),
        ("2.5.29.19", vec![0x30, 3, 1, 1, 1]),
        ("2.5.29.19", vec![0x30, 3, 1, 1, 0]),
        (SAN, vec![0x30, 0x80, 0x82, 1, b'x', 0, 0]),
    ] {
        let attributes = [extension_request(&[extension(id, &value)])];
        unparsed(
            &signed(plain_name(), &attributes),
            "not a certification request in DER",
        );
    }
    unparsed(
        &signed(plain_name(), &[extension_request(&[])]),
        "is an empty list",
    );
    let criticality_false = sequence(&[oid(SAN), vec![1, 1, 0], octets(&[0x30, 0])]);
    unparsed(
        &signed(plain_name(), &[extension_request(&[criticality_false])]),
        "default value",
    );
}

#[test]
fn long_requests_are_refused_before_they_are_read() {
    unparsed(&vec![0x30; 16_385], "16385 octets, the limit is 16384");
    unparsed(&vec![0x30; 2 << 20], "the limit is 16384");
}

#[test]
fn many_names_fit_and_are_still_refused_one_by_one() {
    let names: Vec<_> = (0..800)
        .map(|at| element(0x82, format!("h{at}.example.net").as_bytes()))
        .collect();
    let request = parsed(
        plain_name(),
        &[extension_request(&[extension(SAN, &sequence(&names))])],
    );
    refused(
        "router",
        &request,
        "name `dns:h0.example.net` stands in the certification request, and was not asked for",
    );
}

#[test]
fn no_cut_request_is_taken() {
    let der = signed(plain_name(), &[]);
    for end in 0..der.len() {
        CertificationRequest::from_der(&der[..end]).unwrap_err();
    }
    let mut longer = der;
    longer.push(0);
    unparsed(&longer, "nothing may follow");
}

#[test]
fn keys_of_other_kinds_are_refused_by_name() {
    let ed25519 = KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let params = rcgen::CertificateParams::default();
    let der = params.serialize_request(&ed25519).unwrap().der().to_vec();
    unparsed(&der, "Ed25519 key");
    let p384 = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
    let der = params.serialize_request(&p384).unwrap().der().to_vec();
    CertificationRequest::from_der(&der).unwrap();
}

proptest! {
    #[test]
    fn no_octets_stop_the_parser(octets in proptest::collection::vec(any::<u8>(), 0..512)) {
        prop_assert!(CertificationRequest::from_der(&octets).is_err());
        prop_assert!(CertificationRequest::from_pem_or_der(&octets).is_err());
    }

    #[test]
    fn no_flipped_octet_is_taken(at in 0_usize..400, flip in 1_u8..=255) {
        let mut der = signed(plain_name(), &[]);
        let at = at % der.len();
        der[at] ^= flip;
        // ECDSA signatures can be written in more than one way only by their two numbers, which a flip does not find.
        prop_assert!(CertificationRequest::from_der(&der).is_err(), "octet {at}");
    }
}
