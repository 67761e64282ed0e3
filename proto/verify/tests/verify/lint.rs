//! Every rule of the lint for certificates has a draft that breaks it, and breaks nothing else.

use ca_types::IssuerClass;
use ca_verify::{LintContext, Purpose, Severity, SignatureAlgorithm, lint_certificate};

use crate::der_writer::Criticality::{Critical, NotCritical};
use crate::der_writer::{element, extension, name, oid, sequence};
use crate::draft::{
    AUTHORITY_INFO_ACCESS, AUTHORITY_KEY_IDENTIFIER, BASIC_CONSTRAINTS, CA_POINT, CLIENT_AUTH,
    COMMON_NAME, CRL_DISTRIBUTION_POINTS, DEVICE_POINT, Draft, EXTENDED_KEY_USAGE, IPSEC_IKE,
    KEY_USAGE, ORGANIZATION, SERVER_AUTH, SUBJECT_ALT_NAME, SUBJECT_KEY_IDENTIFIER, UTF8, ca_name,
    crl_points, generalized, key_identifier, rsa, utc,
};

const ROUTER: Purpose = Purpose::EndEntity(IssuerClass::Router);

/// Judges a draft, and compares the names of the rules that it breaks.
#[track_caller]
fn judge(draft: &Draft, purpose: Purpose, expect: &[&str]) {
    let issuer = match purpose {
        Purpose::Root => None,
        Purpose::IssuingCa => Some(Draft::root().certificate()),
        Purpose::EndEntity(_) => Some(Draft::issuing_ca().certificate()),
    };
    let context = LintContext {
        purpose,
        issuer: issuer.as_ref(),
        algorithm: SignatureAlgorithm::EcdsaSha256,
    };
    let tbs = draft.tbs();
    let found: Vec<_> = match lint_certificate(tbs.clone(), context) {
        Ok(linted) => {
            assert_eq!(linted.tbs_der(), tbs);
            linted
                .notices()
                .iter()
                .inspect(|finding| assert_eq!(finding.severity, Severity::Notice))
                .map(|finding| finding.rule)
                .collect()
        }
        Err(error) => error.findings.iter().map(|finding| finding.rule).collect(),
    };
    assert_eq!(found, expect);
}

/// Breaks a router's draft.
#[track_caller]
fn router(change: impl FnOnce(&mut Draft), expect: &[&str]) {
    let mut draft = Draft::router();
    change(&mut draft);
    judge(&draft, ROUTER, expect);
}

/// Breaks an issuing CA's draft.
#[track_caller]
fn issuing_ca(change: impl FnOnce(&mut Draft), expect: &[&str]) {
    let mut draft = Draft::issuing_ca();
    change(&mut draft);
    judge(&draft, Purpose::IssuingCa, expect);
}

/// Breaks a root's draft.
#[track_caller]
fn root(change: impl FnOnce(&mut Draft), expect: &[&str]) {
    let mut draft = Draft::root();
    change(&mut draft);
    judge(&draft, Purpose::Root, expect);
}

#[test]
fn right_drafts_pass() {
    router(|_| {}, &[]);
    issuing_ca(|_| {}, &[]);
    root(|_| {}, &[]);
}

#[test]
fn form() {
    router(|draft| draft.version = vec![], &["version-3"]);
    router(
        |draft| draft.version = element(0xa0, &[2, 1, 1]),
        &["version-3"],
    );
    router(|draft| draft.version = element(0xa0, &[2, 1, 0]), &["der"]);
    router(
        |draft| draft.unique_ids = element(0x81, &[0, 1]),
        &["no-unique-ids"],
    );
    router(
        |draft| draft.algorithm = sequence(&[oid("1.2.840.10045.4.3.3")]),
        &["algorithms-equal"],
    );
    router(
        |draft| draft.algorithm = sequence(&[oid("1.2.840.10045.4.3.2"), vec![5, 0]]),
        &["algorithms-equal"],
    );
    router(|draft| draft.repeat(KEY_USAGE), &["extension-once"]);
    router(
        |draft| draft.set("2.5.29.36", Critical, &[0x30, 0]),
        &["critical-extension-known"],
    );
    router(
        |draft| draft.set("2.5.29.32", NotCritical, &[0x30, 0]),
        &["extension-known"],
    );
    router(
        |draft| draft.set("2.5.29.32", NotCritical, &vec![0; 50_000]),
        &["extension-known", "length"],
    );
    router(
        |draft| draft.set("2.5.29.32", NotCritical, &vec![0; 3_000]),
        &["extension-known", "length-routeros"],
    );
    router(
        |draft| draft.public_key = rsa(&[&[0, 0xff], &[0xff; 127][..]].concat(), &[1, 0, 1]),
        &["key-acceptable", "subject-key-identifier"],
    );
    router(|draft| draft.issuer = vec![0x30, 0x80, 0, 0], &["der"]);
}

