//! A certificate for every rule that breaks it.

use ca_types::IssuerClass;
use ca_verify::{Purpose, SignatureAlgorithm};

use crate::der_writer::Criticality::{Critical, NotCritical};
use crate::der_writer::{element, name, oid, sequence};
use crate::draft::{
    AUTHORITY_INFO_ACCESS, AUTHORITY_KEY_IDENTIFIER, BASIC_CONSTRAINTS, CA_POINT, CLIENT_AUTH,
    COMMON_NAME, CRL_DISTRIBUTION_POINTS, DEVICE_POINT, Draft, EXTENDED_KEY_USAGE, IPSEC_IKE,
    KEY_USAGE, NAME_CONSTRAINTS, ORGANIZATION, SERVER_AUTH, SUBJECT_ALT_NAME,
    SUBJECT_KEY_IDENTIFIER, UTF8, ca_name, crl_points, generalized, key_identifier, p256, rsa, utc,
};
/// A draft that is broken in one place.
#[derive(Debug)]
pub(crate) struct Vector {
    /// The rule that it breaks.
    pub(crate) rule: &'static str,
    pub(crate) purpose: Purpose,
    pub(crate) algorithm: SignatureAlgorithm,
    pub(crate) change: fn(&mut Draft),
    /// The rules that cannot but be broken too.
    pub(crate) also: &'static [&'static str],
}

pub(crate) const ROUTER: Purpose = Purpose::EndEntity(IssuerClass::Router);
pub(crate) const SHA256: SignatureAlgorithm = SignatureAlgorithm::EcdsaSha256;
const URL: &str = "http://pki.example.net/crl/x.crl";
const CA_URL: &str = "http://pki.example.net/ca/x.cer";
pub(crate) const OWN: (u8, &[u8]) = (0x82, b"a.example.net");

const fn router(rule: &'static str, change: fn(&mut Draft)) -> Vector {
    Vector {
        rule,
        purpose: ROUTER,
        algorithm: SHA256,
        change,
        also: &[],
    }
}

const fn issuing_ca(rule: &'static str, change: fn(&mut Draft)) -> Vector {
    Vector {
        purpose: Purpose::IssuingCa,
        ..router(rule, change)
    }
}

const fn root(rule: &'static str, change: fn(&mut Draft)) -> Vector {
    Vector {
        purpose: Purpose::Root,
        ..router(rule, change)
    }
}

const fn also(vector: Vector, also: &'static [&'static str]) -> Vector {
    Vector { also, ..vector }
}

