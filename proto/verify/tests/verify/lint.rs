//! Every rule for certificates has a vector that breaks it, and it alone unless the vector says what else.

use ca_types::IssuerClass;
use ca_verify::{
    Applies, LintContext, Purpose, Severity, SignatureAlgorithm, inspect_certificate,
    lint_certificate, lint_rules,
};

use crate::der_writer::Criticality::Critical;
use crate::der_writer::{element, extension, oid, sequence};
use crate::draft::{
    CLIENT_AUTH, Draft, IPSEC_IKE, KEY_USAGE, ROOT_POINT, SERVER_AUTH, ca_name, ecdsa_sha256,
    generalized, utc,
};
use crate::vectors::{ANY, IKE_INTERMEDIATE, OWN, ROUTER, SHA256, VECTORS, draft_for};

/// Lists the rules that a draft breaks.
fn broken(draft: &Draft, purpose: Purpose, algorithm: SignatureAlgorithm) -> Vec<&'static str> {
    let issuer = match purpose {
        Purpose::Root => None,
        Purpose::IssuingCa => Some(Draft::root().certificate()),
        Purpose::EndEntity(_) | Purpose::SomeEndEntity => Some(Draft::issuing_ca().certificate()),
    };
    let context = LintContext {
        purpose,
        issuer: issuer.as_ref(),
        algorithm,
    };
    let tbs = draft.tbs();
    match lint_certificate(tbs.clone(), context) {
        Ok(linted) => {
            assert_eq!(linted.tbs_der(), tbs);
            let notices = linted.notices().iter();
            notices
                .inspect(|finding| assert_eq!(finding.severity, Severity::Notice))
                .map(|finding| finding.rule)
                .collect()
        }
        Err(error) => error.findings.iter().map(|finding| finding.rule).collect(),
    }
}

#[track_caller]
fn judge(draft: &Draft, purpose: Purpose, expect: &[&str]) {
    assert_eq!(broken(draft, purpose, SHA256), expect);
}

#[test]
fn right_drafts_pass() {
    for purpose in [Purpose::Root, Purpose::IssuingCa, ROUTER] {
        judge(&draft_for(purpose), purpose, &[]);
    }
}

