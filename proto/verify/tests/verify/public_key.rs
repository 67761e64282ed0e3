//! Public keys: which are taken, and why the others are not.

use ca_types::{Code, Hinted};
use ca_verify::{KeyAlgorithm, KeyError, PublicKey, SignatureAlgorithm, SignatureError};
use proptest::prelude::*;

use crate::der_writer::{bits, element, hexadecimal, oid, sequence};
use crate::draft::{DEVICE_POINT, ec, p256, rsa};

const P256: &str = "1.2.840.10045.3.1.7";
const P384: &str = "1.3.132.0.34";
const F4: &[u8] = &[1, 0, 1];

/// An odd modulus of this many bits, positive.
fn modulus(bit_length: usize) -> Vec<u8> {
    let mut octets = vec![0xff; bit_length.div_ceil(8)];
    if !bit_length.is_multiple_of(8) {
        octets[0] = (1 << (bit_length % 8)) - 1;
    }
    if octets[0] >= 0x80 {
        octets.insert(0, 0);
    }
    octets
}

#[track_caller]
fn refused(spki: &[u8], expect: &str) {
    let error = PublicKey::from_spki_der(spki).unwrap_err();
    assert!(error.to_string().contains(expect), "{error}");
    assert_eq!(error.code(), Code::UnacceptableKey);
}

#[test]
fn good_keys_are_taken() {
    for (spki, algorithm) in [
        (rsa(&modulus(2048), F4), KeyAlgorithm::Rsa { bits: 2048 }),
        (rsa(&modulus(3072), F4), KeyAlgorithm::Rsa { bits: 3072 }),
        (rsa(&modulus(2056), F4), KeyAlgorithm::Rsa { bits: 2056 }),
        (rsa(&modulus(8192), F4), KeyAlgorithm::Rsa { bits: 8192 }),
        (p256(DEVICE_POINT), KeyAlgorithm::P256),
        (ec(P384, &hexadecimal(P384_POINT)), KeyAlgorithm::P384),
    ] {
        let key = PublicKey::from_spki_der(&spki).unwrap();
        assert_eq!(key.algorithm(), algorithm);
        assert_eq!(key.spki_der(), spki);
    }
}

#[test]
fn key_identifiers_are_those_of_rfc_7093() {
    let key = PublicKey::from_spki_der(&p256(DEVICE_POINT)).unwrap();
    // SHA-256 of the point, and of the whole.
    assert_eq!(
        key.subject_key_identifier().to_vec(),
        crate::draft::key_identifier(DEVICE_POINT)
    );
    assert_eq!(key.key_id().to_string(), KEY_ID);
}

#[test]
fn weak_and_odd_rsa_keys_are_refused_by_name() {
    refused(&rsa(&modulus(1024), F4), "1024 bits: wanted 2048 to 8192");
    refused(&rsa(&modulus(2047), F4), "2047 bits: wanted 2048 to 8192");
    refused(&rsa(&modulus(8200), F4), "8200 bits: wanted 2048 to 8192");
    refused(
        &rsa(&modulus(2049), F4),
        "2049 bits: wanted a multiple of 8",
    );
    let good = modulus(2048);
    refused(&rsa(&good, &[3]), "public exponent 3: wanted 65537 or more");
    refused(&rsa(&good, &[1]), "public exponent 1: wanted");
    refused(
        &rsa(&good, &[0, 0xff, 0xff]),
        "public exponent 65535: wanted",
    );
    refused(&rsa(&good, &[1, 0, 0]), "even public exponent");
    refused(&rsa(&good, &[1, 0, 0, 0, 1]), "above 2^32");
    refused(&rsa(&good, &[0x7f; 9]), "above 2^32");
    refused(&rsa(&good, &[0]), "impossible exponent");
    refused(&rsa(&good, &[0xff]), "impossible exponent");
    let mut negative = good[1..].to_vec();
    negative[0] = 0x80;
    refused(&rsa(&negative, F4), "impossible modulus");
    refused(&rsa(&[0], F4), "impossible modulus");
    let mut even = good.clone();
    even[256] = 0xfe;
    refused(&rsa(&even, F4), "impossible modulus");
    refused(&rsa(&[&[0], good.as_slice()].concat(), F4), "shortest form");
    refused(&rsa(&[], F4), "without octets");
}

#[test]
fn an_rsa_key_has_one_encoding() {
    let numbers = [element(2, &modulus(2048)), element(2, F4)];
    let key = sequence(&numbers);
    let with = |parameters: Vec<u8>, key: &[u8]| {
        let algorithm = sequence(&[oid("1.2.840.113549.1.1.1"), parameters]);
        sequence(&[algorithm, bits(key)])
    };
    PublicKey::from_spki_der(&with(vec![5, 0], &key)).unwrap();
    refused(&with(vec![], &key), "wanted NULL");
    refused(&with(vec![5, 1, 0], &key), "is no NULL");
    refused(&with(vec![5, 0, 5, 0], &key), "nothing may follow");
    refused(
        &with(vec![5, 0], &[key.as_slice(), &[0]].concat()),
        "nothing may follow",
    );
    let three = sequence(&[numbers.concat(), vec![2, 1, 1]]);
    refused(&with(vec![5, 0], &three), "nothing may follow");
}

