//! Packets of SSTP, and PPP in them, come from any caller of the simulated router: what is read is written as it was, and
//! every answer is a packet too.
#![no_main]

use std::net::Ipv4Addr;

use libfuzzer_sys::fuzz_target;
use routeros_sim::sstp::packet::Packet;
use routeros_sim::sstp::ppp::{Heard, Ppp};

fuzz_target!(|octets: &[u8]| {
    let mut ppp = Ppp::new([1, 2, 3, 4]);
    let mut rest = octets;
    while let Ok(Some((packet, after))) = Packet::decode(rest) {
        rest = after;
        comes_back(&packet);
        let Packet::Data(frame) = packet else {
            continue;
        };
        let answers = match ppp.hear(&frame) {
            Heard::Replies(answers) => answers,
            Heard::End(_) => return,
            Heard::Login { id, .. } => ppp.let_in(id, Ipv4Addr::LOCALHOST, Ipv4Addr::BROADCAST),
        };
        for answer in answers {
            comes_back(&Packet::Data(answer));
        }
    }
});

fn comes_back(packet: &Packet) {
    let written = packet.octets();
    let (read, after) = Packet::decode(&written)
        .expect("what was written can be read")
        .expect("it is whole");
    assert!(read == *packet && after.is_empty(), "{read:?}, and not {packet:?}");
}