#[test]
fn every_vector_breaks_its_rule_and_what_it_says_besides() {
    let wrong: Vec<String> = VECTORS
        .iter()
        .filter_map(|vector| {
            let mut draft = draft_for(vector.purpose);
            (vector.change)(&mut draft);
            let mut found = broken(&draft, vector.purpose, vector.algorithm);
            let mut expect = [&[vector.rule], vector.also].concat();
            found.sort_unstable();
            expect.sort_unstable();
            (found != expect).then(|| format!("{}: {found:?}", vector.rule))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_for_certificates_has_a_vector() {
    let mut vectors: Vec<&str> = VECTORS.iter().map(|vector| vector.rule).collect();
    // Only what others signed can break it: `an_algorithm_of_old_is_seen`.
    vectors.push("signature-algorithm-known");
    let mut rules: Vec<&str> = lint_rules()
        .filter(|rule| rule.applies != Applies::Lists)
        .map(|rule| rule.name)
        .collect();
    vectors.sort_unstable();
    rules.sort_unstable();
    assert_eq!(vectors, rules);
    assert!(rules.len() >= 60, "{}", rules.len());
}

#[test]
fn an_algorithm_of_old_is_seen() {
    let mut draft = Draft::router();
    // ecdsa-with-SHA1.
    draft.algorithm = sequence(&[oid("1.2.840.10045.4.1")]);
    let issuer = Draft::issuing_ca().certificate();
    let inspected = inspect_certificate(&draft.certificate_der(), Some(&issuer));
    let found: Vec<_> = inspected
        .findings
        .iter()
        .map(|finding| finding.rule)
        .collect();
    assert_eq!(found, ["signature-algorithm-known"]);
    draft.algorithm = ecdsa_sha256();
    let inspected = inspect_certificate(&draft.certificate_der(), Some(&issuer));
    assert_eq!(inspected.findings, []);
}

#[test]
fn a_file_shows_what_it_is_meant_to_be() {
    for (draft, purpose) in [
        (Draft::root(), Some(Purpose::Root)),
        (Draft::issuing_ca(), Some(Purpose::IssuingCa)),
        (Draft::router(), Some(Purpose::SomeEndEntity)),
    ] {
        let inspected = inspect_certificate(&draft.certificate_der(), None);
        assert_eq!((inspected.purpose, inspected.findings), (purpose, vec![]));
    }
    let inspected = inspect_certificate(&[0x30, 0], None);
    assert_eq!(inspected.purpose, None);
    assert_eq!(inspected.findings[0].rule, "der");
}

#[test]
fn without_the_ca_that_signs_nothing_passes() {
    let context = LintContext {
        purpose: ROUTER,
        issuer: None,
        algorithm: SHA256,
    };
    lint_certificate(Draft::router().tbs(), context).unwrap_err();
}

#[test]
fn octets_that_are_no_certificate_are_refused() {
    let whole = Draft::router().tbs();
    let context = LintContext {
        purpose: Purpose::Root,
        issuer: None,
        algorithm: SHA256,
    };
    for end in 0..whole.len() {
        lint_certificate(whole[..end].to_vec(), context).unwrap_err();
    }
    let mut longer = whole;
    longer.push(0);
    lint_certificate(longer, context).unwrap_err();
}

/// Changes a router's draft in one more way.
#[track_caller]
fn check(change: impl FnOnce(&mut Draft), expect: &[&str]) {
    let mut draft = Draft::router();
    change(&mut draft);
    judge(&draft, ROUTER, expect);
}

#[test]
fn edges_of_validity() {
    // 825 days, the second before the same time of day.
    check(|draft| draft.not_after = utc("290226075959Z"), &[]);
    check(
        |draft| {
            draft.not_before = utc("350101000000Z");
            draft.not_after = utc("360101000000Z");
        },
        &["validity-inside-issuer"],
    );
    check(|draft| draft.not_after = utc("2712260759Z"), &["der"]);
    let mut root = Draft::root();
    root.not_after = generalized("20500101000000Z");
    judge(&root, Purpose::Root, &[]);
    root.not_after = generalized("20491231235959Z");
    judge(&root, Purpose::Root, &["time-form"]);
}

#[test]
fn edges_of_serial_numbers_and_names() {
    check(
        |draft| draft.serial = element(2, &[0]),
        &["serial-positive", "serial-64-bits"],
    );
    check(
        |draft| draft.serial = element(2, &[0x41; 15]),
        &["serial-16-octets"],
    );
    check(
        |draft| draft.serial = element(2, &[0x01; 16]),
        &["serial-16-octets"],
    );
    check(|draft| draft.serial = element(2, &[]), &["der"]);
    let mut ca = Draft::issuing_ca();
    ca.subject = ca_name(&"\u{e4}".repeat(64));
    judge(&ca, Purpose::IssuingCa, &[]);
    ca.subject = ca_name("");
    judge(&ca, Purpose::IssuingCa, &["name-at-most-64-characters"]);
}

#[test]
fn every_bad_name_is_found_beside_a_good_one() {
    for (tag, value, rule) in [
        (0x82, &b"b.example.net."[..], "san-dns-form"),
        (0x82, b"", "san-dns-form"),
        (0x82, b"a.example\0.net", "san-dns-form"),
        (0x82, "\u{e4}.example".as_bytes(), "san-dns-form"),
        (0x82, b"a.*.example.net", "san-no-wildcard"),
        (0x87, &[], "san-ip-form"),
        (0x87, &[0; 8], "san-ip-form"),
        (0x81, b"@example.net", "san-email-form"),
        (0xa0, &[6, 1, 42], "san-form"),
        (0xa4, &[0x30, 0], "san-form"),
        (0x88, &[42], "san-form"),
    ] {
        check(|draft| draft.sans(&[OWN, (tag, value)]), &[rule]);
    }
}

#[test]
fn addresses_stand_in_a_dns_name_of_gateways_alone() {
    let gateway = |names: &[(u8, &[u8])], expect: &[&str]| {
        let mut draft = Draft::router();
        draft.purposes(&[SERVER_AUTH, IPSEC_IKE]);
        draft.sans(names);
        judge(&draft, Purpose::EndEntity(IssuerClass::VpnServer), expect);
    };
    let as_dns = (0x82, &b"192.0.2.1"[..]);
    gateway(&[OWN, (0x87, &[192, 0, 2, 1]), as_dns], &[]);
    gateway(&[OWN, as_dns], &["san-address-as-dns"]);
}

#[test]
fn purposes_are_those_of_the_class() {
    const OF_CLASS: &str = "extended-key-usage-of-class";
    const COMPLETE: &str = "extended-key-usage-complete";
    let purposes = |class, purposes: &[&str], expect: &[&str]| {
        let mut draft = Draft::router();
        draft.purposes(purposes);
        judge(&draft, Purpose::EndEntity(class), expect);
    };
    use IssuerClass::{Control, Router, VpnClient, VpnServer};
    purposes(VpnServer, &[SERVER_AUTH, IPSEC_IKE, IKE_INTERMEDIATE], &[]);
    purposes(VpnClient, &[CLIENT_AUTH, IPSEC_IKE], &[]);
    purposes(Router, &[SERVER_AUTH], &[]);
    purposes(Router, &[IPSEC_IKE], &[COMPLETE]);
    purposes(Control, &[CLIENT_AUTH], &[]);
    purposes(Control, &[SERVER_AUTH], &[]);
    purposes(VpnServer, &[SERVER_AUTH, CLIENT_AUTH], &[OF_CLASS]);
    purposes(VpnServer, &[IPSEC_IKE], &[COMPLETE]);
    purposes(VpnClient, &[CLIENT_AUTH, SERVER_AUTH], &[OF_CLASS]);
    purposes(VpnClient, &[ANY], &["extended-key-usage-no-any", COMPLETE]);
    purposes(Control, &[CLIENT_AUTH, SERVER_AUTH], &[COMPLETE]);
    purposes(IssuerClass::Root, &[CLIENT_AUTH], &[OF_CLASS, COMPLETE]);
}

#[test]
fn an_extension_written_with_its_default_is_not_der() {
    check(
        |draft| {
            let mut octets = extension(KEY_USAGE, Critical, &[3, 2, 7, 0x80]);
            let at = octets.iter().position(|octet| *octet == 0xff).unwrap();
            octets[at] = 0;
            draft.remove(KEY_USAGE);
            draft.extensions.push((KEY_USAGE.to_owned(), octets));
        },
        &["der"],
    );
    check(
        |draft| draft.authority(ROOT_POINT),
        &["authority-key-identifier-of-issuer"],
    );
}
