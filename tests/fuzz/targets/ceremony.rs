//! The files of ceremonies travel on sticks: what is read is what was written, and nothing vouches for itself.
#![no_main]

use std::sync::LazyLock;

use ca_verify::{CeremonyAnswer, CeremonyRequest, PublicKey, Transcript};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    if let Ok(request) = CeremonyRequest::from_pem_or_der(octets) {
        let again = CeremonyRequest::from_pem_or_der(request.to_pem().as_bytes())
            .expect("it was read once");
        assert_eq!(again.digest(), request.digest());
        request
            .body()
            .message()
            .expect("what was read can be signed");
        request
            .verify_voucher(&[])
            .expect_err("without a root nobody vouches");
    }
    if let Ok(answer) = CeremonyAnswer::read_unverified(octets) {
        let file = answer
            .to_pem(b"none")
            .expect("what was read can be written");
        let again = CeremonyAnswer::read_unverified(file.as_bytes()).expect("it was read once");
        assert_eq!(again, answer);
    }
    CeremonyAnswer::from_pem_or_der(octets, &ROOT).expect_err("this root has signed nothing");
    Transcript::verify(octets, &ROOT).expect_err("this root has signed nothing");
});

/// The key whose secret is 1: the generator of P-256.
static ROOT: LazyLock<PublicKey> = LazyLock::new(|| {
    let mut spki = vec![
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08,
        0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
    ];
    spki.extend(0x6b17_d1f2_e12c_4247_f8bc_e6e5_63a4_40f2_u128.to_be_bytes());
    spki.extend(0x7703_7d81_2deb_33a0_f4a1_3945_d898_c296_u128.to_be_bytes());
    spki.extend(0x4fe3_42e2_fe1a_7f9b_8ee7_eb4a_7c0f_9e16_u128.to_be_bytes());
    spki.extend(0x2bce_3357_6b31_5ece_cbb6_4068_37bf_51f5_u128.to_be_bytes());
    PublicKey::from_spki_der(&spki).expect("the generator is a point")
});
