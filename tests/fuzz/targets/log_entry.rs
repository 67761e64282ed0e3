//! A leaf of the log has one form: what decodes encodes to the same octets.
#![no_main]

use ca_verify::Entry;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    if let Ok(entry) = Entry::from_der(octets) {
        assert_eq!(entry.to_der().expect("it was a leaf"), octets);
    }
});
