//! Every rule of the targets has a chain that breaks it and one that keeps it.

use std::collections::BTreeSet;

use ca_verify::target::{Chain, Role, Target, TargetRule, judge};
use ca_verify::{Certificate, Severity};
use proptest::prelude::*;

use crate::der_writer::Criticality::{Critical, NotCritical};
use crate::der_writer::{bits, name, oid, sequence};
use crate::draft::{
    AUTHORITY_KEY_IDENTIFIER, BASIC_CONSTRAINTS, CLIENT_AUTH, CRL_DISTRIBUTION_POINTS,
    DEVICE_POINT, Draft, EXTENDED_KEY_USAGE, IPSEC_IKE, KEY_USAGE, ORGANIZATION, ROOT_POINT,
    SERVER_AUTH, SUBJECT_ALT_NAME, SUBJECT_KEY_IDENTIFIER, UTF8, ca_name, crl_points, ec, p256,
    rsa, utc,
};

const NAME_CONSTRAINTS: &str = "2.5.29.30";
const IKE_INTERMEDIATE: &str = "1.3.6.1.5.5.8.2.2";
const ANY_PURPOSE: &str = "2.5.29.37.0";
const IPSEC_USER: &str = "1.3.6.1.5.5.7.3.7";

const DNS: u8 = 0x82;
const EMAIL: u8 = 0x81;
const IP: u8 = 0x87;

/// The change that breaks a rule, and one that keeps it though it comes near.
struct Vector {
    rule: &'static str,
    keep: fn(&mut Vec<Draft>),
    violate: fn(&mut Vec<Draft>),
}

const fn vector(
    rule: &'static str,
    keep: fn(&mut Vec<Draft>),
    violate: fn(&mut Vec<Draft>),
) -> Vector {
    Vector {
        rule,
        keep,
        violate,
    }
}

const KEYS: [Vector; 16] = [
    vector(
        "chain-keys-rsa",
        |chain| all_rsa(chain, 2048),
        |chain| {
            all_rsa(chain, 2048);
            chain[1].public_key = p256(DEVICE_POINT);
        },
    ),
    vector(
        "sstp-key-rsa",
        |chain| chain[0].public_key = rsa_of(2048),
        |_| {},
    ),
    vector(
        "sstp-chain-keys",
        |chain| all_rsa(chain, 2048),
        |chain| {
            all_rsa(chain, 2048);
            chain[2].public_key = p256(ROOT_POINT);
        },
    ),
    vector(
        "chain-keys-routeros",
        |chain| chain[1].public_key = p521(),
        |chain| chain[0].public_key = ed25519(),
    ),
    vector(
        "chain-keys-windows",
        |chain| all_rsa(chain, 4096),
        |chain| chain[1].public_key = p521(),
    ),
    vector(
        "chain-keys-apple",
        |_| {},
        |chain| chain[2].public_key = ed25519(),
    ),
    vector(
        "server-key-rsa-by-hand",
        |chain| chain[0].public_key = rsa_of(2048),
        |_| {},
    ),
    vector(
        "chain-keys-android",
        |_| {},
        |chain| chain[0].public_key = ed25519(),
    ),
    vector(
        "chain-keys-edwards",
        |chain| chain[0].public_key = p521(),
        |chain| chain[1].public_key = ed25519(),
    ),
    vector(
        "rsa-2048",
        |chain| all_rsa(chain, 2048),
        |chain| {
            chain[1].public_key = rsa_of(2040);
        },
    ),
    vector(
        "rsa-8192",
        |chain| all_rsa(chain, 8192),
        |chain| {
            chain[0].public_key = rsa_of(8200);
        },
    ),
    vector(
        "rsa-4096",
        |chain| all_rsa(chain, 4096),
        |chain| {
            chain[2].public_key = rsa_of(4104);
        },
    ),
    // That a root is signed with an old hash is nobody's concern: it is trusted as it is.
    vector(
        "no-sha1",
        |chain| chain[2].algorithm = algorithm("1.2.840.113549.1.1.5"),
        |chain| chain[1].algorithm = algorithm("1.2.840.113549.1.1.5"),
    ),
    vector(
        "no-pss",
        |_| {},
        |chain| chain[0].algorithm = algorithm("1.2.840.113549.1.1.10"),
    ),
    vector(
        "no-edwards-signature",
        |_| {},
        |chain| {
            chain[0].algorithm = algorithm("1.3.101.112");
        },
    ),
    vector(
        "days-825",
        |chain| chain[0].not_after = utc("290226075959Z"),
        |chain| chain[0].not_after = utc("290226080000Z"),
    ),
];

