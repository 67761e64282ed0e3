//! A record of the log survives its own reading, and not one changed bit.
#![no_main]

use ca_store::log::{Record, SegmentHeader};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let log_id = [7; 16].into();
    if let Ok(header) = SegmentHeader::decode(octets) {
        assert_eq!(
            octets.get(..header.to_octets().len()),
            Some(&*header.to_octets())
        );
    }
    if let Ok(record) = Record::decode(log_id, octets) {
        let mut again = Vec::new();
        record.append_to(log_id, &mut again);
        assert_eq!(octets.get(..again.len()), Some(&*again));
    }
    // A checksum is not guessed: so the input also says what to write, and which bit to turn over.
    let Some((choice, leaf)) = octets.split_first_chunk::<8>() else {
        return;
    };
    if leaf.is_empty() || leaf.len() > ca_verify::MAX_ENTRY_OCTETS {
        return;
    }
    let choice = u64::from_be_bytes(*choice);
    let record = Record {
        leaf: choice,
        position: u32::from(choice.to_be_bytes()[3]),
        octets: leaf,
    };
    let mut written = Vec::new();
    record.append_to(log_id, &mut written);
    assert_eq!(Record::octets_wanted(&written), Ok(written.len()));
    assert_eq!(Record::decode(log_id, &written), Ok(record));
    let bits = u64::try_from(written.len()).expect("it is short") * 8;
    let bit = choice % bits;
    let place = usize::try_from(bit / 8).expect("it is short");
    written[place] ^= 1 << (bit % 8);
    assert!(Record::decode(log_id, &written).is_err());
});
