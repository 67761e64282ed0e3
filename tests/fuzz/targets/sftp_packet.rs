//! Packets of SFTP come from any client of the simulated router: cut anywhere, they are the same packets.
#![no_main]

use libfuzzer_sys::fuzz_target;
use routeros_sim::ssh::sftp::packet::{Splitter, decode};

fuzz_target!(|octets: &[u8]| {
    let _ = decode(octets);
    let mut whole = Splitter::default();
    whole.push(octets);
    let mut pieces = Splitter::default();
    for octet in octets {
        pieces.push(std::slice::from_ref(octet));
    }
    loop {
        let (one, other) = (whole.next_packet(), pieces.next_packet());
        assert_eq!(one, other);
        let Ok(Some(packet)) = one else { return };
        let _ = decode(&packet);
    }
});
