//! A certification request comes from anybody: what is accepted is what was sent.
#![no_main]

use ca_verify::CertificationRequest;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    if let Ok(request) = CertificationRequest::from_der(octets) {
        assert_eq!(request.der(), octets);
    }
    if let Ok(request) = CertificationRequest::from_pem_or_der(octets) {
        let again = CertificationRequest::from_der(request.der()).expect("it was accepted once");
        assert_eq!(again.subject(), request.subject());
    }
});