#[test]
fn restricted_and_foreign_algorithms_are_refused_by_name() {
    let with = |algorithm: &[Vec<u8>]| sequence(&[sequence(algorithm), bits(&[0; 32])]);
    for id in ["1.2.840.113549.1.1.10", "1.2.840.113549.1.1.7"] {
        refused(&with(&[oid(id)]), "restricted to PSS or OAEP");
    }
    for (id, word) in [
        ("1.3.101.110", "X25519 key"),
        ("1.3.101.111", "X448 key"),
        ("1.3.101.112", "Ed25519 key"),
        ("1.3.101.113", "Ed448 key"),
        ("1.2.840.10040.4.1", "key algorithm 1.2.840.10040.4.1"),
    ] {
        refused(&with(&[oid(id)]), word);
    }
    refused(&ec("1.3.132.0.35", &[4; 133]), "curve 1.3.132.0.35");
    refused(&ec("1.3.132.0.10", &[4; 65]), "curve 1.3.132.0.10");
    // A curve of one's own choosing (CVE-2020-0601).
    let explicit = sequence(&[vec![2, 1, 1]]);
    refused(&with(&[oid("1.2.840.10045.2.1"), explicit]), "not named");
    refused(&with(&[oid("1.2.840.10045.2.1")]), "not named");
}

#[test]
fn points_lie_on_their_curve_in_the_uncompressed_form() {
    let good = hexadecimal(DEVICE_POINT);
    refused(
        &ec(P256, &[&[3], &good[1..33]].concat()),
        "not in the uncompressed form",
    );
    refused(&ec(P256, &good[..64]), "not in the uncompressed form");
    refused(&ec(P256, &[]), "not in the uncompressed form");
    refused(&ec(P256, &[0]), "point at infinity");
    let mut hybrid = good.clone();
    hybrid[0] = 7;
    refused(&ec(P256, &hybrid), "not in the uncompressed form");
    let mut off = good.clone();
    off[64] ^= 1;
    refused(&ec(P256, &off), "p256 key is not on its curve");
    refused(
        &ec(P256, &[&[4], &[0; 64][..]].concat()),
        "not on its curve",
    );
    refused(
        &ec(P256, &[&[4], &[0xff; 64][..]].concat()),
        "not on its curve",
    );
    refused(
        &ec(P384, &[&[4], &[1; 96][..]].concat()),
        "p384 key is not on its curve",
    );
    refused(&ec(P384, &good), "p384 key is not in the uncompressed form");
}

#[test]
fn an_algorithm_of_another_kind_is_named() {
    let key = PublicKey::from_spki_der(&p256(DEVICE_POINT)).unwrap();
    assert_eq!(
        key.verify(b"", b"", SignatureAlgorithm::RsaPkcs1Sha256),
        Err(SignatureError::AlgorithmDoesNotFit {
            key: KeyAlgorithm::P256,
            algorithm: SignatureAlgorithm::RsaPkcs1Sha256
        })
    );
    for algorithm in [
        SignatureAlgorithm::EcdsaSha256,
        SignatureAlgorithm::EcdsaSha384,
    ] {
        assert_eq!(key.verify(b"", b"", algorithm), Err(SignatureError::Wrong));
    }
    let key = PublicKey::from_spki_der(&rsa(&modulus(2048), F4)).unwrap();
    let zero = [0; 256];
    for algorithm in [
        SignatureAlgorithm::RsaPkcs1Sha256,
        SignatureAlgorithm::RsaPkcs1Sha384,
        SignatureAlgorithm::RsaPkcs1Sha512,
    ] {
        assert_eq!(
            key.verify(b"", &zero, algorithm),
            Err(SignatureError::Wrong)
        );
    }
}

#[test]
fn algorithm_identifiers_are_taken_in_one_form_only() {
    for algorithm in SignatureAlgorithm::ALL {
        let der = algorithm.identifier_der();
        assert_eq!(
            SignatureAlgorithm::from_identifier_der(der),
            Some(algorithm)
        );
    }
    for der in [
        sequence(&[oid("1.2.840.113549.1.1.11")]),
        sequence(&[oid("1.2.840.10045.4.3.2"), vec![5, 0]]),
        sequence(&[oid("1.2.840.113549.1.1.5"), vec![5, 0]]),
        sequence(&[oid("1.2.840.113549.1.1.10"), vec![5, 0]]),
    ] {
        assert_eq!(SignatureAlgorithm::from_identifier_der(&der), None);
    }
}

proptest! {
    #[test]
    fn no_octets_stop_the_parser(octets in proptest::collection::vec(any::<u8>(), 0..256)) {
        prop_assert!(PublicKey::from_spki_der(&octets).is_err());
    }

    #[test]
    fn no_random_point_is_taken(octets: [u8; 32], other: [u8; 32]) {
        let point = [&[4], octets.as_slice(), other.as_slice()].concat();
        prop_assert_eq!(
            PublicKey::from_spki_der(&ec(P256, &point)),
            Err(KeyError::PointNotOnCurve(KeyAlgorithm::P256))
        );
    }
}

const P384_POINT: &str = "04aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab73617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f";
const KEY_ID: &str = "5cd252fb0ce8932436faf8ccd1040981b89ee4ad6b9fe9e2a2b7e71aacb27cd3";