#[test]
fn an_algorithm_that_the_key_of_the_ca_cannot_use_is_refused() {
    let mut draft = Draft::router();
    let algorithm = SignatureAlgorithm::RsaPkcs1Sha256;
    draft.algorithm = algorithm.identifier_der().to_vec();
    let issuer = Draft::issuing_ca().certificate();
    let context = LintContext {
        purpose: ROUTER,
        issuer: Some(&issuer),
        algorithm,
    };
    let error = lint_certificate(draft.tbs(), context).unwrap_err();
    assert_eq!(error.findings[0].rule, "algorithm-fits-key");
    assert_eq!(error.findings.len(), 1);
}

#[test]
fn octets_that_are_no_certificate_are_refused() {
    let whole = Draft::router().tbs();
    let context = LintContext {
        purpose: Purpose::Root,
        issuer: None,
        algorithm: SignatureAlgorithm::EcdsaSha256,
    };
    for end in 0..whole.len() {
        lint_certificate(whole[..end].to_vec(), context).unwrap_err();
    }
    let mut longer = whole;
    longer.push(0);
    lint_certificate(longer, context).unwrap_err();
}

#[test]
fn serial_numbers() {
    let serial = |content: &[u8], expect: &[&str]| {
        router(|draft| draft.serial = element(2, content), expect);
    };
    serial(&[0], &["serial-positive", "serial-16-octets"]);
    serial(&[0x81; 16], &["serial-positive", "serial-16-octets"]);
    serial(
        &[0x41; 21],
        &["serial-at-most-20-octets", "serial-16-octets"],
    );
    serial(&[0x41; 20], &["serial-16-octets"]);
    serial(&[0x41; 15], &["serial-16-octets"]);
    serial(&[0x01; 16], &["serial-16-octets"]);
    serial(&[], &["der"]);
}

#[test]
fn validity() {
    router(
        |draft| draft.not_after = utc("261124075959Z"),
        &["validity-order"],
    );
    router(
        |draft| draft.not_after = generalized("20271226075959Z"),
        &["time-form"],
    );
    router(
        |draft| draft.not_before = utc("251231235959Z"),
        &["validity-inside-issuer"],
    );
    router(
        |draft| {
            draft.not_before = utc("350101000000Z");
            draft.not_after = utc("360101000000Z");
        },
        &["validity-inside-issuer"],
    );
    // 825 days, and one second more.
    router(|draft| draft.not_after = utc("290226075959Z"), &[]);
    router(
        |draft| draft.not_after = utc("290226080000Z"),
        &["validity-at-most-825-days"],
    );
    root(
        |draft| draft.not_after = generalized("20500101000000Z"),
        &[],
    );
    root(
        |draft| draft.not_after = generalized("20491231235959Z"),
        &["time-form"],
    );
    router(|draft| draft.not_after = utc("2712260759Z"), &["der"]);
}

