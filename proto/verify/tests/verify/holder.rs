//! The message of a holder: its octets, and when it is taken.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use ca_types::UnixTime;
use ca_verify::{HolderError, HolderMethod, HolderRequest, PublicKey};

use crate::draft::ec;

fn message() -> HolderRequest {
    HolderRequest::new(
        HolderMethod::Rekey,
        [1; 16].into(),
        now(),
        [0x41; 16].into(),
        b"request",
    )
}

fn now() -> UnixTime {
    "2026-11-24T08:00:00Z".parse().unwrap()
}

fn shifted(seconds: i64) -> UnixTime {
    UnixTime::from_seconds(now().seconds() + seconds).unwrap()
}

#[test]
fn the_octets_are_those_of_the_document() {
    let octets = message().octets();
    assert_eq!(octets.len(), 100);
    assert_eq!(&octets[..28], b"fleet-ca holder request v1\0\x02");
    assert_eq!(octets[28..44], [1; 16]);
    assert_eq!(octets[44..52], now().seconds().to_be_bytes());
    assert_eq!(octets[52..68], [0x41; 16]);
    assert_eq!(octets[68..], message().content);
}

#[test]
fn a_holder_is_believed_for_a_day_and_for_this_message() {
    let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
    let public =
        PublicKey::from_spki_der(&ec("1.2.840.10045.3.1.7", key.public_key().as_ref())).unwrap();
    let rng = SystemRandom::new();
    let signature = key.sign(&rng, &message().octets()).unwrap();
    let verify = |message: HolderRequest, at| message.verify(signature.as_ref(), &public, at);

    for seconds in [0, -86_400, 86_400] {
        verify(message(), shifted(seconds)).unwrap();
    }
    for seconds in [-86_401, 86_401] {
        let late = verify(message(), shifted(seconds));
        assert!(matches!(late, Err(HolderError::Time { .. })), "{late:?}");
    }
    for other in [
        HolderRequest {
            method: HolderMethod::Renew,
            ..message()
        },
        HolderRequest {
            request_id: [2; 16].into(),
            ..message()
        },
        HolderRequest {
            time: shifted(1),
            ..message()
        },
        HolderRequest {
            serial: [0x42; 16].into(),
            ..message()
        },
        HolderRequest {
            content: [0; 32],
            ..message()
        },
    ] {
        let forged = verify(other, now());
        assert!(
            matches!(forged, Err(HolderError::Signature(_))),
            "{forged:?}"
        );
    }
}
