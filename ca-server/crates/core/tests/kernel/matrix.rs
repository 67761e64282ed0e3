//! Every profile against everything that somebody may smuggle into a request.
//!
//! Refused with the right code, or issued without any of it; OpenSSL says so of the octets of the certificate.

use std::process::Command;

use ca_core::Profile;
use ca_types::{Code, Hinted as _};
use ca_verify::CertificationRequest;

use crate::der_writer::{
    bits, element, extension, extension_request, name, octets, oid, sequence, set,
};
use crate::kit::{Order, TestCa, TestSigner};
use ca_core::Signer as _;

const UTF8: u8 = 0x0c;
const BMP: u8 = 0x1e;
const TELETEX: u8 = 0x14;
const IA5: u8 = 0x16;
const SAN: &str = "2.5.29.17";
const KEY_USAGE: &str = "2.5.29.15";
const PURPOSES: &str = "2.5.29.37";
const CONSTRAINTS: &str = "2.5.29.19";

/// What comes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It is no request at all, with this code.
    Unread(Code),
    /// The policy refuses it.
    Refused,
    /// The policy refuses it, but for the profiles that give what it asks for.
    RefusedBut(&'static [&'static str]),
    /// A certificate comes of it, with nothing of this in it.
    Ignored,
}
use Fate::{Ignored, Refused, RefusedBut, Unread};

/// One smuggled thing: what it is, the request, and what comes of it.
type Row = (&'static str, Vec<u8>, Fate);

fn signed(subject: Vec<u8>, attributes: &[Vec<u8>]) -> Vec<u8> {
    let key = TestSigner::p256();
    let spki = key.public_key().spki_der().to_vec();
    signed_by(&key, vec![2, 1, 0], subject, spki, attributes)
}

fn signed_by(
    key: &TestSigner,
    version: Vec<u8>,
    subject: Vec<u8>,
    spki: Vec<u8>,
    attributes: &[Vec<u8>],
) -> Vec<u8> {
    let attributes = element(0xa0, &attributes.concat());
    let content = sequence(&[version, subject, spki, attributes]);
    let signature = key.sign(&content).unwrap();
    let algorithm = sequence(&[oid("1.2.840.10045.4.3.2")]);
    sequence(&[content, algorithm, bits(&signature)])
}

fn plain() -> Vec<u8> {
    name(&[(UTF8, b"a.example.net")])
}

fn asking(extensions: &[Vec<u8>]) -> Vec<u8> {
    signed(plain(), &[extension_request(extensions)])
}

fn san(tag: u8, value: &[u8]) -> Vec<u8> {
    asking(&[extension(SAN, &sequence(&[element(tag, value)]))])
}

fn critical(id: &str, value: &[u8]) -> Vec<u8> {
    sequence(&[oid(id), vec![1, 1, 0xff], octets(value)])
}

fn purpose(id: &str) -> Vec<u8> {
    asking(&[extension(PURPOSES, &sequence(&[oid(id)]))])
}

fn usage(octets: &[u8]) -> Vec<u8> {
    asking(&[extension(KEY_USAGE, octets)])
}

fn attribute(id: &str, value: Vec<u8>) -> Vec<u8> {
    sequence(&[oid(id), set(&[value])])
}

/// A subject of `a.example.net` and one more attribute.
fn subject_with(id: &str, tag: u8, value: &[u8]) -> Vec<u8> {
    let one = |id: &str, tag, value: &[u8]| set(&[sequence(&[oid(id), element(tag, value)])]);
    let subject = sequence(&[one("2.5.4.3", UTF8, b"a.example.net"), one(id, tag, value)]);
    signed(subject, &[])
}

/// Names.
fn names() -> Vec<Row> {
    let mapped = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1];
    let many: Vec<_> = (0..700)
        .map(|at| element(0x82, format!("h{at}.example.net").as_bytes()))
        .collect();
    vec![
        ("another host", san(0x82, b"b.example.net"), Refused),
        ("a parent domain", san(0x82, b"example.net"), Refused),
        ("a wildcard", san(0x82, b"*.example.net"), Refused),
        ("a trailing dot", san(0x82, b"a.example.net."), Refused),
        (
            "a NUL in a DNS name",
            san(0x82, b"a.example.net\0.evil"),
            Refused,
        ),
        (
            "a homograph",
            san(0x82, "\u{430}.example.net".as_bytes()),
            Refused,
        ),
        ("an A-label", san(0x82, b"xn--80a.example.net"), Refused),
        ("an empty DNS name", san(0x82, b""), Refused),
        ("a blank DNS name", san(0x82, b" "), Refused),
        ("an address as a DNS name", san(0x82, b"192.0.2.1"), Refused),
        (
            "an IPv6 address as a DNS name",
            san(0x82, b"2001:db8::1"),
            Refused,
        ),
        ("octets that are no text", san(0x82, &[0xff, 0xfe]), Refused),
        (
            "a new line in a DNS name",
            san(0x82, b"a.example.net\nb"),
            Refused,
        ),
        ("an address", san(0x87, &[192, 0, 2, 1]), Refused),
        ("an IPv6 address", san(0x87, &[0x20; 16]), Refused),
        ("an IPv4-mapped address", san(0x87, &mapped), Refused),
        (
            "an address with a mask",
            san(0x87, &[192, 0, 2, 1, 255, 255, 255, 0]),
            Refused,
        ),
        ("an address of five octets", san(0x87, &[0; 5]), Refused),
        ("an e-mail address", san(0x81, b"root@example.net"), Refused),
        ("a URI", san(0x86, b"http://a.example.net/../b"), Refused),
        (
            "a SPIFFE id",
            san(0x86, b"spiffe://example.net/router"),
            Refused,
        ),
        (
            "a user principal name",
            san(0xa0, &upn(b"root@example.net")),
            Refused,
        ),
        ("another name", san(0xa0, &[6, 1, 42]), Refused),
        (
            "a directory name",
            san(0xa4, &name(&[(UTF8, b"b.example.net")])),
            Refused,
        ),
        ("an EDI party name", san(0xa5, &[0x30, 0]), Refused),
        ("a registered id", san(0x88, &[42]), Refused),
        ("an X.400 address", san(0xa3, &[0x30, 0]), Refused),
        (
            "700 names",
            asking(&[extension(SAN, &sequence(&many))]),
            Refused,
        ),
        ("a bad name behind a good one", two_names(), Refused),
        (
            "no names at all",
            asking(&[extension(SAN, &[0x30, 0])]),
            Unread(Code::InvalidRequest),
        ),
    ]
}