#[test]
fn names() {
    router(
        |draft| draft.issuer = ca_name("Router  CA"),
        &["issuer-is-subject-of-ca"],
    );
    router(
        |draft| {
            draft.issuer = name(&[
                (ORGANIZATION, 0x13, b"Example"),
                (COMMON_NAME, UTF8, b"Router CA"),
            ]);
        },
        &["issuer-is-subject-of-ca"],
    );
    router(
        |draft| draft.issuer = name(&[]),
        &["issuer-is-subject-of-ca", "name-not-empty"],
    );
    root(
        |draft| draft.issuer = ca_name("Other Root CA"),
        &["issuer-is-subject-of-ca"],
    );
    router(
        |draft| draft.subject = name(&[]),
        &["name-not-empty", "one-common-name"],
    );
    let common = (COMMON_NAME, UTF8, &b"a.example.net"[..]);
    router(
        |draft| draft.subject = name(&[common, common]),
        &["one-common-name"],
    );
    router(
        |draft| draft.subject = name(&[(ORGANIZATION, UTF8, b"Example"), common]),
        &["end-entity-common-name-only"],
    );
    router(
        |draft| draft.subject = name(&[(COMMON_NAME, 0x13, b"a.example.net")]),
        &["name-utf8-string"],
    );
    issuing_ca(|draft| draft.subject = ca_name(&"\u{e4}".repeat(64)), &[]);
    issuing_ca(
        |draft| draft.subject = ca_name(&"a".repeat(65)),
        &["name-at-most-64-characters"],
    );
    issuing_ca(
        |draft| draft.subject = ca_name(""),
        &["name-at-most-64-characters"],
    );
    issuing_ca(
        |draft| draft.subject = ca_name("Router\nCA"),
        &["name-without-control-characters"],
    );
    router(
        |draft| draft.subject = sequence(&[element(0x31, &[])]),
        &["name-readable"],
    );
}

#[test]
fn subject_alternative_names() {
    let own = (0x82, &b"a.example.net"[..]);
    router(|draft| draft.remove(SUBJECT_ALT_NAME), &["san-present"]);
    issuing_ca(|draft| draft.sans(&[own]), &["san-absent-in-ca"]);
    router(
        |draft| {
            let names = sequence(&[element(0x82, b"a.example.net")]);
            draft.set(SUBJECT_ALT_NAME, Critical, &names);
        },
        &["san-not-critical"],
    );
    router(|draft| draft.sans(&[]), &["san-readable"]);
    for (tag, value) in [
        (0x86, &b"http://a.example.net/"[..]),
        (0x82, b"*.example.net"),
        (0x82, b"a b.example.net"),
        (0x82, b"b.example.net."),
        (0x81, b"noc"),
        (0x87, &[0; 5]),
        (
            0x87,
            &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 1, 2, 3, 4],
        ),
        (0xa0, &[6, 1, 42]),
    ] {
        router(|draft| draft.sans(&[own, (tag, value)]), &["san-form"]);
    }
    router(
        |draft| draft.sans(&[own, (0x82, b"B.example.net")]),
        &["san-lower-case"],
    );
    router(
        |draft| draft.sans(&[own, (0x87, &[192, 0, 2, 1]), own]),
        &["san-once"],
    );
    router(
        |draft| draft.sans(&[(0x82, b"b.example.net")]),
        &["common-name-in-san"],
    );
    router(
        |draft| draft.sans(&[own, (0x87, &[192, 0, 2, 1]), (0x82, b"192.0.2.1")]),
        &["san-address-as-dns"],
    );
}

#[test]
fn addresses_stand_in_a_dns_name_of_gateways_alone() {
    let gateway = |names: &[(u8, &[u8])], expect: &[&str]| {
        let mut draft = Draft::router();
        draft.purposes(&[SERVER_AUTH, IPSEC_IKE]);
        draft.sans(names);
        judge(&draft, Purpose::EndEntity(IssuerClass::VpnServer), expect);
    };
    let own = (0x82, &b"a.example.net"[..]);
    let as_dns = (0x82, &b"192.0.2.1"[..]);
    gateway(&[own, (0x87, &[192, 0, 2, 1]), as_dns], &[]);
    gateway(&[own, as_dns], &["san-address-as-dns"]);
}

#[test]
fn key_identifiers() {
    router(
        |draft| draft.remove(SUBJECT_KEY_IDENTIFIER),
        &["subject-key-identifier"],
    );
    let other = element(4, &key_identifier(CA_POINT));
    router(
        |draft| draft.set(SUBJECT_KEY_IDENTIFIER, NotCritical, &other),
        &["subject-key-identifier"],
    );
    router(
        |draft| draft.set(SUBJECT_KEY_IDENTIFIER, NotCritical, &[4, 0, 0]),
        &["extension-readable", "subject-key-identifier"],
    );
    let own = element(4, &key_identifier(DEVICE_POINT));
    router(
        |draft| draft.set(SUBJECT_KEY_IDENTIFIER, Critical, &own),
        &["key-identifier-not-critical"],
    );
    router(
        |draft| draft.remove(AUTHORITY_KEY_IDENTIFIER),
        &["authority-key-identifier"],
    );
    root(
        |draft| draft.remove(AUTHORITY_KEY_IDENTIFIER),
        &["authority-key-identifier"],
    );
    router(
        |draft| draft.authority(DEVICE_POINT),
        &["authority-key-identifier"],
    );
    router(
        |draft| draft.set(AUTHORITY_KEY_IDENTIFIER, NotCritical, &[0x30, 0]),
        &["authority-key-identifier"],
    );
    router(
        |draft| {
            let value = sequence(&[
                element(0x80, &key_identifier(CA_POINT)),
                element(0xa1, &element(0xa4, &ca_name("Root CA"))),
                element(0x82, &[1]),
            ]);
            draft.set(AUTHORITY_KEY_IDENTIFIER, NotCritical, &value);
        },
        &["authority-key-identifier-key-only"],
    );
}

