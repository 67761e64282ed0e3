//! Roots and issuing CAs.

use ca_core::{
    Generation, IssuanceError, IssuerUrls, IssuingCa, Organization, Signer as _, issue_issuing_ca,
    issuing_validity, request_issuing_ca,
};
use ca_types::IssuerClass;
use ca_verify::{BasicConstraints, CertificationRequest, PathError, verify_chain};

use crate::kit::{Order, TestCa, now, plain_request, serial, time};

#[test]
fn names_say_what_a_ca_is_for() {
    let organization: Organization = "Example Fleet".parse().unwrap();
    let generation = Generation {
        year: 2026,
        number: 1,
    };
    for (class, name, id) in [
        (
            IssuerClass::Root,
            "Example Fleet Root CA 2026-1",
            "root-2026-1",
        ),
        (
            IssuerClass::Router,
            "Example Fleet Router CA 2026-1",
            "router-2026-1",
        ),
        (
            IssuerClass::VpnServer,
            "Example Fleet VPN Server CA 2026-1",
            "vpn-server-2026-1",
        ),
        (
            IssuerClass::VpnClient,
            "Example Fleet VPN Client CA 2026-1",
            "vpn-client-2026-1",
        ),
        (
            IssuerClass::Control,
            "Example Fleet Control CA 2026-1",
            "control-2026-1",
        ),
    ] {
        assert_eq!(generation.common_name(&organization, class), name);
        assert_eq!(generation.issuer_id(class).as_str(), id);
    }
}

#[test]
fn an_organization_leaves_room_for_the_longest_common_name() {
    let longest: Organization = "\u{e4}".repeat(41).parse().unwrap();
    let last = Generation {
        year: 9999,
        number: 255,
    };
    for class in IssuerClass::ALL {
        assert!(last.common_name(&longest, class).chars().count() <= 64);
    }
    for bad in ["", "  ", " a", "a ", "a\nb", "a\0b"] {
        assert!(bad.parse::<Organization>().is_err(), "{bad:?}");
    }
    "a".repeat(42).parse::<Organization>().unwrap_err();
}

#[test]
fn the_root_and_the_issuing_cas_have_their_form() {
    for ca in [TestCa::p256(), TestCa::rsa()] {
        let root = &ca.root.certificate;
        assert_eq!(
            root.authority_key_identifier(),
            root.subject_key_identifier()
        );
        assert_eq!(root.crl_urls().len() + root.ca_issuer_urls().len(), 0);
        assert_eq!(root.validity().seconds(), 7305 * 86_400);
        root.verify_signed_by(root).unwrap();
        for issuer in &ca.issuing {
            let certificate = &issuer.certificate;
            verify_chain(certificate, &[], root, now()).unwrap();
            assert_eq!(
                certificate.basic_constraints(),
                Some(BasicConstraints {
                    ca: true,
                    path_len: Some(0)
                })
            );
            assert_eq!(certificate.validity().seconds(), 3652 * 86_400);
            assert_eq!(
                certificate.crl_urls(),
                ["http://pki.example.net/crl/root-2026-1.crl"]
            );
            assert_eq!(
                certificate.ca_issuer_urls(),
                ["http://pki.example.net/ca/root-2026-1.cer"]
            );
            assert_eq!(
                certificate.key_usage().unwrap().to_string(),
                "keyCertSign, cRLSign"
            );
            assert_eq!(certificate.sans(), []);
        }
    }
}

#[test]
fn an_issuing_ca_ends_with_its_root_at_the_latest_and_has_a_key_of_its_own() {
    let ca = TestCa::p256();
    let wanted = |public_key, validity| IssuingCa {
        organization: "Example Fleet",
        common_name: "Example Fleet Router CA 2040-1",
        validity,
        public_key,
    };
    let root = &ca.root.certificate;
    let to_the_end = issuing_validity(time("2040-01-01T00:00:00Z"), root).unwrap();
    assert_eq!(to_the_end.not_after(), root.validity().not_after());
    let late = issue_issuing_ca(
        &wanted(ca.signer.public_key(), to_the_end),
        serial(3),
        &ca.root,
        &ca.root_signer,
    )
    .unwrap();
    assert_eq!(late.validity(), to_the_end);
    let same_key = issue_issuing_ca(
        &wanted(ca.root_signer.public_key(), to_the_end),
        serial(3),
        &ca.root,
        &ca.root_signer,
    );
    assert!(
        matches!(same_key, Err(IssuanceError::KeyOfTheRoot)),
        "{same_key:?}"
    );
    let after_the_end = issuing_validity(time("2050-01-01T00:00:00Z"), root);
    assert!(
        matches!(after_the_end, Err(IssuanceError::Validity(_))),
        "{after_the_end:?}"
    );
}

#[test]
fn a_request_for_an_issuing_ca_proves_possession_and_names_it() {
    for ca in [TestCa::p256(), TestCa::rsa()] {
        let name = "Example Fleet Site Berlin Router CA 2026-2";
        let der = request_issuing_ca("Example Fleet", name, &ca.signer).unwrap();
        let request = CertificationRequest::from_der(&der).unwrap();
        assert_eq!(request.public_key(), ca.signer.public_key());
        assert_eq!(request.subject().common_name(), Some(name));
    }
}