const USAGES: [Vector; 18] = [
    vector(
        "server-auth",
        |_| {},
        |chain| chain[0].purposes(&[CLIENT_AUTH, IPSEC_IKE]),
    ),
    vector(
        "client-auth",
        |chain| chain[0].remove(EXTENDED_KEY_USAGE),
        |chain| chain[0].purposes(&[SERVER_AUTH]),
    ),
    vector(
        "client-auth-named",
        |_| {},
        |chain| chain[0].remove(EXTENDED_KEY_USAGE),
    ),
    vector(
        "ike-intermediate",
        |chain| chain[0].purposes(&[SERVER_AUTH, IKE_INTERMEDIATE]),
        |chain| chain[0].purposes(&[SERVER_AUTH]),
    ),
    vector(
        "ipsec-ike",
        |chain| chain[0].purposes(&[ANY_PURPOSE]),
        |chain| chain[0].purposes(&[SERVER_AUTH, CLIENT_AUTH]),
    ),
    vector(
        "no-any-purpose",
        |_| {},
        |chain| {
            chain[0].purposes(&[SERVER_AUTH, ANY_PURPOSE]);
        },
    ),
    vector(
        "no-old-ipsec-purpose",
        |_| {},
        |chain| {
            chain[0].purposes(&[SERVER_AUTH, IPSEC_USER]);
        },
    ),
    vector(
        "purposes-not-critical",
        |_| {},
        |chain| {
            chain[0].set(EXTENDED_KEY_USAGE, Critical, &sequence(&[oid(SERVER_AUTH)]));
        },
    ),
    vector(
        "usage-signature",
        |chain| chain[0].remove(KEY_USAGE),
        |chain| only_encipherment(chain),
    ),
    vector(
        "usage-signature-server",
        |chain| chain[0].remove(KEY_USAGE),
        |chain| only_encipherment(chain),
    ),
    vector(
        "usage-encipherment",
        |chain| {
            chain[0].public_key = rsa_of(2048);
            chain[0].set(KEY_USAGE, Critical, &[3, 2, 5, 0xa0]);
        },
        |chain| chain[0].public_key = rsa_of(2048),
    ),
    vector("usage-present", |_| {}, |chain| chain[0].remove(KEY_USAGE)),
    vector(
        "no-ca-usage",
        |_| {},
        |chain| {
            chain[0].set(KEY_USAGE, Critical, &[3, 2, 2, 0x84]);
        },
    ),
    vector(
        "ca-signs-certificates",
        |chain| chain[1].remove(KEY_USAGE),
        |chain| chain[1].set(KEY_USAGE, Critical, &[3, 2, 1, 2]),
    ),
    vector(
        "ca-signs-crls",
        |chain| chain[1].remove(KEY_USAGE),
        |chain| chain[1].set(KEY_USAGE, Critical, &[3, 2, 2, 4]),
    ),
    vector(
        "ca-constraints",
        |_| {},
        |chain| chain[1].remove(BASIC_CONSTRAINTS),
    ),
    vector(
        "path-length",
        |chain| chain[2].set(BASIC_CONSTRAINTS, Critical, &[0x30, 6, 1, 1, 0xff, 2, 1, 1]),
        |chain| chain[2].set(BASIC_CONSTRAINTS, Critical, &[0x30, 6, 1, 1, 0xff, 2, 1, 0]),
    ),
    vector(
        "subject-key-identifier",
        |_| {},
        |chain| {
            chain[0].remove(SUBJECT_KEY_IDENTIFIER);
        },
    ),
];

