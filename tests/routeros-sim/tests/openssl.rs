//! What the simulator reads is what OpenSSL wrote.

use der::{Decode as _, Encode as _, SliceReader, asn1::AnyRef};
use pkcs8::pkcs5::{EncryptionScheme, pbes2};
use routeros_sim::{
    crl, download,
    import::{self, Imported, Outcome, Skills},
    signing::{self, Digest, Template},
    x509::{self, CertificateFacts},
};
use std::{path::Path, process::Command};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

/// A directory in which `openssl` ran.
struct Workshop(TempDir);

impl Workshop {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary directory"))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    #[track_caller]
    fn openssl(&self, arguments: &str) -> String {
        let output = Command::new("openssl")
            .args(arguments.split_whitespace())
            .current_dir(self.path())
            .output()
            .expect("openssl is installed");
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "openssl {arguments}\n{complaint}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    fn write(&self, name: &str, content: &str) {
        std::fs::write(self.path().join(name), content).expect("a writable directory");
    }

    #[track_caller]
    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path().join(name)).expect("openssl wrote the file")
    }

    /// Makes `ca.*` on P-256 and a leaf `leaf.*` that it issued.
    fn with_leaf(key: &str) -> Self {
        let shop = Self::new();
        shop.write("ca.cnf", CA);
        shop.write("leaf.ext", LEAF);
        shop.openssl("ecparam -name prime256v1 -genkey -noout -out ca.key");
        shop.openssl("req -x509 -new -key ca.key -config ca.cnf -days 3650 -sha384 -out ca.crt");
        shop.openssl(&format!("genpkey {key} -out leaf.key"));
        shop.openssl("req -new -key leaf.key -subj /C=LV/O=Fleet/CN=vpn1 -out leaf.csr");
        shop.openssl("x509 -req -in leaf.csr -CA ca.crt -CAkey ca.key -days 90 -sha256 -set_serial 0xf00102 -extfile leaf.ext -out leaf.crt");
        shop
    }

    fn facts(&self, name: &str) -> CertificateFacts {
        let read = import::read(&self.read(name), "", USUAL).expect("a certificate");
        match read.objects.into_iter().next() {
            Some(Imported::Certificate(facts)) => *facts,
            other => panic!("wanted a certificate in {name}, got {other:?}"),
        }
    }
}

const USUAL: Skills = Skills {
    newer_prf: true,
    rc2: false,
};

const CA: &str = "[req]
distinguished_name = dn
x509_extensions = ext
prompt = no
[dn]
O = Fleet
CN = Test CA
[ext]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[ca]
default_ca = own
[own]
database = index.txt
crlnumber = crlnumber
default_md = sha256
default_crl_days = 7
certificate = ca.crt
private_key = ca.key
crl_extensions = crl
[crl]
authorityKeyIdentifier = keyid
";

const LEAF: &str = "basicConstraints = CA:FALSE
keyUsage = critical,digitalSignature,nonRepudiation,keyEncipherment
extendedKeyUsage = serverAuth,clientAuth,ipsecEndSystem
subjectAltName = DNS:vpn1.example,IP:192.0.2.7,IP:2001:db8::7,email:a@example,URI:https://x.example
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
crlDistributionPoints = URI:http://ca.example/crl/a.crl
";

#[track_caller]
fn kinds(outcome: &Outcome) -> String {
    let kind = |object: &Imported| match object {
        Imported::Certificate(facts) => format!("cert {}", facts.common_name),
        Imported::Key { .. } => "key".to_owned(),
    };
    let objects: Vec<String> = outcome.objects.iter().map(kind).collect();
    format!(
        "{} | {} {}",
        objects.join(", "),
        outcome.decryption_failures,
        outcome.keys_decrypted
    )
}

#[track_caller]
fn check(shop: &Workshop, file: &str, passphrase: &str, expected: &str) {
    check_skilled(shop, file, passphrase, USUAL, expected);
}

