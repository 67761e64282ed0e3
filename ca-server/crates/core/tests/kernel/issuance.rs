//! From a decision to a certificate: what stands in it, and what is never signed.

use ca_core::{IssuanceError, SignError, Signer, prepare, sign};
use ca_types::{Days, IssuerClass};
use ca_verify::{Certificate, PublicKey, SignatureAlgorithm, verify_chain};
use rcgen::KeyPair;

use crate::kit::{
    Order, RSA_DEVICE_PKCS8, RSA_PKCS8, TestCa, TestSigner, now, plain_request, profile,
    request_by, serial,
};

/// Shows what the interop profile fixes, as text.
fn shape(certificate: &Certificate) -> String {
    let names: Vec<_> = certificate.sans().iter().map(ToString::to_string).collect();
    let addresses: Vec<_> = certificate
        .addresses_as_dns_names()
        .iter()
        .map(|address| format!("dns:{address}"))
        .collect();
    let purposes: Vec<_> = certificate
        .extended_key_usage()
        .iter()
        .map(ToString::to_string)
        .collect();
    format!(
        "{} | {} | {} | {} | {}",
        certificate.subject(),
        [names, addresses].concat().join(" "),
        certificate.key_usage().unwrap(),
        purposes.join(" "),
        certificate.validity().seconds() / 86_400,
    )
}

#[track_caller]
fn check(order: &Order<'_>, key: &KeyPair, expect: &str) {
    for ca in [TestCa::p256(), TestCa::rsa()] {
        let request = request_by(key, order.name, |_params| {});
        let decision = ca.decide(order, &request).unwrap();
        let certificate = ca.issue(&decision);
        assert_eq!(shape(&certificate), expect);
        let issuer = ca.issuer(decision.profile().class());
        verify_chain(
            &certificate,
            std::slice::from_ref(&issuer.certificate),
            &ca.root.certificate,
            now(),
        )
        .unwrap();
        assert_eq!(certificate.crl_urls(), [issuer.urls.crl.as_str()]);
        assert_eq!(
            certificate.ca_issuer_urls(),
            [issuer.urls.certificate.as_str()]
        );
        assert_eq!(certificate.public_key(), request.public_key());
        assert!(!certificate.is_ca());
    }
}

#[test]
fn certificates_are_those_of_the_interop_profile() {
    let p256 = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    let rsa =
        KeyPair::from_pkcs8_der_and_sign_algo(&RSA_DEVICE_PKCS8.into(), &rcgen::PKCS_RSA_SHA256)
            .unwrap();
    check(
        &Order::new("router", "Berlin-01.example.net").with_sans(&[
            "dns:berlin-01.example.net",
            "ip:192.0.2.1",
            "ip:192.0.2.1",
        ]),
        &p256,
        "CN=berlin-01.example.net | dns:berlin-01.example.net ip:192.0.2.1 | digitalSignature | \
         1.3.6.1.5.5.7.3.1 1.3.6.1.5.5.7.3.2 1.3.6.1.5.5.7.3.17 | 397",
    );
    check(
        &Order::new("router", "berlin-01"),
        &rsa,
        "CN=berlin-01 | dns:berlin-01 | digitalSignature, keyEncipherment | \
         1.3.6.1.5.5.7.3.1 1.3.6.1.5.5.7.3.2 1.3.6.1.5.5.7.3.17 | 397",
    );
    check(
        &Order::new("vpn-server", "192.0.2.7").with_sans(&["dns:vpn.example.net"]),
        &rsa,
        "CN=192.0.2.7 | ip:192.0.2.7 dns:vpn.example.net dns:192.0.2.7 | digitalSignature, keyEncipherment | \
         1.3.6.1.5.5.7.3.1 1.3.6.1.5.5.7.3.17 1.3.6.1.5.5.8.2.2 | 397",
    );
    check(
        &Order::new("vpn-server", "2001:db8::7"),
        &p256,
        "CN=2001:db8::7 | ip:2001:db8::7 dns:2001:db8::7 | digitalSignature | \
         1.3.6.1.5.5.7.3.1 1.3.6.1.5.5.7.3.17 1.3.6.1.5.5.8.2.2 | 397",
    );
    check(
        &Order::new("vpn-client", "anna@example.net"),
        &rsa,
        "CN=anna@example.net | email:anna@example.net | digitalSignature | \
         1.3.6.1.5.5.7.3.2 1.3.6.1.5.5.7.3.17 | 180",
    );
    check(
        &Order::new("router-management", "10.0.0.1").with_sans(&["dns:r1.example.net"]),
        &rsa,
        "CN=10.0.0.1 | ip:10.0.0.1 dns:r1.example.net | digitalSignature, keyEncipherment | \
         1.3.6.1.5.5.7.3.1 | 397",
    );
    check(
        &Order::new("radius-server", "radius.example.net"),
        &rsa,
        "CN=radius.example.net | dns:radius.example.net | digitalSignature, keyEncipherment | \
         1.3.6.1.5.5.7.3.1 | 397",
    );
    check(
        &Order::new("wifi-client", "anna@example.net"),
        &p256,
        "CN=anna@example.net | email:anna@example.net | digitalSignature | 1.3.6.1.5.5.7.3.2 | 180",
    );
    check(
        &Order::new("control", "admin"),
        &p256,
        "CN=admin |  | digitalSignature | 1.3.6.1.5.5.7.3.2 | 90",
    );
    check(
        &Order::new("control", "anna@example.net"),
        &p256,
        "CN=anna@example.net | email:anna@example.net | digitalSignature | 1.3.6.1.5.5.7.3.2 | 90",
    );
    check(
        &Order::new("control-server", "localhost").with_sans(&["ip:127.0.0.1", "ip:::1"]),
        &p256,
        "CN=localhost | dns:localhost ip:127.0.0.1 ip:::1 | digitalSignature | 1.3.6.1.5.5.7.3.1 | 90",
    );
}