const NAMES: [Vector; 8] = [
    vector(
        "server-name",
        |_| {},
        |chain| chain[0].remove(SUBJECT_ALT_NAME),
    ),
    vector(
        "common-name-among-names",
        |chain| chain[0].sans(&[(DNS, b"b.example.net"), (DNS, b"A.example.NET")]),
        |chain| chain[0].sans(&[(DNS, b"b.example.net")]),
    ),
    vector(
        "address-as-dns-name",
        |chain| chain[0].sans(&[(IP, &[192, 0, 2, 1]), (DNS, b"192.0.2.1")]),
        |chain| chain[0].sans(&[(IP, &[192, 0, 2, 1]), (DNS, b"192.0.2.2")]),
    ),
    vector(
        "dns-name-as-address",
        |chain| chain[0].sans(&[(DNS, b"192.0.2.1"), (IP, &[192, 0, 2, 1])]),
        |chain| chain[0].sans(&[(DNS, b"192.0.2.1"), (IP, &[192, 0, 2, 2])]),
    ),
    vector(
        "server-dns-name",
        |_| {},
        |chain| {
            chain[0].sans(&[(IP, &[192, 0, 2, 1]), (DNS, b"192.0.2.1")]);
        },
    ),
    vector(
        "client-name-form",
        |chain| chain[0].sans(&[(EMAIL, b"anna@example.net")]),
        |chain| chain[0].sans(&[(IP, &[192, 0, 2, 1])]),
    ),
    vector(
        "common-name",
        |_| {},
        |chain| {
            chain[0].subject = name(&[(ORGANIZATION, UTF8, b"Example")]);
        },
    ),
    vector(
        "no-wildcard",
        |_| {},
        |chain| {
            chain[0].sans(&[(DNS, b"a.example.net"), (DNS, b"*.example.net")]);
        },
    ),
];

const URLS: [Vector; 7] = [
    vector(
        "crl-url",
        |_| {},
        |chain| chain[0].remove(CRL_DISTRIBUTION_POINTS),
    ),
    vector(
        "ca-crl-url",
        |_| {},
        |chain| chain[1].remove(CRL_DISTRIBUTION_POINTS),
    ),
    vector(
        "crl-url-http",
        |_| {},
        |chain| crl_at(chain, "https://pki.example.net/a.crl"),
    ),
    vector(
        "one-crl-url",
        |_| {},
        |chain| {
            let points = crl_points(&[
                "http://pki.example.net/a.crl",
                "http://pki.example.net/b.crl",
            ]);
            chain[0].set(CRL_DISTRIBUTION_POINTS, NotCritical, &points);
        },
    ),
    vector(
        "crl-host-outside",
        |chain| crl_at(chain, "http://198.51.100.7/a.crl"),
        |chain| crl_at(chain, "http://192.168.88.1/a.crl"),
    ),
    vector(
        "crl-host-not-local",
        |chain| crl_at(chain, "http://192.168.88.1/a.crl"),
        |chain| crl_at(chain, "http://localhost:8080/a.crl"),
    ),
    vector(
        "crl-port-80",
        |chain| crl_at(chain, "http://pki.example.net:80/a.crl"),
        |chain| crl_at(chain, "http://pki.example.net:8080/a.crl"),
    ),
];