#[track_caller]
fn check_skilled(shop: &Workshop, file: &str, passphrase: &str, skills: Skills, expected: &str) {
    let outcome = import::read(&shop.read(file), passphrase, skills);
    assert_eq!(
        outcome.map(|outcome| kinds(&outcome)),
        Ok(expected.to_owned()),
        "{file}"
    );
}

#[track_caller]
fn check_error(octets: &[u8], expected: &str) {
    let error = import::read(octets, "x", USUAL).expect_err("a damaged file");
    assert!(error.contains(expected), "{error}");
}

#[test]
fn a_certificate_is_read_as_openssl_shows_it() {
    let shop = Workshop::with_leaf("-algorithm RSA -pkeyopt rsa_keygen_bits:2048");
    let (leaf, ca) = (shop.facts("leaf.crt"), shop.facts("ca.crt"));
    let fingerprint = shop.openssl("x509 -in leaf.crt -noout -fingerprint -sha256");
    let shown = fingerprint
        .rsplit('=')
        .next()
        .expect("a value")
        .replace(':', "")
        .to_lowercase();
    assert_eq!(leaf.fingerprint, shown);
    assert_eq!(leaf.subject, "C=LV,O=Fleet,CN=vpn1");
    assert_eq!(leaf.issuer, "O=Fleet,CN=Test CA");
    assert_eq!(leaf.common_name, "vpn1");
    assert_eq!(leaf.serial_hex, "f00102");
    assert_eq!((leaf.key_type, leaf.key_size.as_str()), ("rsa", "2048"));
    assert_eq!(
        leaf.key_usage,
        [
            "digital-signature",
            "content-commitment",
            "key-encipherment",
            "tls-server",
            "tls-client",
            "ipsec-end-system"
        ]
    );
    assert_eq!(
        leaf.subject_alt_name,
        [
            "DNS:vpn1.example",
            "IP:192.0.2.7",
            "IP:2001:db8::7",
            "email:a@example"
        ]
    );
    assert_eq!(leaf.crl_urls, ["http://ca.example/crl/a.crl"]);
    assert_eq!(
        (leaf.akid.as_str(), leaf.akid.len()),
        (ca.skid.as_str(), 40)
    );
    assert_eq!(
        (leaf.is_ca, leaf.self_signed, leaf.days_valid),
        (false, false, 90)
    );
    assert_eq!(leaf.digest_algorithm, "sha256");
    assert_eq!((ca.key_type, ca.key_size.as_str()), ("ec", "prime256v1"));
    assert_eq!(
        (ca.is_ca, ca.self_signed, ca.days_valid),
        (true, true, 3650)
    );
    assert_eq!(
        (ca.digest_algorithm.as_str(), ca.akid.as_str()),
        ("sha384", "")
    );
    assert!(leaf.is_signed_by(&ca));
    assert!(!ca.is_signed_by(&leaf));
    let namesake = CertificateFacts {
        spki_der: leaf.spki_der.clone(),
        ..ca
    };
    assert!(
        !leaf.is_signed_by(&namesake),
        "the same name with another key"
    );
}