#[test]
fn profiles_have_their_limits() {
    for (name, default, maximum) in [
        ("router", 397, 825),
        ("vpn-server", 397, 825),
        ("vpn-client", 180, 397),
        ("router-management", 397, 825),
        ("radius-server", 397, 825),
        ("wifi-client", 180, 397),
        ("control", 90, 90),
        ("control-server", 90, 90),
    ] {
        let profile = profile(name);
        assert_eq!(profile.default_validity(), Days(default), "{name}");
        assert_eq!(profile.maximum_validity(), Days(maximum), "{name}");
        assert!(profile.backdating_seconds() <= 3600, "{name}");
    }
}

#[test]
fn the_same_decision_gives_the_same_octets() {
    let ca = TestCa::p256();
    let order = Order::new("router", "a.example.net");
    let decision = ca.decide(&order, &plain_request("a.example.net")).unwrap();
    let issuer = ca.issuer(IssuerClass::Router);
    let once = prepare(&decision, serial(7), issuer).unwrap();
    let twice = prepare(&decision, serial(7), issuer).unwrap();
    assert_eq!(once.tbs_der(), twice.tbs_der());
    assert_eq!(once.notices(), []);
}

/// A signer that does not do what it says.
#[derive(Debug)]
struct Liar {
    honest: TestSigner,
    signs: fn(&TestSigner, &[u8]) -> Result<Vec<u8>, SignError>,
}

impl Signer for Liar {
    fn public_key(&self) -> &PublicKey {
        self.honest.public_key()
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.honest.algorithm()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        (self.signs)(&self.honest, message)
    }
}

#[test]
fn a_signature_that_does_not_hold_never_becomes_a_certificate() {
    let ca = TestCa::new(TestSigner::p256(), TestSigner::rsa(RSA_PKCS8));
    let order = Order::new("router", "a.example.net");
    let decision = ca.decide(&order, &plain_request("a.example.net")).unwrap();
    let linted = || prepare(&decision, serial(7), ca.issuer(IssuerClass::Router)).unwrap();

    for stranger in [TestSigner::p256(), TestSigner::rsa(RSA_DEVICE_PKCS8)] {
        let signed = sign(linted(), &stranger);
        assert!(matches!(signed, Err(IssuanceError::OtherKey)), "{signed:?}");
    }

    let liar = |signs| Liar {
        honest: TestSigner::rsa(RSA_PKCS8),
        signs,
    };
    let other_message = sign(linted(), &liar(|key, _| key.sign(b"something else")));
    assert!(
        matches!(other_message, Err(IssuanceError::Signature(_))),
        "{other_message:?}"
    );
    let nothing = sign(linted(), &liar(|_, _| Ok(vec![])));
    assert!(
        matches!(nothing, Err(IssuanceError::Signature(_))),
        "{nothing:?}"
    );
    let refusing = sign(
        linted(),
        &liar(|_, _| Err(SignError::Refused("no".to_owned()))),
    );
    assert!(
        matches!(refusing, Err(IssuanceError::Sign(_))),
        "{refusing:?}"
    );
}

#[test]
fn a_decision_is_for_one_ca() {
    let ca = TestCa::p256();
    let order = Order::new("vpn-client", "anna@example.net");
    let decision = ca
        .decide(&order, &plain_request("anna@example.net"))
        .unwrap();
    let other = prepare(&decision, serial(7), ca.issuer(IssuerClass::VpnServer));
    assert!(
        matches!(other, Err(IssuanceError::OtherIssuer(_))),
        "{other:?}"
    );
}

#[test]
fn a_ca_that_cannot_sign_what_was_built_is_stopped_by_the_lint() {
    let ca = TestCa::p256();
    let order = Order::new("router", "a.example.net");
    let decision = ca.decide(&order, &plain_request("a.example.net")).unwrap();
    let mut issuer = ca.issuer(IssuerClass::Router).clone();
    issuer.urls.crl = "https://pki.example.net/crl/x.crl".to_owned();
    let Err(IssuanceError::Lint(error)) = prepare(&decision, serial(7), &issuer) else {
        panic!("the lint lets an https CRL URL pass");
    };
    let rules: Vec<_> = error.findings.iter().map(|finding| finding.rule).collect();
    assert_eq!(rules, ["crl-url-plain-http"]);
    // A CA of another class with the same id would give away serverAuth.
    let mut issuer = ca.issuer(IssuerClass::Router).clone();
    issuer.class = IssuerClass::VpnClient;
    assert!(matches!(
        prepare(&decision, serial(7), &issuer),
        Err(IssuanceError::Lint(_))
    ));
}