#[test]
fn a_generation_follows_the_last_one_of_its_class_and_year() {
    let ids = [
        "router-2026-1",
        "router-2026-3",
        "vpn-server-2026-7",
        "router-2025-9",
        "router-2026-03",
    ]
    .map(|id| id.parse().unwrap());
    let next = |year, class| Generation::next(year, class, ids.iter());
    let generation = |year, number| Some(Generation { year, number });
    assert_eq!(next(2026, IssuerClass::Router), generation(2026, 4));
    assert_eq!(next(2026, IssuerClass::VpnServer), generation(2026, 8));
    assert_eq!(next(2027, IssuerClass::Router), generation(2027, 1));
    let last = ["router-2026-255".parse().unwrap()];
    assert_eq!(
        Generation::next(2026, IssuerClass::Router, last.iter()),
        None
    );
}

#[test]
fn the_name_of_a_site_stands_in_the_common_name_when_there_is_room() {
    let organization: Organization = "Example Fleet".parse().unwrap();
    let generation = Generation {
        year: 2026,
        number: 2,
    };
    let name =
        |site: &str| generation.common_name_of_site(&organization, site, IssuerClass::Router);
    assert_eq!(
        name("Site Berlin").unwrap(),
        "Example Fleet Site Berlin Router CA 2026-2"
    );
    assert_eq!(name(&"x".repeat(33)).unwrap().len(), 64);
    for bad in ["", " ", " a", "a\n", &"x".repeat(34)] {
        assert!(name(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn class_and_generation_are_read_out_of_a_name_of_ours_only() {
    let organization: Organization = "Example Fleet".parse().unwrap();
    let generation = Generation {
        year: 2026,
        number: 12,
    };
    let ca = TestCa::p256();
    let read = |organization_in_it: &str, name: &str| {
        let der = request_issuing_ca(organization_in_it, name, &ca.signer).unwrap();
        let request = CertificationRequest::from_der(&der).unwrap();
        Generation::of_subject(request.subject(), &organization)
    };
    for class in IssuerClass::ALL {
        let of_site = generation.common_name_of_site(&organization, "VPN Client CA 1", class);
        for name in [
            generation.common_name(&organization, class),
            of_site.unwrap(),
        ] {
            let found = read("Example Fleet", &name);
            assert_eq!(found, Some((class, generation)), "{name}");
        }
    }
    for (organization_in_it, name) in [
        ("Other Fleet", "Other Fleet Router CA 2026-2"),
        ("Other Fleet", "Example Fleet Router CA 2026-2"),
        ("Example Fleet", "Other Fleet Router CA 2026-2"),
        ("Example Fleet", "Example Fleet Switch CA 2026-2"),
        ("Example Fleet", "Example Fleet Router CA 2026-02"),
        ("Example Fleet", "Example Fleet Router CA"),
        ("Example Fleet", "Example Fleet"),
    ] {
        assert_eq!(read(organization_in_it, name), None, "{name}");
    }
}

#[test]
fn urls_lie_below_the_publish_url() {
    let id = "router-2026-1".parse().unwrap();
    for base in [
        "http://pki.example.net:8080",
        "http://pki.example.net:8080/",
    ] {
        let urls = IssuerUrls::below(base, &id);
        assert_eq!(
            urls.crl,
            "http://pki.example.net:8080/crl/router-2026-1.crl"
        );
        assert_eq!(
            urls.certificate,
            "http://pki.example.net:8080/ca/router-2026-1.cer"
        );
    }
}

#[test]
fn a_chain_holds_only_with_every_link() {
    let ca = TestCa::p256();
    let order = Order::new("router", "a.example.net");
    let decision = ca.decide(&order, &plain_request("a.example.net")).unwrap();
    let leaf = ca.issue(&decision);
    let router = &ca.issuer(IssuerClass::Router).certificate;
    let client = &ca.issuer(IssuerClass::VpnClient).certificate;
    let root = &ca.root.certificate;
    let check = |chain: &[_], anchor, at| verify_chain(&leaf, chain, anchor, at);
    let one = std::slice::from_ref;

    check(one(router), root, now()).unwrap();
    check(&[], router, now()).unwrap();
    let wrong_ca = check(one(client), root, now());
    assert!(
        matches!(wrong_ca, Err(PathError::NotIssued { .. })),
        "{wrong_ca:?}"
    );
    let skipped = check(&[], root, now());
    assert!(
        matches!(skipped, Err(PathError::NotIssued { .. })),
        "{skipped:?}"
    );
    let other_root = &TestCa::rsa().root.certificate;
    let foreign = check(one(router), other_root, now());
    assert!(
        matches!(foreign, Err(PathError::NotIssued { .. })),
        "{foreign:?}"
    );
    let over = check(one(router), root, time("2028-01-01T00:00:00Z"));
    assert!(matches!(over, Err(PathError::NotValid { .. })), "{over:?}");
    // An end entity that signs, and a CA below a CA that allows none.
    let leaf_as_ca = verify_chain(&leaf, one(&leaf), root, now());
    assert!(
        matches!(leaf_as_ca, Err(PathError::NotAllowed { .. })),
        "{leaf_as_ca:?}"
    );
    let too_long = verify_chain(&leaf, &[router.clone(), router.clone()], root, now());
    assert!(
        matches!(too_long, Err(PathError::PathTooLong { .. })),
        "{too_long:?}"
    );
}