#[test]
fn key_usage() {
    router(|draft| draft.remove(KEY_USAGE), &["key-usage-critical"]);
    router(
        |draft| draft.set(KEY_USAGE, NotCritical, &[3, 2, 7, 0x80]),
        &["key-usage-critical"],
    );
    router(
        |draft| draft.set(KEY_USAGE, Critical, &[3, 2, 0, 0x80]),
        &["extension-readable"],
    );
    // keyCertSign, cRLSign and nonRepudiation beside digitalSignature.
    for bits in [[3, 2, 2, 0x84], [3, 2, 1, 0x82], [3, 2, 6, 0xc0]] {
        router(
            |draft| draft.set(KEY_USAGE, Critical, &bits),
            &["key-usage-of-end-entity"],
        );
    }
    router(
        |draft| draft.set(KEY_USAGE, Critical, &[3, 2, 5, 0xa0]),
        &["key-encipherment-needs-rsa"],
    );
    router(
        |draft| draft.set(KEY_USAGE, Critical, &[3, 2, 5, 0x20]),
        &["key-usage-digital-signature", "key-encipherment-needs-rsa"],
    );
    for bits in [[3, 2, 2, 4], [3, 2, 1, 2], [3, 2, 1, 0x86]] {
        issuing_ca(
            |draft| draft.set(KEY_USAGE, Critical, &bits),
            &["key-usage-of-ca"],
        );
    }
}

#[test]
fn extended_key_usage() {
    router(
        |draft| draft.remove(EXTENDED_KEY_USAGE),
        &["extended-key-usage-present"],
    );
    issuing_ca(
        |draft| draft.purposes(&[SERVER_AUTH]),
        &["extended-key-usage-absent-in-ca"],
    );
    router(
        |draft| {
            let purposes = sequence(&[oid(SERVER_AUTH), oid(CLIENT_AUTH)]);
            draft.set(EXTENDED_KEY_USAGE, Critical, &purposes);
        },
        &["extended-key-usage-not-critical"],
    );
    router(|draft| draft.purposes(&[]), &["extension-readable"]);
}

#[test]
fn purposes_are_those_of_the_class() {
    const ANY: &str = "2.5.29.37.0";
    const IKE_INTERMEDIATE: &str = "1.3.6.1.5.5.8.2.2";
    const IPSEC_USER: &str = "1.3.6.1.5.5.7.3.7";
    let purposes = |class, purposes: &[&str], breaches: usize| {
        let mut draft = Draft::router();
        draft.purposes(purposes);
        let expect = vec!["extended-key-usage-of-class"; breaches];
        judge(&draft, Purpose::EndEntity(class), &expect);
    };
    use IssuerClass::{Control, Router, VpnClient, VpnServer};
    purposes(VpnServer, &[SERVER_AUTH, IPSEC_IKE, IKE_INTERMEDIATE], 0);
    purposes(VpnClient, &[CLIENT_AUTH, IPSEC_IKE], 0);
    purposes(Control, &[CLIENT_AUTH], 0);
    purposes(Control, &[SERVER_AUTH], 0);
    purposes(VpnServer, &[SERVER_AUTH, CLIENT_AUTH], 1);
    purposes(VpnServer, &[IPSEC_IKE], 1);
    purposes(VpnClient, &[CLIENT_AUTH, SERVER_AUTH], 1);
    purposes(VpnClient, &[CLIENT_AUTH, IKE_INTERMEDIATE], 1);
    purposes(VpnClient, &[CLIENT_AUTH, IPSEC_USER], 1);
    purposes(VpnClient, &[ANY], 2);
    purposes(Router, &[SERVER_AUTH, CLIENT_AUTH, ANY], 1);
    purposes(Router, &[SERVER_AUTH], 0);
    purposes(Router, &[IPSEC_IKE], 1);
    purposes(Control, &[CLIENT_AUTH, SERVER_AUTH], 1);
    purposes(IssuerClass::Root, &[CLIENT_AUTH], 2);
}