pub(crate) const VECTORS: &[Vector] = &[
    // The form as a whole.
    router("der", |draft| draft.issuer = vec![0x30, 0x80, 0, 0]),
    router("version-3", |draft| draft.version = vec![]),
    router("no-unique-ids", |draft| {
        draft.unique_ids = element(0x81, &[0, 1]);
    }),
    router("algorithms-equal", |draft| {
        draft.algorithm = sequence(&[oid("1.2.840.10045.4.3.2"), vec![5, 0]]);
    }),
    Vector {
        algorithm: SignatureAlgorithm::RsaPkcs1Sha256,
        ..router("algorithm-fits-key", |draft| {
            draft.algorithm = SignatureAlgorithm::RsaPkcs1Sha256.identifier_der().to_vec();
        })
    },
    router("key-acceptable", |draft| {
        draft.public_key = rsa(&[&[0, 0xff], &[0xff; 127][..]].concat(), &[1, 0, 1]);
    }),
    also(
        router("key-strong", |draft| {
            // 2^2048 - 1 is divisible by 3.
            draft.public_key = rsa(&[&[0], &[0xff; 256][..]].concat(), &[1, 0, 1]);
        }),
        &["subject-key-identifier-of-key"],
    ),
    router("key-differs-from-issuer", |draft| {
        draft.public_key = p256(CA_POINT);
        let identifier = element(4, &key_identifier(CA_POINT));
        draft.set(SUBJECT_KEY_IDENTIFIER, NotCritical, &identifier);
    }),
    router("extension-once", |draft| draft.repeat(KEY_USAGE)),
    router("extension-known", |draft| {
        draft.set("2.5.29.32", NotCritical, &[0x30, 0]);
    }),
    router("critical-extension-known", |draft| {
        draft.set("2.5.29.36", Critical, &[0x30, 0]);
    }),
    router("extension-readable", |draft| {
        draft.set(KEY_USAGE, Critical, &[3, 2, 0, 0x80]);
    }),
    also(
        router("length", |draft| {
            draft.set("2.5.29.32", NotCritical, &vec![0; 50_000]);
        }),
        &["extension-known"],
    ),
    also(
        router("length-routeros", |draft| {
            draft.set("2.5.29.32", NotCritical, &vec![0; 3_000]);
        }),
        &["extension-known"],
    ),
    // The serial number.
    router("serial-positive", |draft| {
        draft.serial = element(2, &[0x81; 16]);
    }),
    router("serial-at-most-20-octets", |draft| {
        draft.serial = element(2, &[0x41; 21]);
    }),
    router("serial-64-bits", |draft| {
        draft.serial = element(2, &[0x41; 7]);
    }),
    router("serial-16-octets", |draft| {
        draft.serial = element(2, &[0x41; 20]);
    }),
    // The validity.
    router("validity-order", |draft| {
        draft.not_after = utc("261124075959Z");
    }),
    router("time-form", |draft| {
        draft.not_after = generalized("20271226075959Z");
    }),
    router("validity-inside-issuer", |draft| {
        draft.not_before = utc("251231235959Z");
    }),
    router("validity-at-most-825-days", |draft| {
        draft.not_after = utc("290226080000Z");
    }),
    // Issuer and subject.
    issuing_ca("name-readable", |draft| {
        draft.subject = sequence(&[element(0x31, &[])]);
    }),
    also(
        router("issuer-not-empty", |draft| draft.issuer = name(&[])),
        &["issuer-is-subject-of-ca"],
    ),
    router("issuer-is-subject-of-ca", |draft| {
        draft.issuer = name(&[
            (ORGANIZATION, 0x13, b"Example"),
            (COMMON_NAME, UTF8, b"Router CA"),
        ]);
    }),
    router("subject-not-empty", |draft| draft.subject = name(&[])),
    router("one-common-name", |draft| {
        let common = (COMMON_NAME, UTF8, &b"a.example.net"[..]);
        draft.subject = name(&[common, common]);
    }),
    router("end-entity-common-name-only", |draft| {
        let common = (COMMON_NAME, UTF8, &b"a.example.net"[..]);
        draft.subject = name(&[(ORGANIZATION, UTF8, b"Example"), common]);
    }),
    issuing_ca("name-at-most-64-characters", |draft| {
        draft.subject = ca_name(&"a".repeat(65));
    }),
    router("name-utf8-string", |draft| {
        draft.subject = name(&[(COMMON_NAME, 0x13, b"a.example.net")]);
    }),
    issuing_ca("name-valid-utf8", |draft| {
        draft.subject = name(&[(COMMON_NAME, UTF8, &[b'a', 0xff])]);
    }),
    issuing_ca("name-without-control-characters", |draft| {
        draft.subject = ca_name("Router\nCA");
    }),
    issuing_ca("name-without-outer-spaces", |draft| {
        draft.subject = ca_name("Router  CA");
    }),
    issuing_ca("name-says-something", |draft| draft.subject = ca_name("-")),
    issuing_ca("one-attribute-per-rdn", |draft| {
        let attribute = |id, value| sequence(&[oid(id), element(UTF8, value)]);
        let both = [
            attribute(COMMON_NAME, &b"Router CA"[..]),
            attribute(ORGANIZATION, b"Example"),
        ];
        draft.subject = sequence(&[element(0x31, &both.concat())]);
    }),
    issuing_ca("attribute-once", |draft| {
        draft.subject = name(&[
            (ORGANIZATION, UTF8, b"Example"),
            (ORGANIZATION, UTF8, b"Other"),
            (COMMON_NAME, UTF8, b"Router CA"),
        ]);
    }),
    issuing_ca("country-two-letters", |draft| {
        draft.subject = name(&[("2.5.4.6", 0x13, b"de"), (COMMON_NAME, UTF8, b"Router CA")]);
    }),
    issuing_ca("no-email-in-subject", |draft| {
        draft.subject = name(&[
            (COMMON_NAME, UTF8, b"Router CA"),
            ("1.2.840.113549.1.9.1", UTF8, b"ca@example.net"),
        ]);
    }),
    issuing_ca("attribute-known", |draft| {
        draft.subject = name(&[(COMMON_NAME, UTF8, b"Router CA"), ("2.5.4.12", UTF8, b"Dr")]);
    }),
    // Key identifiers and key usage.
    router("subject-key-identifier-present", |draft| {
        draft.remove(SUBJECT_KEY_IDENTIFIER);
    }),
    router("subject-key-identifier-of-key", |draft| {
        let other = element(4, &key_identifier(CA_POINT));
        draft.set(SUBJECT_KEY_IDENTIFIER, NotCritical, &other);
    }),
    router("subject-key-identifier-not-critical", |draft| {
        let own = element(4, &key_identifier(DEVICE_POINT));
        draft.set(SUBJECT_KEY_IDENTIFIER, Critical, &own);
    }),
    root("authority-key-identifier-present", |draft| {
        draft.remove(AUTHORITY_KEY_IDENTIFIER);
    }),
    router("authority-key-identifier-of-issuer", |draft| {
        draft.authority(DEVICE_POINT);
    }),
    router("authority-key-identifier-key-only", |draft| {
        let value = sequence(&[
            element(0x80, &key_identifier(CA_POINT)),
            element(0xa1, &element(0xa4, &ca_name("Root CA"))),
            element(0x82, &[1]),
        ]);
        draft.set(AUTHORITY_KEY_IDENTIFIER, NotCritical, &value);
    }),
    router("authority-key-identifier-not-critical", |draft| {
        let value = sequence(&[element(0x80, &key_identifier(CA_POINT))]);
        draft.set(AUTHORITY_KEY_IDENTIFIER, Critical, &value);
    }),
    router("key-usage-present", |draft| draft.remove(KEY_USAGE)),
    router("key-usage-critical", |draft| {
        draft.set(KEY_USAGE, NotCritical, &[3, 2, 7, 0x80]);
    }),
    issuing_ca("ca-key-usage", |draft| {
        draft.set(KEY_USAGE, Critical, &[3, 2, 1, 0x86]);
    }),
    router("end-entity-key-usage", |draft| {
        draft.set(KEY_USAGE, Critical, &[3, 2, 2, 0x84]);
    }),
    also(
        router("key-usage-digital-signature", |draft| {
            draft.set(KEY_USAGE, Critical, &[3, 2, 5, 0x20]);
        }),
        &["key-encipherment-needs-rsa"],
    ),
    router("key-encipherment-needs-rsa", |draft| {
        draft.set(KEY_USAGE, Critical, &[3, 2, 5, 0xa0]);
    }),
    // URLs.
    router("crl-url-present", |draft| {
        draft.remove(CRL_DISTRIBUTION_POINTS);
    }),
    router("one-crl-url", |draft| {
        draft.set(
            CRL_DISTRIBUTION_POINTS,
            NotCritical,
            &crl_points(&[URL, URL]),
        );
    }),
    router("crl-url-plain-http", |draft| {
        draft.urls("https://pki.example.net/crl/x.crl", CA_URL);
    }),
    router("crl-url-direct", |draft| {
        // The CRL of another CA: an indirect one.
        let names = element(0xa0, &element(0xa0, &element(0x86, URL.as_bytes())));
        let issuer = element(0xa2, &element(0xa4, &ca_name("Other CA")));
        let points = sequence(&[sequence(&[names, issuer])]);
        draft.set(CRL_DISTRIBUTION_POINTS, NotCritical, &points);
    }),
    router("crl-urls-not-critical", |draft| {
        draft.set(CRL_DISTRIBUTION_POINTS, Critical, &crl_points(&[URL]));
    }),
    router("ca-issuers-url-present", |draft| {
        draft.remove(AUTHORITY_INFO_ACCESS);
    }),
    router("one-ca-issuers-url", |draft| {
        let access = sequence(&[ca_issuers(CA_URL), ca_issuers(CA_URL)]);
        draft.set(AUTHORITY_INFO_ACCESS, NotCritical, &access);
    }),
    router("ca-issuers-url-plain-http", |draft| {
        draft.urls(URL, "ldap://pki.example.net/ca");
    }),
    router("access-only-ca-issuers", |draft| {
        let ocsp = sequence(&[
            oid("1.3.6.1.5.5.7.48.1"),
            element(0x86, b"http://o.example/"),
        ]);
        let access = sequence(&[ca_issuers(CA_URL), ocsp]);
        draft.set(AUTHORITY_INFO_ACCESS, NotCritical, &access);
    }),
    router("access-not-critical", |draft| {
        draft.set(
            AUTHORITY_INFO_ACCESS,
            Critical,
            &sequence(&[ca_issuers(CA_URL)]),
        );
    }),
    root("root-without-urls", |draft| draft.urls(URL, CA_URL)),
    // CAs.
    issuing_ca("ca-san-absent", |draft| draft.sans(&[OWN])),
    issuing_ca("ca-extended-key-usage-absent", |draft| {
        draft.purposes(&[SERVER_AUTH]);
    }),
    issuing_ca("ca-basic-constraints", |draft| {
        draft.remove(BASIC_CONSTRAINTS);
    }),
    issuing_ca("ca-basic-constraints-critical", |draft| {
        draft.set(
            BASIC_CONSTRAINTS,
            NotCritical,
            &[0x30, 6, 1, 1, 0xff, 2, 1, 0],
        );
    }),
    issuing_ca("issuing-ca-path-length-zero", |draft| {
        draft.set(BASIC_CONSTRAINTS, Critical, &[0x30, 3, 1, 1, 0xff]);
    }),
    issuing_ca("issuing-ca-other-name", |draft| {
        draft.subject = ca_name("Root CA");
    }),
    root("root-path-length-absent", |draft| {
        draft.set(BASIC_CONSTRAINTS, Critical, &[0x30, 6, 1, 1, 0xff, 2, 1, 0]);
    }),
    issuing_ca("name-constraints-critical", |draft| {
        let subtree = sequence(&[element(0x82, b"example.net")]);
        let permitted = sequence(&[element(0xa0, &subtree)]);
        draft.set(NAME_CONSTRAINTS, NotCritical, &permitted);
    }),
    issuing_ca("name-constraints-not-empty", |draft| {
        draft.set(NAME_CONSTRAINTS, Critical, &[0x30, 0]);
    }),
    // Names of end entities.
    router("san-present", |draft| draft.remove(SUBJECT_ALT_NAME)),
    router("san-not-critical", |draft| {
        let names = sequence(&[element(0x82, b"a.example.net")]);
        draft.set(SUBJECT_ALT_NAME, Critical, &names);
    }),
    router("san-readable", |draft| draft.sans(&[])),
    router("san-form", |draft| {
        draft.sans(&[OWN, (0x86, b"http://a.example.net/")]);
    }),
    router("san-dns-form", |draft| {
        draft.sans(&[OWN, (0x82, b"a b.example.net")]);
    }),
    router("san-no-wildcard", |draft| {
        draft.sans(&[OWN, (0x82, b"*.example.net")]);
    }),
    router("san-dns-reserved-label", |draft| {
        draft.sans(&[OWN, (0x82, b"ab--c.example.net")]);
    }),
    router("san-dns-several-labels", |draft| {
        draft.sans(&[OWN, (0x82, b"host")]);
    }),
    router("san-ip-form", |draft| draft.sans(&[OWN, (0x87, &[0; 5])])),
    router("san-ip-not-mapped", |draft| {
        let mapped = &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 1, 2, 3, 4];
        draft.sans(&[OWN, (0x87, mapped)]);
    }),
    router("san-ip-usable", |draft| {
        draft.sans(&[OWN, (0x87, &[127, 0, 0, 1])]);
    }),
    router("san-email-form", |draft| draft.sans(&[OWN, (0x81, b"noc")])),
    router("san-lower-case", |draft| {
        draft.sans(&[OWN, (0x82, b"B.example.net")]);
    }),
    router("san-once", |draft| {
        draft.sans(&[OWN, (0x87, &[192, 0, 2, 1]), OWN]);
    }),
    router("san-address-as-dns", |draft| {
        draft.sans(&[OWN, (0x87, &[192, 0, 2, 1]), (0x82, b"192.0.2.1")]);
    }),
    router("common-name-in-san", |draft| {
        draft.sans(&[(0x82, b"b.example.net")]);
    }),
    // Purposes of end entities.
    router("extended-key-usage-present", |draft| {
        draft.remove(EXTENDED_KEY_USAGE);
    }),
    router("extended-key-usage-not-critical", |draft| {
        let purposes = sequence(&[oid(SERVER_AUTH), oid(CLIENT_AUTH)]);
        draft.set(EXTENDED_KEY_USAGE, Critical, &purposes);
    }),
    router("extended-key-usage-no-any", |draft| {
        draft.purposes(&[SERVER_AUTH, CLIENT_AUTH, ANY]);
    }),
    router("extended-key-usage-no-old-ipsec", |draft| {
        draft.purposes(&[SERVER_AUTH, CLIENT_AUTH, IPSEC_USER]);
    }),
    router("extended-key-usage-once", |draft| {
        draft.purposes(&[SERVER_AUTH, CLIENT_AUTH, SERVER_AUTH]);
    }),
    router("extended-key-usage-of-class", |draft| {
        draft.purposes(&[SERVER_AUTH, CLIENT_AUTH, IKE_INTERMEDIATE]);
    }),
    router("extended-key-usage-complete", |draft| {
        draft.purposes(&[IPSEC_IKE]);
    }),
    router("end-entity-no-ca", |draft| {
        draft.set(BASIC_CONSTRAINTS, Critical, &[0x30, 3, 1, 1, 0xff]);
    }),
    router("end-entity-path-length-absent", |draft| {
        draft.set(BASIC_CONSTRAINTS, Critical, &[0x30, 3, 2, 1, 0]);
    }),
    router("end-entity-no-name-constraints", |draft| {
        draft.set(NAME_CONSTRAINTS, Critical, &[0x30, 0]);
    }),
];

pub(crate) const ANY: &str = "2.5.29.37.0";
pub(crate) const IKE_INTERMEDIATE: &str = "1.3.6.1.5.5.8.2.2";
pub(crate) const IPSEC_USER: &str = "1.3.6.1.5.5.7.3.7";

fn ca_issuers(url: &str) -> Vec<u8> {
    sequence(&[oid("1.3.6.1.5.5.7.48.2"), element(0x86, url.as_bytes())])
}

/// The draft that is right.
pub(crate) fn draft_for(purpose: Purpose) -> Draft {
    match purpose {
        Purpose::Root => Draft::root(),
        Purpose::IssuingCa => Draft::issuing_ca(),
        Purpose::EndEntity(_) | Purpose::SomeEndEntity => Draft::router(),
    }
}
