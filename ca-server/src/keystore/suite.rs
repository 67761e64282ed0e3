//! What every signer must do, whatever keeps its key: one suite for all implementations.

use std::sync::Arc;

use ca_core::Signer;
use ca_verify::{KeyAlgorithm, PublicKey, SignatureAlgorithm};

/// Runs the whole suite on a signer.
pub(super) fn conforms(signer: Arc<dyn Signer>) {
    the_algorithm_fits_the_key(signer.as_ref());
    the_public_key_stays_and_encodes(signer.as_ref());
    signatures_hold_for_their_message_only(signer.as_ref());
    many_may_sign_at_once(&signer);
    nothing_secret_is_printed(signer.as_ref());
}

fn the_algorithm_fits_the_key(signer: &dyn Signer) {
    assert_eq!(
        signer.algorithm(),
        SignatureAlgorithm::for_key(signer.public_key())
    );
}

fn the_public_key_stays_and_encodes(signer: &dyn Signer) {
    let key = signer.public_key().clone();
    signer.sign(b"message").unwrap();
    assert_eq!(*signer.public_key(), key);
    assert_eq!(PublicKey::from_spki_der(key.spki_der()).unwrap(), key);
}

fn signatures_hold_for_their_message_only(signer: &dyn Signer) {
    let long = vec![0x5a; 1 << 20];
    for message in [b"".as_slice(), b"message", &long] {
        let signature = signer.sign(message).unwrap();
        let verify = |message: &[u8], signature: &[u8]| {
            signer
                .public_key()
                .verify(message, signature, signer.algorithm())
        };
        verify(message, &signature).unwrap();
        verify(b"massage", &signature).unwrap_err();
        let mut flipped = signature.clone();
        *flipped.last_mut().unwrap() ^= 1;
        verify(message, &flipped).unwrap_err();
        match signer.public_key().algorithm() {
            // PKCS#1 v1.5 is deterministic, and as long as the modulus.
            KeyAlgorithm::Rsa { bits } => {
                assert_eq!(signature.len() * 8, usize::try_from(bits).unwrap());
                assert_eq!(signer.sign(message).unwrap(), signature);
            }
            KeyAlgorithm::P256 | KeyAlgorithm::P384 => assert_eq!(signature[0], 0x30),
        }
    }
}

fn many_may_sign_at_once(signer: &Arc<dyn Signer>) {
    std::thread::scope(|scope| {
        for number in 0..8_u8 {
            scope.spawn(move || {
                let signature = signer.sign(&[number]).unwrap();
                let key = signer.public_key();
                key.verify(&[number], &signature, signer.algorithm())
                    .unwrap();
            });
        }
    });
}

fn nothing_secret_is_printed(signer: &dyn Signer) {
    let shown = format!("{signer:?}").to_lowercase();
    for word in ["private", "secret", "prime"] {
        assert!(!shown.contains(word), "{shown}");
    }
}
