//! Whatever script a user runs on the simulated router over SSH, it is run or refused, and the router lives.
#![no_main]

mod rig;

use libfuzzer_sys::fuzz_target;
use rig::Rig;
use routeros_sim::door::SSH;
use routeros_sim::shell::{self, Outcome};

fuzz_target!(|octets: &[u8]| {
    let Some((rig, script)) = Rig::start(octets) else {
        return;
    };
    let Ok(script) = std::str::from_utf8(script) else {
        return;
    };
    let mut outcome = None;
    rig.talk(b"", async |router, _stream| {
        outcome = Some(shell::run(&router, SSH, "admin", script).await);
    });
    if let Some(Outcome::Text(text)) = outcome {
        // A console ends its lines with both.
        let bare = text.replace("\r\n", "").contains('\n');
        assert!(!bare, "{text:?}");
    }
    rig.lives();
});
