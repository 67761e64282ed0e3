//! A CRL comes over plain HTTP: what is accepted is what was sent.
#![no_main]

use ca_verify::CertificateList;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    if let Ok(list) = CertificateList::from_der(octets) {
        assert_eq!(list.der(), octets);
        assert_eq!(list.is_empty(), list.len() == 0);
        assert!(list.this_update() <= list.next_update());
    }
    if let Ok(list) = CertificateList::from_pem_or_der(octets) {
        CertificateList::from_der(list.der()).expect("it was accepted once");
    }
});
