//! Whatever a client of the simulated router sends over http, it is answered as http is, and the router lives.
#![no_main]

mod rig;

use libfuzzer_sys::fuzz_target;
use rig::Rig;
use routeros_sim::door::{self, REST_HTTP};

fuzz_target!(|octets: &[u8]| {
    let Some((rig, request)) = Rig::start(octets) else {
        return;
    };
    let heard = rig.talk(request, async |router, stream| {
        door::speak(router, REST_HTTP, stream).await
    });
    assert!(
        heard.is_empty() || heard.starts_with(b"HTTP/1."),
        "{}",
        String::from_utf8_lossy(&heard)
    );
    rig.lives();
});