#[test]
fn every_form_of_a_key_leads_to_its_certificate() {
    for (algorithm, old_form) in [
        (
            "-algorithm RSA -pkeyopt rsa_keygen_bits:2048",
            "rsa -traditional",
        ),
        ("-algorithm EC -pkeyopt ec_paramgen_curve:P-256", "ec"),
        ("-algorithm EC -pkeyopt ec_paramgen_curve:P-384", "ec"),
        ("-algorithm EC -pkeyopt ec_paramgen_curve:P-521", "ec"),
    ] {
        let shop = Workshop::with_leaf(algorithm);
        shop.openssl(&format!("{old_form} -in leaf.key -out old.key"));
        shop.openssl(&format!(
            "{old_form} -in leaf.key -outform DER -out old.der"
        ));
        shop.openssl("pkey -in leaf.key -outform DER -out new.der");
        shop.openssl("pkcs8 -topk8 -in leaf.key -v2 aes-256-cbc -v2prf hmacWithSHA1 -passout pass:x -out sha1.key");
        shop.openssl("pkcs8 -topk8 -in leaf.key -v2 aes-128-cbc -passout pass:x -outform DER -out sha256.der");
        let leaf = shop.facts("leaf.crt");
        for name in [
            "leaf.key",
            "old.key",
            "old.der",
            "new.der",
            "sha1.key",
            "sha256.der",
        ] {
            let outcome = import::read(&shop.read(name), "x", USUAL).expect("a key");
            let [Imported::Key { pkcs8, spki }] = outcome.objects.as_slice() else {
                panic!("{algorithm} {name}: {outcome:?}")
            };
            assert_eq!(*spki, leaf.spki_der, "{algorithm} {name}");
            assert_eq!(
                x509::key_spki(pkcs8).as_ref(),
                Ok(spki),
                "{algorithm} {name}"
            );
            assert_eq!(
                outcome.keys_decrypted,
                u32::from(name.starts_with("sha")),
                "{name}"
            );
        }
        check(&shop, "sha1.key", "wrong", " | 1 0");
        check(&shop, "sha256.der", "", " | 1 0");
        let old = Skills {
            newer_prf: false,
            ..USUAL
        };
        check_skilled(&shop, "sha1.key", "x", old, "key | 0 1");
        check_skilled(&shop, "sha256.der", "x", old, " | 1 0");
    }
}

#[test]
fn bundles_and_stores_are_read_in_their_order() {
    let shop = Workshop::with_leaf("-algorithm EC -pkeyopt ec_paramgen_curve:P-256");
    shop.openssl("pkcs8 -topk8 -in leaf.key -passout pass:x -out closed.key");
    let text = |name| String::from_utf8(shop.read(name)).expect("PEM");
    let bundle = format!(
        "Bag\r\n{}{}\n{}",
        text("leaf.crt"),
        text("ca.crt"),
        text("closed.key")
    )
    .replace('\n', "\r\n");
    shop.write("bundle.pem", &bundle);
    check(
        &shop,
        "bundle.pem",
        "x",
        "cert vpn1, cert Test CA, key | 0 1",
    );
    check(&shop, "bundle.pem", "y", "cert vpn1, cert Test CA | 1 0");
    shop.openssl("x509 -in leaf.crt -outform DER -out leaf.der");
    check(&shop, "leaf.der", "", "cert vpn1 | 0 0");
    check(&shop, "leaf.csr", "", " | 0 0");

    let store = "pkcs12 -export -in leaf.crt -inkey leaf.key -certfile ca.crt";
    shop.openssl(&format!("{store} -passout pass:x -out aes.p12"));
    shop.openssl(&format!("{store} -passout pass:x -certpbe PBE-SHA1-3DES -keypbe PBE-SHA1-3DES -macalg sha1 -out 3des.p12"));
    shop.openssl(&format!("{store} -passout pass:x -legacy -certpbe PBE-SHA1-RC2-40 -keypbe PBE-SHA1-3DES -out rc2.p12"));
    shop.openssl(&format!("{store} -passout pass: -out empty.p12"));
    check(&shop, "aes.p12", "x", "cert vpn1, cert Test CA, key | 0 1");
    check(&shop, "aes.p12", "y", " | 1 0");
    check(&shop, "3des.p12", "x", "cert vpn1, cert Test CA, key | 0 1");
    check(&shop, "3des.p12", "y", " | 1 0");
    check(&shop, "rc2.p12", "x", " | 1 0");
    let with_rc2 = Skills { rc2: true, ..USUAL };
    let all = "cert vpn1, cert Test CA, key | 0 1";
    check_skilled(&shop, "rc2.p12", "x", with_rc2, all);
    check(&shop, "empty.p12", "", all);
    let open = import::read(&shop.read("empty.p12"), "", USUAL).expect("a store");
    assert!(open.is_open_store);
    shop.openssl("crl2pkcs7 -nocrl -certfile ca.crt -certfile leaf.crt -out both.p7b");
    check(&shop, "both.p7b", "", "cert Test CA, cert vpn1 | 0 0");
}

