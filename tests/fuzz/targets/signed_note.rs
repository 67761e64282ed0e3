//! Notes have one form, and no checkpoint or proof that somebody makes up is taken.
#![no_main]

use ca_verify::{
    Checkpoint, LogKey, LogKeyStatement, SignedNote, verify_consistency, verify_inclusion,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    if let Ok(text) = std::str::from_utf8(octets) {
        if let Ok(note) = SignedNote::parse(text) {
            assert_eq!(note.to_string(), text);
        }
        if let Ok(statement) = LogKeyStatement::from_note(text) {
            let key = statement.key.to_string();
            assert_eq!(key.parse::<LogKey>().as_ref(), Ok(&statement.key));
            assert!(Checkpoint::verified(text, &statement.key).is_err());
        }
        drop(Checkpoint::from_note(text));
    }
    let Some((numbers, hashes)) = octets.split_first_chunk::<16>() else {
        return;
    };
    let (first, second) = numbers.split_at(8);
    let number = |octets: &[u8]| u64::from_be_bytes(octets.try_into().expect("8 octets"));
    let (first, second) = (number(first), number(second));
    let (hashes, _rest) = hashes.as_chunks::<32>();
    let included = verify_inclusion((first, [1; 32]), (second, [2; 32]), hashes);
    assert!(included.is_err());
    let consistent = verify_consistency((first, [1; 32]), (second, [2; 32]), hashes);
    assert!(consistent.is_err());
});
