//! Files for `/certificate import` come from any client of the simulated router: each is read or refused, and what was
//! read can be read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use routeros_sim::import::{Imported, Skills, read};

fuzz_target!(|octets: &[u8]| {
    let Some((&length, rest)) = octets.split_first() else {
        return;
    };
    let skills = Skills {
        newer_prf: length & 16 == 0,
        rc2: length & 32 == 0,
    };
    let (passphrase, file) = rest.split_at(usize::from(length % 16).min(rest.len()));
    let Ok(outcome) = read(file, &String::from_utf8_lossy(passphrase), skills) else {
        return;
    };
    for object in outcome.objects {
        let der = match &object {
            Imported::Certificate(facts) => facts.der.clone(),
            Imported::Key { pkcs8, .. } => pkcs8.clone(),
        };
        let again = read(&der, "", skills).expect("what was read can be read");
        assert!(again.objects == [object], "{again:?}");
    }
});