fn upn(value: &[u8]) -> Vec<u8> {
    [
        oid("1.3.6.1.4.1.311.20.2.3"),
        element(0xa0, &element(UTF8, value)),
    ]
    .concat()
}

fn two_names() -> Vec<u8> {
    let names = [
        element(0x82, b"a.example.net"),
        element(0x82, b"b.example.net"),
    ];
    asking(&[extension(SAN, &sequence(&names))])
}

/// Subjects.
fn subjects() -> Vec<Row> {
    let two = name(&[(UTF8, b"a.example.net"), (UTF8, b"b.example.net")]);
    vec![
        (
            "another common name",
            signed(name(&[(UTF8, b"b.example.net")]), &[]),
            Refused,
        ),
        ("a second common name", signed(two, &[]), Refused),
        (
            "a NUL in the common name",
            signed(name(&[(UTF8, b"a.example.net\0")]), &[]),
            Refused,
        ),
        (
            "a common name in UTF-16",
            signed(name(&[(BMP, b"\0a")]), &[]),
            Refused,
        ),
        (
            "a common name in T.61",
            signed(name(&[(TELETEX, b"a.example.net")]), &[]),
            Refused,
        ),
        (
            "a blank at the end",
            signed(name(&[(UTF8, b"a.example.net ")]), &[]),
            Refused,
        ),
        (
            "a wildcard common name",
            signed(name(&[(UTF8, b"*.example.net")]), &[]),
            Refused,
        ),
        (
            "a script in the common name",
            signed(name(&[(UTF8, b"[/system reset]")]), &[]),
            Refused,
        ),
        (
            "an e-mail address in the subject",
            subject_with("1.2.840.113549.1.9.1", IA5, b"root@example.net"),
            Refused,
        ),
        (
            "an organization",
            subject_with("2.5.4.10", UTF8, b"Evil Corp"),
            Ignored,
        ),
        (
            "a unit",
            subject_with("2.5.4.11", UTF8, b"Domain Admins"),
            Ignored,
        ),
        (
            "a serial number",
            subject_with("2.5.4.5", 0x13, b"4711"),
            Ignored,
        ),
        (
            "a user id",
            subject_with("0.9.2342.19200300.100.1.1", UTF8, b"root"),
            Ignored,
        ),
        (
            "a domain component",
            subject_with("0.9.2342.19200300.100.1.25", IA5, b"evil"),
            Ignored,
        ),
    ]
}

