//! Whatever a client of the simulated router sends over the binary API, the session goes on or ends, what is answered is
//! whole sentences, and the router lives.
#![no_main]

mod rig;

use ca_routeros::api::Decoder;
use libfuzzer_sys::fuzz_target;
use rig::Rig;
use routeros_sim::door::{self, API};

const LOGIN: &[u8] = b"\x06/login\x0b=name=admin\x10=password=secret\0";

fuzz_target!(|octets: &[u8]| {
    let Some((rig, words)) = Rig::start(octets) else {
        return;
    };
    let said = [LOGIN, words].concat();
    let heard = rig.talk(&said, async |router, stream| {
        door::speak(router, API, stream).await
    });
    let mut decoder = Decoder::default();
    decoder.push(&heard);
    let mut sentences = Vec::new();
    while let Some(sentence) = decoder.next_sentence().expect("sentences that can be read") {
        let head = sentence.head().to_vec();
        let known = [&b"!re"[..], b"!done", b"!trap", b"!fatal", b"!empty"];
        assert!(known.contains(&head.as_slice()), "{head:?}");
        sentences.push(head);
    }
    assert_eq!(
        sentences.first().map(Vec::as_slice),
        Some(&b"!done"[..]),
        "a login"
    );
    let ends = sentences.last().map(Vec::as_slice);
    assert!(
        matches!(ends, Some(b"!done" | b"!fatal" | b"!re")),
        "{ends:?}"
    );
    rig.lives();
});
