//! A record of a router comes from whoever has one: it is read or refused, and read again as it was written.
#![no_main]

use ca_record::{Declared, Record, differences};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let Ok(record) = Record::from_json(octets) else {
        return;
    };
    let written = record.to_json().expect("what was read can be written");
    assert_eq!(Record::from_json(&written).as_ref(), Ok(&record));
    for one in &record.exchanges {
        let found = differences(&one.id, &one.outcome, &one.outcome, |_| Declared::No);
        assert_eq!(found, [], "it is like itself");
    }
});