#[test]
fn a_store_that_takes_too_long_to_open_is_refused_at_once() {
    let shop = Workshop::with_leaf("-algorithm EC -pkeyopt ec_paramgen_curve:P-256");
    let store = "pkcs12 -export -in leaf.crt -inkey leaf.key -passout pass:x";
    // Each of the three derivations of a store counts: two ciphers and the MAC.
    shop.openssl(&format!("{store} -iter 333333 -out slow.p12"));
    check(&shop, "slow.p12", "x", "cert vpn1, key | 0 1");
    for rounds in ["333334", "1000001"] {
        shop.openssl(&format!("{store} -iter {rounds} -out slow.p12"));
        check_error(&shop.read("slow.p12"), "rounds of key derivation");
    }
    shop.openssl("pkcs8 -topk8 -in leaf.key -passout pass:x -iter 1000001 -out slow.key");
    check(&shop, "slow.key", "x", " | 1 0");
}

/// Keys in bags that are encrypted once more count with those in the open, and keys of one PEM file are counted together.
#[test]
fn the_work_of_all_keys_of_a_file_is_bounded() {
    let shop = Workshop::with_leaf("-algorithm EC -pkeyopt ec_paramgen_curve:P-256");
    shop.openssl("pkcs8 -topk8 -in leaf.key -passout pass:x -iter 600000 -out once.key");
    let key = String::from_utf8(shop.read("once.key")).expect("PEM");
    shop.write("twice.key", &format!("{key}{key}"));
    check(&shop, "twice.key", "x", "key | 1 1");
    shop.openssl(
        "pkcs12 -export -nocerts -inkey leaf.key -nomac -passout pass:x -iter 600000 -out open.p12",
    );
    let bag = inside(&shop.read("open.p12"), &[0, 1, 1, 0, 0, 0, 1, 0, 0]);
    for (bags, expect) in [
        (&bag, Some("key | 0 1")),
        (&[&bag[..], &bag].concat(), None),
    ] {
        let store = hidden(bags);
        std::fs::write(shop.path().join("hidden.p12"), &store).expect("a writable directory");
        match expect {
            Some(expect) => check(&shop, "hidden.p12", "x", expect),
            None => check_error(&store, "1200001 rounds of key derivation"),
        }
    }
}

/// Follows elements into a DER document, each by its place, and returns what is in the last.
fn inside(der: &[u8], path: &[usize]) -> Vec<u8> {
    path.iter().fold(der.to_vec(), |octets, place| {
        let mut reader = SliceReader::new(&octets).expect("DER");
        let mut elements = std::iter::from_fn(|| AnyRef::decode(&mut reader).ok());
        elements.nth(*place).expect("an element").value().to_vec()
    })
}

/// A PKCS#12 store whose bags are encrypted as a whole.
fn hidden(bags: &[u8]) -> Vec<u8> {
    let parameters =
        pbes2::Parameters::generate_pbkdf2_sha256_aes256cbc(1, &[1; 16], [2; 16]).expect("AES");
    let octets = parameters.encrypt("x", &tlv(0x30, &[bags])).expect("AES");
    let scheme = EncryptionScheme::from(parameters).to_der().expect("DER");
    let kind = |last| tlv(6, &[&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, last]]);
    let content = tlv(0x30, &[&kind(1), &scheme, &tlv(0x80, &[&octets])]);
    let data = tlv(0x30, &[&tlv(2, &[&[0]]), &content]);
    let safe = tlv(0x30, &[&kind(6), &tlv(0xa0, &[&data])]);
    let safes = tlv(4, &[&tlv(0x30, &[&safe])]);
    let own = tlv(0x30, &[&kind(1), &tlv(0xa0, &[&safes])]);
    tlv(0x30, &[&tlv(2, &[&[3]]), &own])
}

fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let value = parts.concat();
    let [.., high, low] = value.len().to_be_bytes();
    let length = match (high, low) {
        (0, 0..=127) => vec![low],
        (0, _) => vec![0x81, low],
        _ => vec![0x82, high, low],
    };
    [vec![tag], length, value].concat()
}

