//! What a console prints comes from whoever answers over SSH: it is read or refused, and rows whose values have no `;`
//! are read as they were written.
#![no_main]

use ca_routeros::printed::{as_value, counters, json, select};
use ca_routeros::{Call, Command};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let text = String::from_utf8_lossy(octets);
    let call = Call::new("/x", Command::Print)
        .matching("name", "a")
        .with(".proplist", "name,port");
    for rows in [json(&call, &text), Ok(as_value(&text))] {
        let Ok(mut rows) = rows else { continue };
        select(&call, &mut rows);
        assert!(rows.iter().all(|row| row.keys().all(|name| name == "name" || name == "port")));
    }
    let _ = counters(&text);
    let values: Vec<&str> = text.split(';').collect();
    let written: Vec<String> = values
        .iter()
        .zip(1_u32..)
        .map(|(value, number)| format!(".id=*{number:X};name={value}"))
        .collect();
    let rows = as_value(&written.join(";"));
    let read: Vec<&str> = rows.iter().filter_map(|row| row.get("name").map(String::as_str)).collect();
    assert_eq!(read, values);
});
