//! A certificate comes from files and peers: what is accepted is what was sent.
#![no_main]

use ca_verify::Certificate;
use ca_verify::target::{Chain, Role, Target, judge};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    if let Ok(certificate) = Certificate::from_der(octets) {
        assert_eq!(certificate.der(), octets);
        let verdict = certificate.verify_signed_by(&certificate);
        assert!(!(certificate.tbs_der().is_empty() && verdict.is_ok()));
        let again = Certificate::from_pem_or_der(certificate.to_pem().as_bytes())
            .expect("it was accepted once");
        assert_eq!(again.fingerprint(), certificate.fingerprint());
        Chain::from_ders(&[octets]).expect("what is accepted strictly is accepted leniently");
    }
    if let Ok(chain) = Chain::from_files(&[octets]) {
        for target in Target::ALL {
            judge(target, &[Role::Server, Role::Client], &chain);
        }
    }
    if let Ok(chain) = Certificate::chain_from_pem(octets) {
        for certificate in chain {
            Certificate::from_der(certificate.der()).expect("it was accepted once");
        }
    }
});