#[test]
fn damaged_files_are_errors() {
    let shop = Workshop::with_leaf("-algorithm EC -pkeyopt ec_paramgen_curve:P-256");
    let pem = String::from_utf8(shop.read("leaf.crt")).expect("PEM");
    check_error(b"", "neither PEM");
    check_error(b"hello", "neither PEM");
    check_error(&pem.as_bytes()[..pem.len() / 2], "line 1 has no end");
    check_error(pem.replace("MII", "M!I").as_bytes(), "line 1");
    check_error(
        pem.replace("MII", "MIA").as_bytes(),
        "PEM block CERTIFICATE at line 1",
    );
    shop.openssl("genpkey -algorithm ed25519 -out ed.key");
    check_error(&shop.read("ed.key"), "1.3.101.112");
    shop.openssl("req -x509 -new -key ed.key -subj /CN=x -out ed.crt");
    check_error(&shop.read("ed.crt"), "no key type");
}

#[test]
fn a_certificate_of_its_own_satisfies_openssl() {
    let shop = Workshop::new();
    let template = Template {
        common_name: "router-1".to_owned(),
        san: vec!["DNS:router-1.example".to_owned(), "IP:192.0.2.1".to_owned()],
        key_usage: [
            "digital-signature",
            "key-cert-sign",
            "crl-sign",
            "tls-server",
        ]
        .map(String::from)
        .into(),
        days: 365,
        key_size: 2048,
        digest: Digest::Sha256,
        organization: Some("Fleet".to_owned()),
        is_ca: true,
    };
    let now = 1_790_000_000;
    let (certificate, key) = signing::self_sign(&template, None, now).expect("a sound template");
    std::fs::write(shop.path().join("own.der"), &certificate).expect("a writable directory");
    shop.openssl("x509 -inform DER -in own.der -out own.pem");
    shop.openssl(&format!(
        "verify -x509_strict -attime {now} -check_ss_sig -CAfile own.pem own.pem"
    ));
    let facts = CertificateFacts::parse(&certificate).expect("it is well formed");
    assert_eq!(facts.subject, "O=Fleet,CN=router-1");
    assert_eq!(facts.subject_alt_name, template.san);
    assert_eq!(facts.key_usage, template.key_usage);
    assert_eq!((facts.not_before, facts.days_valid), (now, 365));
    assert_eq!((facts.is_ca, facts.self_signed), (true, true));
    assert_eq!((facts.skid.is_empty(), facts.akid.as_str()), (false, ""));
    assert_eq!(x509::key_spki(&key), Ok(facts.spki_der));
    let plain = signing::self_sign(
        &Template {
            is_ca: false,
            organization: None,
            ..template.clone()
        },
        None,
        now,
    );
    let facts = CertificateFacts::parse(&plain.expect("a sound template").0).expect("well formed");
    assert_eq!((facts.is_ca, facts.skid.is_empty()), (false, false));
    for (wrong, expected) in [
        (
            Template {
                key_size: 3072,
                ..template.clone()
            },
            "key-size 3072",
        ),
        (
            Template {
                san: vec!["URI:x".to_owned()],
                ..template.clone()
            },
            "subject-alt-name URI:x",
        ),
        (
            Template {
                key_usage: vec!["vpn".to_owned()],
                ..template.clone()
            },
            "key-usage vpn",
        ),
        (
            Template {
                days: i64::MAX,
                ..template
            },
            "9999",
        ),
    ] {
        let error = signing::self_sign(&wrong, None, now).expect_err("an unsound template");
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn a_list_is_read_as_openssl_wrote_it() {
    let shop = Workshop::with_leaf("-algorithm EC -pkeyopt ec_paramgen_curve:P-256");
    shop.write("index.txt", "");
    shop.write("crlnumber", "010203040506070809\n");
    shop.openssl("ca -config ca.cnf -revoke leaf.crt");
    shop.openssl("ca -config ca.cnf -gencrl -out ca.crl");
    shop.openssl("crl -in ca.crl -outform DER -out ca.crl.der");
    let list = crl::parse(&shop.read("ca.crl.der")).expect("a whole list");
    let ca = shop.facts("ca.crt");
    assert_eq!(list.number, "18591708106338011145");
    let serials: Vec<&str> = list
        .revoked
        .iter()
        .map(|(serial, _)| serial.as_str())
        .collect();
    assert_eq!(serials, ["f00102"]);
    assert_eq!(list.next_update - list.this_update, 7 * 86_400);
    assert_eq!((&list.akid, &list.issuer_der), (&ca.skid, &ca.subject_der));
    assert!(list.is_signed_by(&ca));
    assert!(!list.is_signed_by(&CertificateFacts {
        spki_der: shop.facts("leaf.crt").spki_der,
        ..ca
    }));
    assert!(!list.is_signed_by(&shop.facts("leaf.crt")));
    assert!(crl::parse(&shop.read("ca.crl")).is_err_and(|error| error.contains("not a CRL")));
}

/// Fails when: a segment of a list, a delta or a list that says what nobody knows is taken for a list.
#[test]
fn facts_6_a_part_of_a_list_is_no_list() {
    let shop = Workshop::with_leaf("-algorithm EC -pkeyopt ec_paramgen_curve:P-256");
    shop.write("index.txt", "");
    shop.write("crlnumber", "02\n");
    for (extension, said) in [
        ("", ""),
        (
            "issuingDistributionPoint = critical,@idp",
            "segmented CRLs are unsupported",
        ),
        (
            "issuingDistributionPoint = @idp",
            "segmented CRLs are unsupported",
        ),
        // A delta to the list of number 1.
        (
            "2.5.29.27 = critical,DER:02:01:01",
            "delta CRLs are unsupported",
        ),
        (
            "1.2.3.4 = critical,ASN1:NULL",
            "critical extension 1.2.3.4 is unsupported",
        ),
    ] {
        shop.write(
            "part.cnf",
            &CA.replace("[crl]", &format!("[crl]\n{extension}"))
                .replace("[dn]", "[idp]\nonlyuser = TRUE\n[dn]"),
        );
        shop.openssl("ca -config part.cnf -gencrl -out part.crl");
        shop.openssl("crl -in part.crl -outform DER -out part.crl.der");
        let refused = crl::parse(&shop.read("part.crl.der")).err();
        assert_eq!(refused.unwrap_or_default(), said, "{extension}");
    }
}

/// Answers one request with these octets and returns the request.
async fn serve_once(listener: TcpListener, answer: Vec<u8>) -> String {
    let (mut stream, _) = listener.accept().await.expect("a caller");
    let mut request = vec![0; 4096];
    let length = stream.read(&mut request).await.expect("a request");
    // A caller who has seen enough closes early.
    let _closed = stream.write_all(&answer).await;
    String::from_utf8_lossy(&request[..length]).into_owned()
}

async fn downloaded(answer: &[u8], path: &str) -> (Result<Vec<u8>, String>, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}{path}", listener.local_addr().expect("bound"));
    tokio::join!(
        download::fetch(&url, None),
        serve_once(listener, answer.to_vec())
    )
}

#[tokio::test]
async fn downloads_are_plain_and_follow_nothing() {
    let (octets, request) = downloaded(
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
        "/crl/a.crl?x#y",
    )
    .await;
    assert_eq!(octets, Ok(b"abc".to_vec()));
    assert!(
        request.starts_with("GET /crl/a.crl?x HTTP/1.1\r\nhost: 127.0.0.1:"),
        "{request}"
    );
    let moved = b"HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n";
    let (refused, _) = downloaded(moved, "").await;
    assert!(refused.is_err_and(|error| error.contains("302")));
    let large = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", 17 << 20);
    let (refused, _) = downloaded(&[large.into_bytes(), vec![0; 17 << 20]].concat(), "/").await;
    assert!(refused.is_err_and(|error| error.contains("limit")));
    for url in [
        "https://127.0.0.1/a",
        "ldap://x",
        "http://",
        "http://a@b/",
        "http://127.0.0.1:x/",
    ] {
        assert!(
            download::fetch(url, None)
                .await
                .is_err_and(|error| error.starts_with(url))
        );
    }
}
