//! Whatever a client sends to the SFTP or the SCP of the simulated router, it is answered in packets, and the router
//! lives.
#![no_main]

mod rig;

use libfuzzer_sys::fuzz_target;
use rig::Rig;
use routeros_sim::ssh::scp::{self, Copy};
use routeros_sim::ssh::sftp::{self, packet::Splitter};

fuzz_target!(|octets: &[u8]| {
    let Some((rig, said)) = Rig::start(octets) else {
        return;
    };
    let user = || "admin".to_owned();
    match said.strip_prefix(b"scp ") {
        Some(rest) => {
            let end = rest.iter().position(|octet| *octet == b'\n');
            let (words, said) = rest.split_at(end.unwrap_or(rest.len()));
            let words = String::from_utf8_lossy(words);
            let Some(copy) = Copy::parse(&words) else {
                return;
            };
            rig.talk(said.get(1..).unwrap_or_default(), async |router, stream| {
                scp::serve(&copy, router, user(), stream).await
            });
        }
        None => {
            let heard = rig.talk(said, async |router, stream| {
                sftp::serve(router, user(), stream).await
            });
            let mut splitter = Splitter::default();
            splitter.push(&heard);
            let mut length = 0;
            while let Some(packet) = splitter.next_packet().expect("packets") {
                length += packet.len() + 4;
            }
            assert_eq!(length, heard.len(), "whole packets");
        }
    }
    rig.lives();
});