const CHAIN: [Vector; 9] = [
    vector(
        "chain-in-order",
        |_| {},
        |chain| chain[1].subject = ca_name("Other CA"),
    ),
    vector("chain-whole", |_| {}, |chain| chain.truncate(2)),
    vector(
        "distinct-cas",
        |chain| chain.push(chain[1].clone()),
        |chain| {
            let mut other = chain[1].clone();
            other.public_key = p256(ROOT_POINT);
            chain.push(other);
        },
    ),
    vector(
        "chain-octets",
        |chain| grow(&mut chain[2], 5000),
        |chain| grow(&mut chain[1], 3500),
    ),
    vector(
        "octets-of-a-file",
        |_| {},
        |chain| grow(&mut chain[2], 3000),
    ),
    vector(
        "authority-key-identifier",
        |_| {},
        |chain| {
            chain[1].remove(AUTHORITY_KEY_IDENTIFIER);
        },
    ),
    vector(
        "root-authority-key-identifier",
        |_| {},
        |chain| {
            chain[2].remove(AUTHORITY_KEY_IDENTIFIER);
        },
    ),
    vector(
        "no-name-constraints",
        |_| {},
        |chain| {
            chain[1].set(NAME_CONSTRAINTS, Critical, &[0x30, 0]);
        },
    ),
    vector(
        "critical-extensions",
        |chain| chain[1].set(NAME_CONSTRAINTS, Critical, &[0x30, 0]),
        |chain| chain[1].set("2.5.29.36", Critical, &[0x30, 0]),
    ),
];

fn vectors() -> impl Iterator<Item = Vector> {
    KEYS.into_iter()
        .chain(USAGES)
        .chain(NAMES)
        .chain(URLS)
        .chain(CHAIN)
}

#[test]
fn every_rule_has_a_chain_that_breaks_it_and_one_that_keeps_it() {
    let mut judged = BTreeSet::new();
    for vector in vectors() {
        let rule = TargetRule::all()
            .find(|rule| rule.id == vector.rule)
            .unwrap_or_else(|| panic!("no rule {}", vector.rule));
        let (good, bad) = (changed(vector.keep), changed(vector.violate));
        let roles = match rule.role {
            Some(Role::Server) => &[Role::Server][..],
            Some(Role::Client) => &[Role::Client],
            None => &[Role::Server, Role::Client],
        };
        for applies in rule.applies {
            let found = |chain: &Chain| {
                judge(applies.target, roles, chain)
                    .into_iter()
                    .find(|misfit| misfit.rule.id == rule.id)
            };
            let misfit = found(&bad)
                .unwrap_or_else(|| panic!("{} does not see {}", applies.target, rule.id));
            assert_eq!(misfit.severity, applies.severity, "{}", rule.id);
            let kept = found(&good);
            assert!(kept.is_none(), "{}: {kept:?}", rule.id);
        }
        assert!(judged.insert(rule.id), "{} twice", rule.id);
    }
    let all: BTreeSet<_> = TargetRule::all().map(|rule| rule.id).collect();
    assert_eq!(judged, all);
    assert!(all.len() >= 40, "{} rules", all.len());
}

#[test]
fn a_rule_of_one_role_leaves_the_other_alone() {
    let chain = changed(|chain| chain[0].purposes(&[CLIENT_AUTH]));
    let rules = |roles: &[Role]| -> Vec<_> {
        let misfits = judge(Target::WindowsSstp, roles, &chain);
        misfits.iter().map(|misfit| misfit.rule.id).collect()
    };
    assert_eq!(rules(&[Role::Server]), ["server-auth"]);
    assert_eq!(rules(Role::presumed(chain.leaf())), Vec::<&str>::new());
}

#[test]
fn a_rule_says_where_it_comes_from_and_what_a_person_sees() {
    for rule in TargetRule::all() {
        for text in [rule.want, rule.symptom, rule.source] {
            assert!(text.len() > 3, "{}", rule.id);
        }
        let targets: BTreeSet<_> = rule.applies.iter().map(|applies| applies.target).collect();
        assert_eq!(
            targets.len(),
            rule.applies.len(),
            "{} names a target twice",
            rule.id
        );
    }
    let confirmed = TargetRule::all().filter(|rule| {
        let mut applies = rule.applies.iter();
        applies.any(|applies| !applies.seen.is_empty())
    });
    assert!(confirmed.count() >= 12);
}

#[test]
fn hosts_and_ports_of_crls_are_never_more_than_notices() {
    for id in ["crl-host-outside", "crl-host-not-local", "crl-port-80"] {
        let rule = TargetRule::all().find(|rule| rule.id == id).unwrap();
        for applies in rule.applies {
            assert_eq!(applies.severity, Severity::Notice, "{id}");
        }
    }
}

