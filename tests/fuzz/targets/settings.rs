//! A settings file is written by people: a wrong one is refused with a line that it has.
#![no_main]

use std::path::Path;

use ca_server::settings::{Settings, SettingsError};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    match Settings::parse(Path::new("ca-server.toml"), octets) {
        Ok(settings) => {
            let again = Settings::parse(Path::new("ca-server.toml"), octets);
            assert_eq!(again.map(|again| again.digest).ok(), Some(settings.digest));
        }
        Err(SettingsError::Wrong { line, message, .. }) => {
            let lines = octets.iter().filter(|octet| **octet == b'\n').count() + 1;
            assert!(
                (1..=lines).contains(&line),
                "line {line} of {lines}: {message}"
            );
        }
        Err(error) => unreachable!("no file is read: {error}"),
    }
});