/// Basic constraints and key usages.
fn constraints_and_usages() -> Vec<Row> {
    let constraints = |value: &[u8]| asking(&[extension(CONSTRAINTS, value)]);
    vec![
        (
            "a CA certificate",
            constraints(&[0x30, 3, 1, 1, 0xff]),
            Refused,
        ),
        (
            "a critical CA certificate",
            asking(&[critical(CONSTRAINTS, &[0x30, 3, 1, 1, 0xff])]),
            Refused,
        ),
        (
            "a CA with a path length",
            constraints(&[0x30, 6, 1, 1, 0xff, 2, 1, 0]),
            Refused,
        ),
        (
            "a path length alone",
            constraints(&[0x30, 3, 2, 1, 0]),
            Refused,
        ),
        ("no CA, said in vain", constraints(&[0x30, 0]), Ignored),
        ("keyCertSign", usage(&[3, 2, 2, 4]), Refused),
        ("cRLSign", usage(&[3, 2, 1, 2]), Refused),
        ("nonRepudiation", usage(&[3, 2, 6, 0x40]), Refused),
        ("dataEncipherment", usage(&[3, 2, 4, 0x10]), Refused),
        ("keyAgreement", usage(&[3, 2, 3, 8]), Refused),
        (
            "keyEncipherment for a P-256 key",
            usage(&[3, 2, 5, 0x20]),
            Refused,
        ),
        ("every key usage", usage(&[3, 3, 7, 0xff, 0x80]), Refused),
    ]
}

/// Extended key usages: a profile that gives one may be asked for it.
fn purposes() -> Vec<Row> {
    const SERVERS: &[&str] = &[
        "router",
        "router-management",
        "vpn-server",
        "radius-server",
        "control-server",
    ];
    const CLIENTS: &[&str] = &["router", "vpn-client", "wifi-client", "control"];
    const IKE: &[&str] = &["router", "vpn-server", "vpn-client"];
    vec![
        (
            "serverAuth",
            purpose("1.3.6.1.5.5.7.3.1"),
            RefusedBut(SERVERS),
        ),
        (
            "clientAuth",
            purpose("1.3.6.1.5.5.7.3.2"),
            RefusedBut(CLIENTS),
        ),
        ("ipsecIKE", purpose("1.3.6.1.5.5.7.3.17"), RefusedBut(IKE)),
        (
            "iKEIntermediate",
            purpose("1.3.6.1.5.5.8.2.2"),
            RefusedBut(&["vpn-server"]),
        ),
        ("anyExtendedKeyUsage", purpose("2.5.29.37.0"), Refused),
        ("codeSigning", purpose("1.3.6.1.5.5.7.3.3"), Refused),
        ("emailProtection", purpose("1.3.6.1.5.5.7.3.4"), Refused),
        ("OCSPSigning", purpose("1.3.6.1.5.5.7.3.9"), Refused),
        ("ipsecEndSystem", purpose("1.3.6.1.5.5.7.3.5"), Refused),
        ("ipsecTunnel", purpose("1.3.6.1.5.5.7.3.6"), Refused),
        ("ipsecUser", purpose("1.3.6.1.5.5.7.3.7"), Refused),
        (
            "smart card logon",
            purpose("1.3.6.1.4.1.311.20.2.2"),
            Refused,
        ),
        (
            "enrollment agent",
            purpose("1.3.6.1.4.1.311.20.2.1"),
            Refused,
        ),
        (
            "no purpose",
            asking(&[extension(PURPOSES, &[0x30, 0])]),
            Unread(Code::InvalidRequest),
        ),
    ]
}

