//! Sentences of the binary API come from whoever answers: read in one piece or octet by octet, they are the same.
#![no_main]

use ca_routeros::api::{Decoder, decode, encode_sentence};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let whole = decode(octets);
    if let Ok(Some((sentence, length))) = &whole {
        assert!(*length <= octets.len());
        let written = encode_sentence(sentence.words()).expect("what was read can be written");
        let (again, _) = decode(&written)
            .expect("what was written can be read")
            .expect("it is whole");
        assert!(again.words().eq(sentence.words()));
        let _row = sentence.row();
    }
    let mut decoder = Decoder::default();
    let mut pieces = Vec::new();
    for octet in octets {
        decoder.push(std::slice::from_ref(octet));
        match decoder.next_sentence() {
            Ok(Some(sentence)) => pieces.push(sentence),
            Ok(None) => {}
            Err(_) => return,
        }
    }
    if let (Ok(Some((sentence, _))), Some(first)) = (whole, pieces.first()) {
        assert!(first.words().eq(sentence.words()));
    }
});
