//! The outline of a certificate is read from the log without its key: of whatever is a certificate, it says the same.
#![no_main]

use ca_verify::{Certificate, CertificateOutline};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let outline = CertificateOutline::from_der(octets);
    if let Ok(outline) = &outline {
        let _ = (outline.serial(), outline.sans(), outline.key_id());
    }
    let Ok(whole) = Certificate::from_der(octets) else {
        return;
    };
    let outline = outline.expect("a certificate has an outline");
    assert_eq!(outline.serial().ok(), whole.serial().ok());
    assert_eq!(outline.issuer_der(), whole.issuer().der());
    assert_eq!(outline.validity(), whole.validity());
    assert_eq!(outline.key_id(), whole.public_key().key_id());
    assert_eq!(outline.fingerprint(), whole.fingerprint());
    assert_eq!(outline.sans().ok().as_deref(), Some(whole.sans()));
});