/// Other extensions.
fn extensions() -> Vec<Row> {
    let other = |id| asking(&[extension(id, &[0x30, 0])]);
    let twice = extension(KEY_USAGE, &[3, 2, 7, 0x80]);
    vec![
        ("name constraints", other("2.5.29.30"), Refused),
        ("CRL distribution points", other("2.5.29.31"), Refused),
        ("certificate policies", other("2.5.29.32"), Refused),
        ("an authority key identifier", other("2.5.29.35"), Refused),
        (
            "authority information access",
            other("1.3.6.1.5.5.7.1.1"),
            Refused,
        ),
        ("a Windows template", other("1.3.6.1.4.1.311.21.7"), Refused),
        (
            "the SID of another account",
            other("1.3.6.1.4.1.311.25.2"),
            Refused,
        ),
        (
            "OCSP without a check",
            other("1.3.6.1.5.5.7.48.1.5"),
            Refused,
        ),
        (
            "an unknown critical extension",
            asking(&[critical("1.2.3.4", &[5, 0])]),
            Refused,
        ),
        (
            "a foreign subject key identifier",
            asking(&[extension("2.5.29.14", &octets(&[7; 20]))]),
            Ignored,
        ),
        (
            "an extension twice",
            asking(&[twice.clone(), twice]),
            Unread(Code::InvalidRequest),
        ),
        ("no extension", asking(&[]), Unread(Code::InvalidRequest)),
    ]
}

/// Attributes beside the extensions.
fn attributes() -> Vec<Row> {
    vec![
        (
            "a challenge password",
            signed(
                plain(),
                &[attribute("1.2.840.113549.1.9.7", element(UTF8, b"secret"))],
            ),
            Ignored,
        ),
        (
            "an unstructured name",
            signed(
                plain(),
                &[attribute(
                    "1.2.840.113549.1.9.2",
                    element(IA5, b"b.example.net"),
                )],
            ),
            Ignored,
        ),
        (
            "an unstructured address",
            signed(
                plain(),
                &[attribute(
                    "1.2.840.113549.1.9.8",
                    element(0x13, b"192.0.2.1"),
                )],
            ),
            Refused,
        ),
        (
            "extensions in the attribute of Microsoft",
            signed(
                plain(),
                &[attribute(
                    "1.3.6.1.4.1.311.2.1.14",
                    sequence(&[extension(CONSTRAINTS, &[0x30, 3, 1, 1, 0xff])]),
                )],
            ),
            Refused,
        ),
    ]
}

/// Keys that are not the caller's, and octets that are no DER.
fn octets_and_keys() -> Vec<Row> {
    let (key, other) = (TestSigner::p256(), TestSigner::p256());
    let spki = |key: &TestSigner| key.public_key().spki_der().to_vec();
    let ca = &TestCa::p256().signer;
    let swapped = signed_by(&key, vec![2, 1, 0], plain(), spki(&other), &[]);
    let of_the_ca = signed_by(ca, vec![2, 1, 0], plain(), spki(ca), &[]);
    let mut changed = signed(plain(), &[]);
    let at = changed
        .windows(13)
        .position(|w| w == b"a.example.net")
        .unwrap();
    changed[at] = b'b';
    let good = signed(plain(), &[]);
    let cut = good[..good.len() - 1].to_vec();
    let mut longer = good.clone();
    longer.push(0);
    let mut indefinite = good;
    indefinite[1] = 0x80;
    let version = |version: Vec<u8>| signed_by(&key, version, plain(), spki(&key), &[]);
    let deep = (0..200).fold(vec![5, 0], |inside, _| sequence(&[inside]));
    let long_way = san_long_form();
    let bad = Unread(Code::InvalidRequest);
    vec![
        (
            "the key of somebody else",
            swapped,
            Unread(Code::ProofOfPossession),
        ),
        (
            "a changed request",
            changed,
            Unread(Code::ProofOfPossession),
        ),
        ("the key of the CA", of_the_ca, Refused),
        ("a cut request", cut, bad),
        ("octets behind the end", longer, bad),
        ("an indefinite length", indefinite, bad),
        ("a length in the long form", long_way, bad),
        ("a negative version", version(vec![2, 1, 0xff]), bad),
        ("version 2", version(vec![2, 1, 1]), bad),
        ("a version in two octets", version(vec![2, 2, 0, 0]), bad),
        ("200 sequences in each other", signed(plain(), &[deep]), bad),
        ("a subject that is no name", signed(vec![5, 0], &[]), bad),
        ("a megabyte", vec![0x30; 1 << 20], bad),
        ("nothing", Vec::new(), bad),
    ]
}

