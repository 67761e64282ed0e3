//! A fleet file is written by people: a wrong one is refused with a line that it has, and an edit leaves a right one.
#![no_main]

use ca_deploy::{Fleet, with_pin};
use ca_types::KeyId;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let Ok(text) = std::str::from_utf8(octets) else {
        return;
    };
    match Fleet::parse(text) {
        Ok(fleet) => {
            let pin = KeyId::from([7; 32]);
            for router in &fleet.routers {
                let edited = with_pin(text, &router.name, pin).expect("the router is there");
                let again = Fleet::parse(&edited).expect("an edited file is a fleet file");
                let edited = again.router(&router.name).expect("the router is still there");
                assert_eq!(edited.pins.first(), Some(&pin));
                assert_eq!(again.routers.len(), fleet.routers.len());
            }
        }
        Err(error) => {
            let lines = text.matches('\n').count() + 1;
            assert!((1..=lines).contains(&error.line), "{error} of {lines}");
        }
    }
});
