//! A backup and a segment of its log are read to their end or refused, whatever they hold.
#![no_main]

use std::path::Path;

use ca_store::LogCheck;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    if let Ok(verified) = ca_server::backup::verify(&mut &*octets, &|_done, _total| {}) {
        assert!(!verified.issuers.is_empty(), "a sound backup names its CAs");
    }
    // Behind the digests of a manifest no fuzzer comes: the reader of the log is fed by itself.
    let mut log = LogCheck::new();
    if log.segment(Path::new("log"), &mut &*octets).is_ok() {
        assert!(log.log_id().is_some(), "a sound segment names its log");
    }
});
