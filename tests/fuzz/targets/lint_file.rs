//! Files that people have judged: one object in DER or several in PEM, each judged, and the same in both forms.
#![no_main]

use ca_verify::{Certificate, ObjectKind, inspect_file};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let Some(objects) = inspect_file(octets, None) else {
        return;
    };
    assert!(!objects.is_empty(), "a file without objects is no file");
    for object in &objects {
        if object.kind == ObjectKind::Unreadable {
            assert!(
                !object.findings.is_empty(),
                "what cannot be read is a finding"
            );
        }
    }
    if let Ok(certificate) = Certificate::from_der(octets) {
        let armoured = inspect_file(certificate.to_pem().as_bytes(), None);
        assert_eq!(armoured.as_ref(), Some(&objects));
        inspect_file(octets, Some(&certificate)).expect("an issuer makes it no less a certificate");
    }
});