#[test]
fn basic_constraints() {
    router(
        |draft| draft.set(BASIC_CONSTRAINTS, Critical, &[0x30, 0]),
        &[],
    );
    router(
        |draft| draft.set(BASIC_CONSTRAINTS, Critical, &[0x30, 3, 1, 1, 0xff]),
        &["basic-constraints-no-ca"],
    );
    router(
        |draft| draft.set(BASIC_CONSTRAINTS, Critical, &[0x30, 3, 2, 1, 0]),
        &["path-length"],
    );
    router(
        |draft| draft.set(BASIC_CONSTRAINTS, Critical, &[0x30, 3, 1, 1, 0]),
        &["extension-readable"],
    );
    issuing_ca(
        |draft| draft.remove(BASIC_CONSTRAINTS),
        &[
            "basic-constraints-ca",
            "basic-constraints-critical-in-ca",
            "path-length",
        ],
    );
    issuing_ca(
        |draft| {
            draft.set(
                BASIC_CONSTRAINTS,
                NotCritical,
                &[0x30, 6, 1, 1, 0xff, 2, 1, 0],
            );
        },
        &["basic-constraints-critical-in-ca"],
    );
    for value in [&[0x30, 3, 1, 1, 0xff][..], &[0x30, 6, 1, 1, 0xff, 2, 1, 1]] {
        issuing_ca(
            |draft| draft.set(BASIC_CONSTRAINTS, Critical, value),
            &["path-length"],
        );
    }
    root(
        |draft| draft.set(BASIC_CONSTRAINTS, Critical, &[0x30, 6, 1, 1, 0xff, 2, 1, 0]),
        &["path-length"],
    );
}

#[test]
fn urls() {
    const URL: &str = "http://pki.example.net/crl/x.crl";
    const CA_URL: &str = "http://pki.example.net/ca/x.cer";
    router(
        |draft| draft.remove(CRL_DISTRIBUTION_POINTS),
        &["one-plain-crl-url"],
    );
    router(
        |draft| draft.urls("https://pki.example.net/crl/x.crl", CA_URL),
        &["one-plain-crl-url"],
    );
    router(
        |draft| {
            draft.set(
                CRL_DISTRIBUTION_POINTS,
                NotCritical,
                &crl_points(&[URL, URL]),
            );
        },
        &["one-plain-crl-url"],
    );
    router(
        |draft| draft.set(CRL_DISTRIBUTION_POINTS, Critical, &crl_points(&[URL])),
        &["urls-not-critical"],
    );
    router(
        |draft| {
            // The CRL of another CA: an indirect one.
            let names = element(0xa0, &element(0xa0, &element(0x86, URL.as_bytes())));
            let issuer = element(0xa2, &element(0xa4, &ca_name("Other CA")));
            let points = sequence(&[sequence(&[names, issuer])]);
            draft.set(CRL_DISTRIBUTION_POINTS, NotCritical, &points);
        },
        &["one-plain-crl-url"],
    );
    router(
        |draft| draft.remove(AUTHORITY_INFO_ACCESS),
        &["one-plain-ca-issuers-url"],
    );
    router(
        |draft| draft.urls(URL, "ldap://pki.example.net/ca"),
        &["one-plain-ca-issuers-url"],
    );
    issuing_ca(
        |draft| draft.remove(CRL_DISTRIBUTION_POINTS),
        &["one-plain-crl-url"],
    );
    root(|draft| draft.urls(URL, CA_URL), &["root-without-urls"]);
}

#[test]
fn an_extension_written_with_its_default_is_not_der() {
    router(
        |draft| {
            let mut octets = extension(KEY_USAGE, Critical, &[3, 2, 7, 0x80]);
            let at = octets.iter().position(|octet| *octet == 0xff).unwrap();
            octets[at] = 0;
            draft.remove(KEY_USAGE);
            draft.extensions.push((KEY_USAGE.to_owned(), octets));
        },
        &["der"],
    );
}