/// A subject alternative name whose length takes an octet too many.
fn san_long_form() -> Vec<u8> {
    let mut value = vec![0x30, 0x81, 15];
    value.extend(element(0x82, b"a.example.net"));
    asking(&[extension(SAN, &value)])
}

#[test]
#[expect(clippy::disallowed_methods, reason = "OpenSSL reads files")]
fn nothing_that_is_smuggled_into_a_request_comes_out_in_a_certificate() {
    let rows: Vec<Row> = [
        names(),
        subjects(),
        constraints_and_usages(),
        purposes(),
        extensions(),
        attributes(),
        octets_and_keys(),
    ]
    .concat();
    assert!(rows.len() >= 80, "{}", rows.len());
    let folder = std::env::temp_dir().join(format!("fleet-ca-matrix-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut issued = 0;
    for (what, der, fate) in &rows {
        let request = CertificationRequest::from_der(der);
        let request = match (request, fate) {
            (Err(error), Unread(code)) => {
                assert_eq!(error.code(), *code, "{what}: {error}");
                continue;
            }
            (Err(error), _) => panic!("{what}: {error}"),
            (Ok(_), Unread(_)) => panic!("{what}: read"),
            (Ok(request), _) => request,
        };
        let mut texts = Vec::new();
        for profile in Profile::all() {
            let name = profile.name().as_str();
            let decision = TestCa::p256().decide(&Order::new(name, "a.example.net"), &request);
            let is_refused = match fate {
                Refused => true,
                RefusedBut(profiles) => !profiles.contains(&name),
                Ignored | Unread(_) => false,
            };
            match decision {
                Err(error) => {
                    assert!(is_refused, "{what}, {name}: {error}");
                    let code = error.code();
                    let codes = [Code::PolicyRefused, Code::UnacceptableKey];
                    assert!(codes.contains(&code), "{what}, {name}: {code} {error}");
                }
                Ok(decision) => {
                    assert!(!is_refused, "{what}, {name}: issued");
                    let certificate = TestCa::p256().issue(&decision);
                    texts.push((name, folder.join(format!("{issued}.der"))));
                    std::fs::write(&texts[texts.len() - 1].1, certificate.der()).unwrap();
                    issued += 1;
                }
            }
        }
        for (name, file) in texts {
            judge(what, name, &file);
        }
    }
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(issued >= 60, "{issued}");
}

/// Lets OpenSSL print a certificate, and compares what it prints with the one text that the profile may give.
#[expect(clippy::disallowed_methods, reason = "the second opinion is a program")]
fn judge(what: &str, profile: &str, file: &std::path::Path) {
    let printed = Command::new("openssl")
        .args(["x509", "-inform", "DER", "-noout", "-subject", "-nameopt", "RFC2253", "-ext"])
        .arg("basicConstraints,keyUsage,extendedKeyUsage,subjectAltName,nameConstraints,certificatePolicies")
        .arg("-in")
        .arg(file)
        .output()
        .expect("openssl is installed: apt-get install openssl");
    let text = String::from_utf8_lossy(&printed.stdout);
    let lines: Vec<_> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let purposes = match profile {
        "router" => {
            "TLS Web Server Authentication, TLS Web Client Authentication, ipsec Internet Key Exchange"
        }
        "vpn-server" => {
            "TLS Web Server Authentication, ipsec Internet Key Exchange, 1.3.6.1.5.5.8.2.2"
        }
        "router-management" | "radius-server" | "control-server" => "TLS Web Server Authentication",
        "vpn-client" => "TLS Web Client Authentication, ipsec Internet Key Exchange",
        "wifi-client" | "control" => "TLS Web Client Authentication",
        other => panic!("no expectation for {other}"),
    };
    assert_eq!(
        lines,
        [
            "subject=CN=a.example.net",
            "X509v3 Key Usage: critical",
            "Digital Signature",
            "X509v3 Extended Key Usage:",
            purposes,
            "X509v3 Subject Alternative Name:",
            "DNS:a.example.net",
        ],
        "{what}, {profile}: {}",
        String::from_utf8_lossy(&printed.stderr)
    );
}