#[test]
fn a_draft_is_judged_as_the_certificate_that_it_becomes() {
    let drafts = [Draft::router(), Draft::issuing_ca(), Draft::root()];
    let cas = [drafts[1].certificate_der(), drafts[2].certificate_der()];
    let draft = Chain::drafted(&drafts[0].tbs(), &cas).unwrap();
    let signed = Chain::from_ders(&[drafts[0].certificate_der(), cas[0].clone(), cas[1].clone()]);
    let signed = signed.unwrap();
    for target in Target::ALL {
        let of = |chain: &Chain| -> Vec<_> {
            let misfits = judge(target, &[Role::Server, Role::Client], chain);
            misfits.iter().map(|misfit| misfit.rule.id).collect()
        };
        assert_eq!(of(&draft), of(&signed), "{target}");
    }
}

#[test]
fn files_give_a_chain_in_the_order_of_the_path() {
    let drafts = [Draft::router(), Draft::root(), Draft::issuing_ca()];
    let pem: String = drafts
        .iter()
        .map(|draft| draft.certificate().to_pem())
        .collect();
    let chain = Chain::from_files(&[pem.as_bytes()]).unwrap();
    let misfits = judge(Target::RouterOs7, &[Role::Server], &chain);
    assert!(misfits.is_empty(), "{misfits:?}");
    for wrong in [
        &b""[..],
        b"no PEM",
        b"\x30\x00",
        b"-----BEGIN CERTIFICATE-----\n",
    ] {
        Chain::from_files(&[wrong]).unwrap_err();
    }
    Chain::from_files::<&[u8]>(&[]).unwrap_err();
}

#[test]
fn targets_are_named_by_their_words() {
    for target in Target::ALL {
        assert_eq!(target.as_str().parse(), Ok(target));
    }
    let error = "windows".parse::<Target>().unwrap_err();
    assert!(error.to_string().contains("windows-ikev2"), "{error}");
}

proptest! {
    #[test]
    fn whatever_octets_come_they_are_judged_or_refused(
        at in any::<prop::sample::Index>(),
        octet in any::<u8>(),
    ) {
        let mut der = Draft::router().certificate_der();
        *at.get_mut(&mut der) = octet;
        if Certificate::from_der(&der).is_ok() {
            Chain::from_ders(&[&der]).expect("what is read strictly is read leniently");
        }
        if let Ok(chain) = Chain::from_ders(&[der, Draft::issuing_ca().certificate_der()]) {
            for target in Target::ALL {
                judge(target, &[Role::Server, Role::Client], &chain);
            }
        }
    }
}

fn changed(change: fn(&mut Vec<Draft>)) -> Chain {
    let mut chain = vec![Draft::router(), Draft::issuing_ca(), Draft::root()];
    change(&mut chain);
    let ders: Vec<_> = chain.iter().map(Draft::certificate_der).collect();
    Chain::from_ders(&ders).unwrap()
}

fn all_rsa(chain: &mut [Draft], bits: usize) {
    for draft in chain {
        draft.public_key = rsa_of(bits);
    }
}

fn rsa_of(bits: usize) -> Vec<u8> {
    let modulus = [&[0][..], &vec![0xff; bits / 8]].concat();
    rsa(&modulus, &[1, 0, 1])
}

fn p521() -> Vec<u8> {
    ec("1.3.132.0.35", &[4; 133])
}

fn ed25519() -> Vec<u8> {
    sequence(&[algorithm("1.3.101.112"), bits(&[7; 32])])
}

fn algorithm(id: &str) -> Vec<u8> {
    sequence(&[oid(id)])
}

fn only_encipherment(chain: &mut [Draft]) {
    chain[0].set(KEY_USAGE, Critical, &[3, 2, 5, 0x20]);
}

fn crl_at(chain: &mut [Draft], url: &str) {
    chain[0].set(CRL_DISTRIBUTION_POINTS, NotCritical, &crl_points(&[url]));
}

fn grow(draft: &mut Draft, octets: usize) {
    draft.set("2.5.29.32", NotCritical, &vec![0; octets]);
}
